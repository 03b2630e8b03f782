package rules

import "time"

// maxReviewYears is how far ahead a review may lie. One in the year 9999 says never.
const maxReviewYears = 2

// overdue reads what becomes of what was not reviewed in time.
func (c *compiler) overdue() {
	if at := c.src.Overdue; at.given() && at.V != "warn" && at.V != "deny" {
		c.unknownWord("answer to what is overdue", at, []string{"warn", "deny"})
	}
}

// lapses checks a review_by and returns when what has it is out of force for want
// of the review, zero for never; consequence says what happens then.
func (c *compiler) lapses(of string, by At[time.Time], consequence string) time.Time {
	if c.src.Overdue.V != "deny" || !by.given() {
		c.review(of, by)
		return time.Time{}
	}
	c.reviewed(of, by, ": "+consequence)
	return by.V.AddDate(0, 0, 1) // the day itself is in time
}

// review checks a review_by. What is overdue stays in force, with a warning: rules
// that load today must load tomorrow.
func (c *compiler) review(of string, by At[time.Time]) { c.reviewed(of, by, "") }

func (c *compiler) reviewed(of string, by At[time.Time], consequence string) {
	if !by.given() || c.env.Now.IsZero() {
		return
	}
	last := c.env.Now.UTC().AddDate(maxReviewYears, 0, 0)
	switch day := by.V.Format(time.DateOnly); {
	case by.V.After(last):
		c.ms.Add(by.Pos, "the review of %s is due %s, at most %d years ahead are allowed: %s or before",
			of, day, maxReviewYears, last.Format(time.DateOnly))
	case c.env.Now.After(by.V.AddDate(0, 0, 1)): // the day itself is in time
		c.warnings.AddHint(by.Pos, "look whether it is still needed, then set the next date", "the review of %s was due %s%s", of, day, consequence)
	}
}
