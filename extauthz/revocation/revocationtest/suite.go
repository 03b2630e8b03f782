// Package revocationtest is the one suite that every store of revocations
// passes, and every fake of one, so that a fake cannot promise what no store keeps.
package revocationtest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/extauthz/revocation"
)

// Open opens the store that is kept at a place, a directory of the test's own. The
// same place is the same store, also after it was closed.
type Open func(t *testing.T, place string) revocation.Store

// Run checks everything that revocation.Store demands.
func Run(t *testing.T, open Open) {
	for name, check := range map[string]func(*testing.T, Open){
		"empty":                  empty,
		"order":                  order,
		"every form":             everyForm,
		"odd names":              oddNames,
		"one id once":            oneIDOnce,
		"restore":                restore,
		"the epoch only grows":   epochGrows,
		"a restart loses none":   restarts,
		"what it gives is yours": given,
		"all at once":            atOnce,
		"closed":                 closed,
	} {
		t.Run(name, func(t *testing.T) { check(t, open) })
	}
}

var at = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

func entry(id string, by revocation.By) revocation.Entry {
	return revocation.Entry{ID: id, By: by, At: at, Who: "uid 7", Because: "test"}
}

func subject(name string) revocation.By { return revocation.By{Issuer: "corp", Subject: name} }

// opened opens a store and closes it when the test ends.
func opened(t *testing.T, open Open, place string) revocation.Store {
	t.Helper()
	s := open(t, place)
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // a second close, or of one that the test has broken
	return s
}

func add(t *testing.T, s revocation.Store, e revocation.Entry) uint64 {
	t.Helper()
	epoch, err := s.Add(t.Context(), e)
	if err != nil {
		t.Fatalf("Add(%q): %v", e.ID, err)
	}
	return epoch
}

func wants(t *testing.T, s revocation.Store, want ...revocation.Entry) {
	t.Helper()
	got, _ := s.Entries()
	if diff := cmp.Diff(want, slices.Clip(got)); diff != "" && len(got)+len(want) > 0 {
		t.Errorf("Entries, wanted - and got +\n%s", diff)
	}
}

func empty(t *testing.T, open Open) {
	s := opened(t, open, t.TempDir())
	wants(t, s)
	if _, epoch := s.Entries(); epoch != 0 {
		t.Errorf("epoch %d of a store that was never changed, want 0", epoch)
	}
	if _, err := s.Restore(t.Context(), revocation.Undo{ID: "a", Because: "test"}); !errors.Is(err, revocation.ErrNotFound) {
		t.Errorf("Restore of what is not there: %v, want ErrNotFound", err)
	}
}

func order(t *testing.T, open Open) {
	s := opened(t, open, t.TempDir())
	var want []revocation.Entry
	for _, id := range []string{"z", "a", "m", "b"} {
		e := entry(id, subject(id))
		add(t, s, e)
		want = append(want, e)
	}
	wants(t, s, want...)
}

func everyForm(t *testing.T, open Open) {
	place := t.TempDir()
	s := opened(t, open, place)
	want := []revocation.Entry{
		entry("1", revocation.By{Issuer: "corp", Token: "jti"}),
		entry("2", revocation.By{Issuer: "corp", Session: "sid"}),
		entry("3", revocation.By{Issuer: "corp", Subject: "ada", IssuedBefore: at.Add(time.Nanosecond)}),
		entry("4", revocation.By{Issuer: "corp", Client: "web"}),
		entry("5", revocation.By{Issuer: "corp", Key: "k1"}),
		entry("6", revocation.By{Issuer: "corp", All: true}),
		entry("7", revocation.By{Identity: "svc-billing"}),
	}
	want[2].Until = at.Add(1000 * time.Hour)
	for _, e := range want {
		add(t, s, e)
	}
	wants(t, s, want...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wants(t, opened(t, open, place), want...)
}

// K1: names that a store may fold, cut, join or escape stay apart.
func oddNames(t *testing.T, open Open) {
	place := t.TempDir()
	s := opened(t, open, place)
	long := make([]byte, 1024)
	for i := range long {
		long[i] = 'x'
	}
	var want []revocation.Entry
	for i, name := range []string{"a", "A", "a ", " a", "a/b", `a"b`, `a\u0062`, "ä", "a\u0308", "😀", "%s", "null", "\u2028", "'; --", "<&>", string(long)} {
		e := entry(fmt.Sprint(i), revocation.By{Issuer: "corp/" + fmt.Sprint(i%2), Subject: name})
		add(t, s, e)
		want = append(want, e)
	}
	wants(t, s, want...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wants(t, opened(t, open, place), want...)
}

func oneIDOnce(t *testing.T, open Open) {
	s := opened(t, open, t.TempDir())
	first := entry("a", subject("ada"))
	epoch := add(t, s, first)
	if _, err := s.Add(t.Context(), entry("a", subject("bob"))); !errors.Is(err, revocation.ErrExists) {
		t.Errorf("the same id again: %v, want ErrExists", err)
	}
	wants(t, s, first)
	if _, now := s.Entries(); now != epoch {
		t.Errorf("epoch %d after a change that was refused, want %d", now, epoch)
	}
}

func restore(t *testing.T, open Open) {
	place := t.TempDir()
	s := opened(t, open, place)
	a, b := entry("a", subject("ada")), entry("b", subject("bob"))
	add(t, s, a)
	before := add(t, s, b)
	after, err := s.Restore(t.Context(), revocation.Undo{ID: "a", Who: "uid 7", Because: "found again"})
	if err != nil || after <= before {
		t.Fatalf("Restore: epoch %d after %d, %v", after, before, err)
	}
	wants(t, s, b)
	if _, err := s.Restore(t.Context(), revocation.Undo{ID: "a", Who: "uid 7", Because: "again"}); !errors.Is(err, revocation.ErrNotFound) {
		t.Errorf("Restore of what was restored: %v, want ErrNotFound", err)
	}
	add(t, s, a) // and the id is free again
	wants(t, s, b, a)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wants(t, opened(t, open, place), b, a)
}

func epochGrows(t *testing.T, open Open) {
	place := t.TempDir()
	last := uint64(0)
	grown := func(s revocation.Store, epoch uint64) {
		t.Helper()
		if epoch <= last {
			t.Errorf("epoch %d after %d", epoch, last)
		}
		last = epoch
		if _, now := s.Entries(); now != epoch {
			t.Errorf("Entries is of epoch %d, want %d", now, epoch)
		}
	}
	for round := range 3 {
		s := opened(t, open, place)
		if _, now := s.Entries(); now != last {
			t.Errorf("epoch %d after a restart, want %d", now, last)
		}
		id := fmt.Sprint(round)
		grown(s, add(t, s, entry(id, subject(id))))
		grown(s, add(t, s, entry(id+"b", subject(id))))
		epoch, err := s.Restore(t.Context(), revocation.Undo{ID: id, Who: "uid 7", Because: "test"})
		if err != nil {
			t.Fatal(err)
		}
		grown(s, epoch)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// restarts goes on for long enough that a store has tidied up in between.
func restarts(t *testing.T, open Open) {
	place := t.TempDir()
	var want []revocation.Entry
	for round := range 3 {
		s := opened(t, open, place)
		for n := range 10 {
			e := entry(fmt.Sprintf("%d-%d", round, n), subject(fmt.Sprint(n)))
			add(t, s, e)
			if n%3 > 0 {
				want = append(want, e)
			} else if _, err := s.Restore(t.Context(), revocation.Undo{ID: e.ID, Who: "uid 7", Because: "test"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, opened(t, open, place), want...)
}

func given(t *testing.T, open Open) {
	s := opened(t, open, t.TempDir())
	e := entry("a", subject("ada"))
	add(t, s, e)
	got, _ := s.Entries()
	got[0].By.Subject, got[0].ID = "bob", "b"
	wants(t, s, e)
}

func atOnce(t *testing.T, open Open) {
	place := t.TempDir()
	s := opened(t, open, place)
	const hands, each = 4, 10
	var all sync.WaitGroup
	for h := range hands {
		all.Go(func() {
			for n := range each {
				id := fmt.Sprintf("%d-%d", h, n)
				if _, err := s.Add(t.Context(), entry(id, subject(id))); err != nil {
					t.Errorf("Add(%s): %v", id, err)
				}
				if got, _ := s.Entries(); !slices.ContainsFunc(got, func(e revocation.Entry) bool { return e.ID == id }) {
					t.Errorf("%s was acknowledged and does not show", id)
				}
				if n%2 == 0 {
					continue
				}
				if _, err := s.Restore(t.Context(), revocation.Undo{ID: id, Who: "uid 7", Because: "test"}); err != nil {
					t.Errorf("Restore(%s): %v", id, err)
				}
			}
		})
	}
	all.Wait()
	check := func(s revocation.Store) {
		t.Helper()
		if got, epoch := s.Entries(); len(got) != hands*each/2 || epoch < hands*each*3/2 {
			t.Errorf("%d entries at epoch %d, want %d at %d or later", len(got), epoch, hands*each/2, hands*each*3/2)
		}
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(opened(t, open, place))
}

func closed(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	e := entry("a", subject("ada"))
	add(t, s, e)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(t.Context(), entry("b", subject("bob"))); err == nil {
		t.Error("a closed store acknowledged an entry")
	}
	wants(t, s, e)
}
