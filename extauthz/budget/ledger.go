package budget

import (
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Ledger counts. It is safe for use by many goroutines.
type Ledger struct {
	mu       sync.Mutex
	latest   int64 // the latest time that it was told
	accounts map[hash]*account
	list     []*account   // all of them, to sweep in turns
	swept    int          // index into list: where the next turn begins
	crowds   map[hash]int // cells of all accounts of each
	cells    int          // of all accounts
	wants    wants        // of the request at hand
	journal  *journal     // nil in memory alone
	turn     uint64       // counts how often the journal was written anew
	log      *slog.Logger
	stats    Stats
	maxCrowd int
	maxCells int
	full     bool // it is told that there is no room
	crammed  bool // likewise for what denied requests name
}

// Stats are what metrics show.
type Stats struct {
	Accounts, Entries         int
	Charged, Exceeded, Failed uint64 // requests that were charged, had no room, or could not be written down
}

// maxCrowd is how many entries all subjects of one identity may have for one limit:
// an issuer can vouch for any number of subjects. It is no less than what one of
// them may have.
const maxCrowd = 1_000_000

// New makes a ledger that forgets when the process ends.
func New() *Ledger {
	return &Ledger{
		accounts: make(map[hash]*account), crowds: make(map[hash]int), log: slog.New(slog.DiscardHandler),
		maxCrowd: maxCrowd, maxCells: maxCells,
	}
}

// Charge takes what the claims want, all of it or nothing, and sets which rule paid
// for each. short is the index of the first claim for which no rule has room, or -1.
// With an error nothing was taken.
//
// A rule has room when each of its budgets has room for every target of the request
// that it could pay for, together, whichever rule pays in the end. So whether one
// rule has room never depends on which others there are.
func (l *Ledger) Charge(now time.Time, claims []rules.Claim) (short int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.clock(now.UnixNano())
	l.wants.reset()
	for i := range claims {
		for _, o := range claims[i].Options {
			for k := range o.Charges {
				l.want(at, &o.Charges[k])
			}
		}
	}
	for i := range claims {
		if !l.pays(&claims[i]) {
			l.stats.Exceeded++
			return i, nil
		}
	}
	var taken entries
	for i := range claims {
		for _, c := range claims[i].Options[claims[i].Paid].Charges {
			taken.add(at, &c, l.window(&c))
		}
	}
	err = l.fits(taken)
	if err == nil {
		err = l.write(taken)
	}
	if err != nil {
		l.stats.Failed++
		return -1, err
	}
	l.apply(&taken)
	l.stats.Charged++
	return -1, nil
}

// pays sets the first of a claim's rules that has room.
func (l *Ledger) pays(c *rules.Claim) bool {
	for k := range c.Options {
		open := true
		for i, charge := range c.Options[k].Charges {
			if open = l.wants.find(nameOf(&charge)).room(l, charge.Budget); !open {
				if k == 0 {
					c.Short = i
				}
				break
			}
		}
		if open {
			c.Paid = k
			return true
		}
	}
	return false
}

// Note takes the ids that a denied request named, as far as there is room. What
// cannot be written down still counts until the process ends.
func (l *Ledger) Note(now time.Time, tries []rules.Charge) {
	if len(tries) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.clock(now.UnixNano())
	var all entries
	for i := range tries {
		c := &tries[i]
		l.wants.reset()
		if w := l.want(at, c); w.fresh() > 0 && !w.room(l, c.Budget) {
			continue
		}
		var taken entries
		taken.add(at, c, l.window(c))
		if !l.spares(taken) {
			l.stats.Failed++
			break
		}
		l.apply(&taken)
		all = append(all, taken...)
	}
	for part := range slices.Chunk(all, lineLoad) {
		if l.write(part) != nil {
			l.stats.Failed++
			return
		}
	}
}

// write writes entries down, if anything is.
func (l *Ledger) write(es entries) error {
	if l.journal == nil {
		return nil
	}
	if err := l.journal.write(es); err != nil {
		return err
	}
	l.keep(es)
	return nil
}

// apply counts entries.
func (l *Ledger) apply(taken *entries) {
	for i := range *taken {
		e := &(*taken)[i]
		a := l.account(e.name)
		a.lasts(e.per, e.at)
		before := a.cells()
		if e.sum {
			a.sums.add(e.at, e.amount)
		} else {
			a.objects.see(e.object, e.at)
		}
		l.crowds[a.crowd] += a.cells() - before
		l.cells += a.cells() - before
	}
}

// window is how long what a charge takes counts.
func (l *Ledger) window(c *rules.Charge) time.Duration {
	if a := l.accounts[nameOf(c).key]; a != nil {
		return a.per
	}
	return c.Budget.Per
}

// account finds or makes an account.
func (l *Ledger) account(n name) *account {
	a := l.accounts[n.key]
	if a == nil {
		a = &account{name: n, place: len(l.list)}
		l.accounts[n.key] = a
		l.list = append(l.list, a)
	}
	return a
}

// expire forgets what of an account is over by now.
func (l *Ledger) expire(a *account, now int64) {
	before := a.cells()
	a.expire(now)
	l.cells += a.cells() - before
	if n := l.crowds[a.crowd] + a.cells() - before; n > 0 {
		l.crowds[a.crowd] = n
	} else {
		delete(l.crowds, a.crowd)
	}
}

// disorder is how much later than others a request may come with an earlier time.
const disorder = time.Minute

// clock is the time of a request. It never runs back, but for a clock that was set
// back: then what was counted in the future counts from now on.
func (l *Ledger) clock(now int64) int64 {
	if l.latest-now > int64(disorder) {
		for _, a := range l.list {
			a.objects.cap(now)
			a.sums.cap(now, a.per)
		}
		l.latest = now
	}
	l.latest = max(l.latest, now)
	return l.latest
}

// sweep forgets what is over in some of the accounts, and the accounts of which
// nothing is left.
func (l *Ledger) sweep(now time.Time, some int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.clock(now.UnixNano())
	for range min(some, len(l.list)) {
		if l.swept >= len(l.list) {
			l.swept = 0
		}
		a := l.list[l.swept]
		if l.expire(a, at); a.cells() > 0 {
			l.swept++
			continue
		}
		last := l.list[len(l.list)-1]
		l.list[a.place], last.place = last, a.place
		l.list = l.list[:len(l.list)-1]
		delete(l.accounts, a.key)
	}
}

// Stats returns what was counted so far.
func (l *Ledger) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Accounts, s.Entries = len(l.list), l.cells
	return s
}

// fresh is a hash that nothing else has: of an object without an id.
func fresh() (h hash) {
	rand.Read(h[:]) // never fails
	return h
}
