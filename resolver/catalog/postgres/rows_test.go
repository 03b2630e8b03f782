package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
)

func listed(t *testing.T, b *bench, typ string) (ids []string, bad int) {
	t.Helper()
	for row, err := range b.Rows(t.Context(), typ) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, row.Key.ID)
		if row.Bad != "" {
			bad++
		}
	}
	return ids, bad
}

func TestListingIsOneSnapshotInTheOrderOfTheIds(t *testing.T) {
	b := open(t, createAccounts("text")+"; INSERT INTO account (id) SELECT 'm' || lpad(n::text, 5, '0') FROM generate_series(1, 2500) n", nil)
	var ids []string
	for row, err := range b.Rows(t.Context(), "account") {
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) == 0 { // others go on writing
			b.exec(t, "INSERT INTO account (id) VALUES ('m02400x'), ('z'); DELETE FROM account WHERE id = 'm02500'")
		}
		ids = append(ids, row.Key.ID)
	}
	if len(ids) != 2500 || !slices.IsSorted(ids) || ids[2499] != "m02500" {
		t.Errorf("%d rows, sorted %v, last %q; want the 2500 of the beginning", len(ids), slices.IsSorted(ids), ids[len(ids)-1])
	}
}

func TestC3ListingHasEachIdOnce(t *testing.T) {
	b := open(t, anyCase+createAccounts("text COLLATE any_case")+"; INSERT INTO account (id) VALUES ('b'), ('a'), ('A'), ('a'), ('A'), ('a'), ('c'), (NULL)", nil)
	ids, bad := listed(t, b, "account")
	slices.Sort(ids)
	if want := []string{"A", "a", "b", "c"}; !slices.Equal(ids, want) || bad != 2 {
		t.Errorf("%q with %d bad, want %q with 2", ids, bad, want)
	}
}

func TestListingThatCannotBe(t *testing.T) {
	b := open(t, createAccounts("text"), func(o *Options) {
		o.Types["q"] = Type{Query: "SELECT id FROM account WHERE id = ANY($1)"}
		o.Types["gone"] = Type{Table: "nowhere"}
		o.Types["bare"] = Type{Query: "SELECT id FROM account WHERE id = ANY($1)", List: "SELECT name FROM account"}
	})
	b.exec(t, "INSERT INTO account (id) VALUES ('a')")
	for typ, want := range map[string]error{"q": catalog.ErrNotEnumerable, "gone": catalog.ErrUnavailable, "bare": catalog.ErrUnavailable, "unknown": catalog.ErrUnavailable} {
		n := 0
		for _, err := range b.Rows(t.Context(), typ) {
			if n++; !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", typ, err, want)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d rows and errors, want one error", typ, n)
		}
	}
}

// An early end gives the connection back without its transaction.
func TestListingThatIsLeftKeepsNothing(t *testing.T) {
	b := open(t, createAccounts("text")+"; INSERT INTO account (id) SELECT n::text FROM generate_series(1, 3000) n", func(o *Options) { o.Pool = 1 })
	for range 3 {
		for _, err := range b.Rows(t.Context(), "account") {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for _, err := range b.Rows(ctx, "account") {
			if cancel(); err != nil {
				break
			}
		}
		b.get(t, "account", "1")
	}
}

func TestArraysAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string][]string{
		`{}`: {}, `{a}`: {"a"}, `{a,b}`: {"a", "b"}, `{"a,b","c\"d\\"}`: {"a,b", `c"d\`}, `{""}`: {""}, `{"NULL"}`: {"NULL"}, `{null x}`: {"null x"},
	} {
		if got, ok := elementsOf(text); !ok || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{``, `{`, `}`, `a`, `{a`, `{,}`, `{a,}`, `{NULL}`, `{a,NULL}`, `{{a}}`, `{"a}`, `{"a"b}`, `{a"b}`, `[2:3]={a,b}`, `{"a\`, `{a}}`, `{a} `} {
		if got, ok := elementsOf(text); ok {
			t.Errorf("%s: %q, want it to be refused", text, got)
		}
	}
}

// FuzzArray: what is written is read back, and what is read has one writing.
func FuzzArray(f *testing.F) {
	f.Add("a", `b"\,{}`, `{a,"b c"}`)
	f.Add("", "NULL", `{"NULL",x}`)
	f.Fuzz(func(t *testing.T, a, b, text string) {
		if got, ok := elementsOf(string(array([]string{a, b}))); !ok || !slices.Equal(got, []string{a, b}) {
			t.Fatalf("%q and %q are read back as %q, %v", a, b, got, ok)
		}
		got, ok := elementsOf(text)
		if !ok || len(got) == 0 {
			return
		}
		if again, ok := elementsOf(string(array(got))); !ok || !slices.Equal(again, got) {
			t.Fatalf("%q is read as %q, and then as %q, %v", text, got, again, ok)
		}
	})
}

// FuzzIDs: no two ids ask for the same, whatever the column.
func FuzzIDs(f *testing.F) {
	f.Add("7", "07")
	f.Add(someUUID, strings.ToUpper(someUUID))
	f.Add("a", "a\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		for k := textual; k <= octets; k++ {
			if a == b || !k.holds(a) || !k.holds(b) {
				continue
			}
			if k.write(a) == k.write(b) {
				t.Fatalf("%q and %q are one id of kind %d", a, b, k)
			}
			if back, ok := k.read(k.write(a)); !ok || back != a {
				t.Fatalf("%q is read back as %q", a, back)
			}
		}
		x, okX := split(a, 2)
		y, okY := split(b, 2)
		if a != b && okX && okY && slices.Equal(x, y) {
			t.Fatalf("%q and %q are the same parts %q", a, b, x)
		}
	})
}

// BenchmarkLookup is what a miss of the cache costs: one round trip.
func BenchmarkLookup(b *testing.B) {
	s := openBench(b)
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ids := make([]string, n)
			for i := range ids {
				ids[i] = fmt.Sprint("id", i*97)
			}
			wanted := keys("account", ids...)
			for b.Loop() {
				if _, err := s.Lookup(b.Context(), wanted); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func openBench(b *testing.B) *bench {
	b.Helper()
	setup := "CREATE TABLE account (id text PRIMARY KEY, tier text, parent text, name text, tenant text, owner text);" +
		"INSERT INTO account SELECT 'id' || n, 'internal', 'p', 'name', 'eu', 'ada' FROM generate_series(0, 100000) n; ANALYZE account"
	return open(b, setup, func(o *Options) { o.Timeout = 5 * time.Second })
}
