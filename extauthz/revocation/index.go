package revocation

import (
	"slices"
	"sort"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// pair is a name within an issuer: two values, never a joined string, or
// ("a/b", "c") would be ("a", "b/c").
type pair struct{ issuer, name string }

// layer is a set of entries to look up. It never changes once it is in force.
type layer struct {
	names      [forms]map[pair][]bar // ByToken to ByKey
	issuers    map[string][]bar
	identities map[string][]bar
	count      [forms]int
}

// bar is what stops a credential: one entry without what led to it.
type bar struct {
	before time.Time // stops what was issued before it; zero stops everything
	until  time.Time // zero for ever
	entry  string
}

// newLayer indexes entries that were checked, each under its own name and under
// those that stand now for what it meant.
func newLayer(entries []Entry, n Names) *layer {
	l := &layer{issuers: map[string][]bar{}, identities: map[string][]bar{}}
	for form := ByToken; form <= ByKey; form++ {
		l.names[form] = map[pair][]bar{}
	}
	for i := range entries {
		l.add(&entries[i], n)
	}
	for _, names := range l.names {
		settle(names)
	}
	settle(l.issuers)
	settle(l.identities)
	return l
}

func (l *layer) add(e *Entry, n Names) {
	b := bar{before: e.By.IssuedBefore, until: e.Until, entry: e.ID}
	form := e.By.Form()
	l.count[form]++
	l.put(form, e.By.given(), &e.By, b)
	for _, other := range n.others(e) {
		l.put(form, other, &e.By, b)
	}
}

// put adds a bar on what By says, under the name of an issuer or identity.
func (l *layer) put(form Form, given string, by *By, b bar) {
	switch form {
	case ByIssuer:
		l.issuers[given] = append(l.issuers[given], b)
	case ByIdentity:
		l.identities[given] = append(l.identities[given], b)
	default:
		key := pair{given, by.name()}
		l.names[form][key] = append(l.names[form][key], b)
	}
}

// settle leaves of the bars on one thing those that no other one makes
// pointless, the one that reaches furthest first. What is left has ends that
// rise while reach falls, so that the one to ask is found by halving.
func settle[K comparable](all map[K][]bar) {
	for key, bars := range all {
		if len(bars) == 1 {
			continue
		}
		slices.SortStableFunc(bars, func(a, b bar) int {
			if c := furthest(a.before, b.before); c != 0 {
				return c
			}
			return furthest(a.until, b.until)
		})
		kept := bars[:1]
		for _, b := range bars[1:] {
			if furthest(b.until, kept[len(kept)-1].until) < 0 {
				kept = append(kept, b)
			}
		}
		all[key] = kept
	}
}

// furthest orders moments from the last to the first; the zero one is never.
func furthest(a, b time.Time) int {
	switch {
	case a.Equal(b):
		return 0
	case a.IsZero():
		return -1
	case b.IsZero():
		return 1
	}
	return b.Compare(a)
}

// stops returns the entry that stops what was issued at a moment, zero when that
// is unknown, which stops it whatever the moment. Of the bars that reach it, the
// last one ends last.
func stops(bars []bar, issued, now time.Time) (string, bool) {
	reach := len(bars)
	if !issued.IsZero() {
		reach = sort.Search(len(bars), func(i int) bool { return !bars[i].before.IsZero() && !issued.Before(bars[i].before) })
	}
	if reach == 0 {
		return "", false
	}
	b := &bars[reach-1]
	if !b.until.IsZero() && !now.Before(b.until) {
		return "", false
	}
	return b.entry, true
}

// revoked looks for the caller, and for whoever acts for it.
func (l *layer) revoked(c *rules.Caller, now time.Time) (string, bool) {
	var issued time.Time
	if c != nil && c.Verified != nil {
		issued = c.IssuedAt
	}
	for ; c != nil; c = c.Actor {
		if c.Identity != nil {
			if entry, ok := stops(l.identities[c.Identity.Name], issued, now); ok {
				return entry, true
			}
		}
		if c.Verified == nil {
			continue
		}
		if entry, ok := l.credential(c.Verified, issued, now); ok {
			return entry, true
		}
	}
	return "", false
}

// credential looks for all that a token says of itself, and for the actor in it:
// also for one that no identity was found for.
func (l *layer) credential(v *rules.Verified, issued, now time.Time) (string, bool) {
	for _, by := range [...]struct {
		form Form
		name string
	}{{ByToken, v.TokenID}, {BySession, v.Session}, {BySubject, v.Subject}, {ByClient, v.ClientID}, {ByKey, v.KeyID}} {
		if entry, ok := l.named(by.form, v.Issuer, by.name, issued, now); ok {
			return entry, true
		}
	}
	if entry, ok := stops(l.issuers[v.Issuer], issued, now); ok {
		return entry, true
	}
	a := v.Actor
	if a == nil {
		return "", false
	}
	if entry, ok := l.named(BySubject, a.Issuer, a.Subject, issued, now); ok {
		return entry, true
	}
	if entry, ok := l.named(ByClient, a.Issuer, a.ClientID, issued, now); ok {
		return entry, true
	}
	return stops(l.issuers[a.Issuer], issued, now)
}

func (l *layer) named(f Form, issuer, name string, issued, now time.Time) (string, bool) {
	if name == "" || len(l.names[f]) == 0 {
		return "", false
	}
	return stops(l.names[f][pair{issuer, name}], issued, now)
}
