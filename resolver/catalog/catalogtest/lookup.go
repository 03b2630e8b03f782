package catalogtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// Keys are those of accounts, of which the tests of all sources have rows.
func Keys(ids ...string) []catalog.Key {
	out := make([]catalog.Key, len(ids))
	for i, id := range ids {
		out[i] = catalog.Key{Type: "account", ID: id}
	}
	return out
}

// Get looks accounts up, which must not fail; the rows are in the order of ids.
func Get(t testing.TB, s catalog.Source, ids ...string) []catalog.Row {
	t.Helper()
	rows, err := s.Lookup(t.Context(), Keys(ids...))
	if err != nil {
		t.Fatalf("Lookup(%q): %v", ids, err)
	}
	return rows
}

// WantUnavailable checks that the account "a" cannot be looked up now, with why in
// the error.
func WantUnavailable(t testing.TB, s catalog.Source, why string) {
	t.Helper()
	if rows, err := s.Lookup(t.Context(), Keys("a")); !errors.Is(err, catalog.ErrUnavailable) || !strings.Contains(err.Error(), why) {
		t.Errorf("Lookup = %+v, %v; want ErrUnavailable with %q", rows, err, why)
	}
}
