package catalog

import (
	"reflect"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Guard says from when on a new version of a file is held until somebody accepts
// it: when it lowers the tier of more than a share of the rows in force, or loses
// more than a share of them. Shares are of 1; nil is the default, 0.05 and 0.2, which
// spares changes of fewer than 5 rows, and files of fewer than 20. A version that only
// raises tiers and adds rows is never held.
type Guard struct{ Lower, Lose *float64 }

const (
	defaultLower = 0.05
	defaultLose  = 0.2
	sparedRows   = 5
	sparedFile   = 20
)

// Rank orders the tiers of the rows of a type, lowest first.
type Rank struct {
	Tiers []string
	Floor int // the least that a row of the type is
	None  int // what a row without a tier is

	// Lowered reports whether a row is classified lower than it was, by all that it
	// says; nil where its tier says everything. A row that cannot be used, now or
	// before, is not lowered.
	Lowered func(was, is Row) bool
}

// lowered is Rank.Lowered of a type, nil for one without classification.
func (s *shape) lowered(schema *rules.Schema, t *rules.Type) func(was, is Row) bool {
	if !t.Classifies() {
		return nil
	}
	object := func(row Row) (o rules.Object, ok bool) {
		e := entry{found: true, tier: rules.NoTier, parent: row.Parent}
		o = rules.Object{Type: t, ID: row.Key.ID}
		if row.Bad != "" || s.typed(&e, row, func(string) {}) != "" {
			return o, false
		}
		e.apply(&o)
		return o, true
	}
	return func(was, is Row) bool {
		before, ok := object(was)
		after, still := object(is)
		return ok && still && schema.Lowered(&before, &after)
	}
}

// of is how sensitive a row is. One whose tier is unknown is denied, and so above all others.
func (r Rank) of(tier string) int {
	if tier == "" {
		return r.None
	}
	if at := slices.Index(r.Tiers, tier); at >= 0 {
		return max(at, r.Floor)
	}
	return r.denied()
}

// denied is the rank of rows that cannot be used.
func (r Rank) denied() int { return len(r.Tiers) }

// loss is what a new version takes from the rows in force.
type loss struct{ rows, lowered, lost int }

// beyond reports whether the loss is more than a guard lets pass.
func (l loss) beyond(g Guard) bool {
	over := func(n int, share *float64, otherwise float64) bool {
		if share != nil {
			return float64(n) > *share*float64(l.rows)
		}
		return l.rows >= sparedFile && n >= sparedRows && float64(n) > otherwise*float64(l.rows)
	}
	return over(l.lowered, g.Lower, defaultLower) || over(l.lost, g.Lose, defaultLose)
}

// takes compares two versions row by row. A row that was denied has nothing to lose.
func takes(from, to *table, ranks map[string]Rank) loss {
	l := loss{rows: len(from.records)}
	alike := slices.Equal(from.columns, to.columns)
	for i := range from.records {
		was := &from.records[i]
		at, there := to.index[was.key]
		if !there {
			l.lost++
			continue
		}
		is := &to.records[at]
		if was.bad != "" || is.bad != "" || alike && was.says(is) {
			continue
		}
		if r, ranked := ranks[was.key.Type]; ranked && r.lowers(from.row(was, r.Lowered != nil), to.row(is, r.Lowered != nil)) {
			l.lowered++
		}
	}
	return l
}

// lowers reports whether a row that is good both times ranks lower than it did.
func (r Rank) lowers(was, is Row) bool {
	if r.Lowered != nil {
		return r.Lowered(was, is)
	}
	before := r.of(was.Tier)
	return before < r.denied() && r.of(is.Tier) < before
}

// row is a record with all that it says, or with its tier alone.
func (t *table) row(r *record, whole bool) Row {
	row := Row{Key: r.key, Tier: r.tier}
	if whole {
		t.fill(&row, r)
	}
	return row
}

// says reports whether two rows of the same columns say the same.
func (r *record) says(other *record) bool {
	return r.tier == other.tier && r.parent == other.parent && slices.Equal(r.cells, other.cells) && reflect.DeepEqual(r.values, other.values)
}
