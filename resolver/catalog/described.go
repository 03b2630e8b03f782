package catalog

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Described is a source that knows what its rows are like without reading them.
type Described interface {
	Enumerator
	Describe() Description
}

// Description is what a source says of its rows, by type. No type is no description.
type Description struct {
	File  string
	Types map[string]Rows
}

// Rows are what there is to say of the rows of a type.
type Rows struct {
	Columns []string       // that they have, built-in ones too
	Whole   bool           // as Row.Whole
	Tiers   map[string]int // as in a Census
}

// held are the columns in the shape that a file's have. No line has them first.
func (d Description) held() held {
	out := make(held, len(d.Types))
	for typ, rows := range d.Types {
		out[typ] = make(columns, len(rows.Columns))
		for _, c := range rows.Columns {
			out[typ][c] = 1
		}
	}
	return out
}

// mostSurveyed are the rows of a type that a survey reads of a source that may have
// more than anybody wants to wait for.
const mostSurveyed = 1000

// described compares the counts of all rows with the types that read them, and then
// reads the first of them.
func (s *surveyor) described(d Description, from Enumerator) {
	top := rules.Pos{File: s.file, Line: 1, Col: 1}
	for _, name := range slices.Sorted(maps.Keys(d.Types)) {
		readers := s.readers[name]
		if len(readers) == 0 {
			s.unread(top, name)
			continue
		}
		for i := range readers {
			s.tiers(top, &readers[i], d.Types[name])
		}
		s.first(top, name, from, readers)
	}
}

// tiers reports the rows that are bad for their tiers.
func (s *surveyor) tiers(top rules.Pos, r *reader, rows Rows) {
	for _, tier := range slices.Sorted(maps.Keys(rows.Tiers)) {
		n := rows.Tiers[tier]
		if tier == Unusable {
			s.odd.add(top, "%s: %s that cannot be used, kept as such", r.typ.Name, ofRows(n))
			continue
		}
		row := Row{Tier: tier, NoTier: tier == "" && rows.Whole && slices.Contains(rows.Columns, "tier")}
		if wrong := r.shape.tierOf(&entry{}, row); wrong != "" {
			s.bad.add(top, "%s: %s: %s", r.typ.Name, ofRows(n), wrong)
		}
	}
}

func ofRows(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// first reads the first rows of a type, past those whose tiers were counted as bad.
func (s *surveyor) first(top rules.Pos, name string, from Enumerator, readers []reader) {
	n := 0
	for row, err := range from.Rows(context.Background(), name) {
		if err != nil {
			s.bad.add(top, "%s: %v", name, err)
			return
		}
		n++
		if row.Bad == "" && !slices.ContainsFunc(readers, func(r reader) bool { return r.shape.tierOf(&entry{}, row) != "" }) {
			s.row(top, fmt.Sprintf(", row %d by id", n), row, readers)
		}
		if n == mostSurveyed {
			return
		}
	}
}
