package budget

import (
	"time"

	"github.com/tiergate/tiergate/rules"
)

// entries are what one request takes.
type entries []entry

// entry is an object that was seen, or an amount that was taken.
type entry struct {
	name
	at     int64 // when the object was seen, or the end of the part of time of the amount
	sum    bool
	object hash
	amount int64
}

// add adds a charge to a budget that counts in a window.
func (es *entries) add(at int64, c *rules.Charge, window time.Duration) {
	e := entry{name: nameOf(c), at: at}
	switch {
	case c.Budget.Counts != rules.Objects:
		e.sum, e.amount, e.at = true, c.Amount, endOf(at, window)
	case c.ID == "":
		e.object = fresh()
	default:
		e.object = objectOf(c)
	}
	*es = append(*es, e)
}
