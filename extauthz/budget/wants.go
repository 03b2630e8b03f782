package budget

import "github.com/tiergate/tiergate/rules"

// wants are what one request wants of each account.
type wants struct {
	all []want
}

// want is what a request wants of one account, over all of its targets.
type want struct {
	name
	held, taken int           // entries that are there, of the account and of its crowd
	total       int64         // of sums, that is there
	objects     map[hash]bool // that are not there
	unnamed     int           // objects without an id
	amount      int64
}

func (w *wants) reset() { w.all = w.all[:0] }

func (w *wants) find(n name) *want {
	for i := range w.all {
		if w.all[i].key == n.key {
			return &w.all[i]
		}
	}
	return nil
}

// want adds a charge to what the request wants of an account.
func (l *Ledger) want(at int64, c *rules.Charge) *want {
	n := nameOf(c)
	a := l.accounts[n.key]
	w := l.wants.find(n)
	if w == nil {
		l.wants.all = append(l.wants.all, want{name: n})
		w = &l.wants.all[len(l.wants.all)-1]
		if a != nil {
			a.lasts(n.per, at)
			l.expire(a, at)
			a.lasts(n.per, at) // if nothing is left
			w.held, w.total = a.cells(), a.sums.total
		}
		w.taken = l.crowds[n.crowd]
	}
	switch {
	case c.Budget.Counts != rules.Objects:
		w.amount = plus(w.amount, c.Amount)
	case c.ID == "":
		w.unnamed++
	default:
		if object := objectOf(c); a == nil || !a.objects.has(object) {
			if w.objects == nil {
				w.objects = make(map[hash]bool, 1)
			}
			w.objects[object] = true
		}
	}
	return w
}

// fresh is how many objects are wanted that were not counted yet.
func (w *want) fresh() int { return len(w.objects) + w.unnamed }

// room reports whether a budget has room for all that is wanted of it.
func (w *want) room(l *Ledger, b *rules.Budget) bool {
	more := w.fresh()
	if b.Counts != rules.Objects {
		more = 1
	}
	if b.BySubject && more > 0 && w.taken+more > l.maxCrowd {
		return false
	}
	if b.Counts == rules.Objects {
		return int64(w.held)+int64(more) <= b.Most
	}
	return w.total <= b.Most && w.amount <= b.Most-w.total
}
