package review

import (
	"slices"
	"strings"
	"testing"
)

// What needs do not cover of what is granted is surplus, pair by pair.
func TestSurplusIsWhatNeedsDoNotCover(t *testing.T) {
	for _, row := range []struct {
		needs string
		want  []string // surplus
	}{
		{`[read account, list account, update account]`, nil},
		{`[read account, list account]`, []string{"update account"}},
		{`["read account[owner=ada]", list account, update account]`, []string{"read account"}},
		{`["read account[tenant=eu]", "read account[tenant=us]", list account, update account]`, nil},
		{`[debit account]`, []string{"list account", "read account", "update account"}},
	} {
		t.Run(row.needs, func(t *testing.T) {
			r := run(t, stating(t, row.needs))
			i := slices.IndexFunc(r.Surplus, func(s Surplus) bool { return s.Identity == "people" })
			s := r.Surplus[i]
			var got []string
			n := 0
			for _, c := range s.Surplus.By {
				got = append(got, c.Action+" "+c.Type)
				n += c.Count
			}
			if !slices.Equal(got, row.want) || s.Surplus.Pairs != n || s.None() != (row.want == nil) || !s.Stated {
				t.Errorf("surplus %v of %+v, want %v", got, s, row.want)
			}
			if s.Granted != 9 {
				t.Errorf("%d granted, want 9", s.Granted)
			}
		})
	}
}

// Who says nothing of its needs is not judged.
func TestNoNeedsNoSurplus(t *testing.T) {
	for _, s := range run(t, build(t, []string{"own"}, smallBank(), nil)).Surplus {
		if s.Stated || !s.None() || s.Identity == "people" && s.Granted != 9 {
			t.Errorf("%s: %+v", s.Identity, s)
		}
	}
}

// stating is the world whose people say what they need.
func stating(t *testing.T, needs string) *world {
	t.Helper()
	return build(t, []string{"own"}, smallBank(), func(text string) string {
		return strings.Replace(text, "client: [web, app] } }", "client: [web, app] }, task: banking, needs: "+needs+" }", 1)
	})
}
