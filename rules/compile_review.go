package rules

import "time"

// maxReviewYears is how far ahead a review may lie. One in the year 9999 says never.
const maxReviewYears = 2

// review checks a review_by. What is overdue stays in force, with a warning: rules
// that load today must load tomorrow.
func (c *compiler) review(of string, by At[time.Time]) {
	if !by.given() || c.env.Now.IsZero() {
		return
	}
	last := c.env.Now.UTC().AddDate(maxReviewYears, 0, 0)
	switch day := by.V.Format(time.DateOnly); {
	case by.V.After(last):
		c.ms.Add(by.Pos, "the review of %s is due %s, at most %d years ahead are allowed: %s or before",
			of, day, maxReviewYears, last.Format(time.DateOnly))
	case c.env.Now.After(by.V.AddDate(0, 0, 1)): // the day itself is in time
		c.warnings.AddHint(by.Pos, "look whether it is still needed, then set the next date", "the review of %s was due %s", of, day)
	}
}
