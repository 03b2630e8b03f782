package budget

import (
	"errors"
	"log/slog"
)

// maxCells is how many entries all budgets together may have: some 400 MB. Denied
// requests fill no more than half of it, for a guess must not cost others their
// access.
const maxCells = 4_000_000

var errFull = errors.New("the ledger is full")

// fits is errFull where there is no room for all of the entries.
func (l *Ledger) fits(es entries) error {
	begins, full := over(l.more(es), l.maxCells, &l.full)
	if begins {
		l.log.Error("budgets full, requests that spend are denied", slog.Int("entries", l.cells))
	}
	if full {
		return errFull
	}
	return nil
}

// spares reports whether there is room for what a denied request named.
func (l *Ledger) spares(es entries) bool {
	begins, full := over(l.more(es), l.maxCells/2, &l.crammed)
	if begins {
		l.log.Warn("budgets half full, ids that denied requests name are not counted", slog.Int("entries", l.cells))
	}
	return !full
}

// over reports whether n is more than most, and whether that begins: it was not so
// since a tenth was free.
func over(n, most int, was *bool) (begins, is bool) {
	is = n > most
	begins = is && !*was
	if is || n > 0 && n <= most-most/10 {
		*was = is
	}
	return begins, is
}

// more is how many entries there would be, or none where nothing comes to what there is:
// what is there already may be seen again however full it is.
func (l *Ledger) more(es entries) int {
	fresh := 0
	for i := range es {
		e := &es[i]
		a := l.accounts[e.key]
		switch {
		case a == nil, !e.sum && !a.objects.has(e.object), e.sum && !a.sums.has(e.at):
			fresh++
		}
	}
	if fresh == 0 {
		return 0
	}
	return l.cells + fresh
}
