package catalog

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/tiergate/tiergate/rules"
)

// null stands in a record for a column that the row names and gives no value.
type null struct{}

// names are the columns that types read from the rows of one type.
func (k *kept) names(typ string) (names []string) {
	for key := range *k {
		if key.Type == typ && !slices.Contains(builtIn, key.ID) {
			names = append(names, key.ID)
		}
	}
	slices.Sort(names)
	return names
}

// slips reports the columns that nobody reads and that are almost one that is
// read, and that some row does not have: in that row "Frozen" is more likely to
// say what is frozen than not, and has() would be false of it. A row with the
// real one, if only null, means both.
func (k *kept) slips(file string, t *table) (ms rules.Mistakes) {
	if k == nil {
		return nil
	}
	said := make(map[string]bool)
	ms = k.types(t)
	for _, typ := range slices.Sorted(maps.Keys(t.held)) {
		read := append([]string{"tier", "parent"}, k.names(typ)...)
		for _, column := range slices.Sorted(maps.Keys(t.held[typ])) {
			if slices.Contains(builtIn, column) || k.reads(typ, column) {
				continue
			}
			for _, name := range read {
				if said[column] || !alike(column, name) {
					continue
				}
				if pos, lacks := t.without(typ, column, name); lacks {
					said[column] = true
					ms.AddHint(rules.Pos{File: file, Line: pos.Line, Col: max(pos.Col, 1)},
						fmt.Sprintf("spell it so, or name it otherwise, or add %q, which may be empty (null)", name),
						"column %q is almost %q, and there is no %[2]q beside it", column, name)
				}
			}
		}
	}
	return ms
}

// types reports the types of rows that nobody reads and that are almost one that
// is read: what such a row says of "subjects" counts for no subject. Beside rows
// of the real type, too, for a slip is in few rows.
func (k *kept) types(t *table) (ms rules.Mistakes) {
	if !t.typed {
		return nil
	}
	for _, typ := range slices.Sorted(maps.Keys(t.held)) {
		if k.reads(typ, "id") {
			continue
		}
		for _, known := range k.known() {
			if !alike(typ, known) {
				continue
			}
			first := slices.IndexFunc(t.records, func(r record) bool { return r.key.Type == typ })
			if first >= 0 {
				ms.AddHint(t.records[first].pos, "spell it so; rows of another type go into another file", "type %q is almost %q, and nobody reads its rows", typ, known)
			}
			break
		}
	}
	return ms
}

// known are the types whose rows are read.
func (k *kept) known() (types []string) {
	for key := range *k {
		if key.Type != "" && key.ID == "id" {
			types = append(types, key.Type)
		}
	}
	slices.Sort(types)
	return types
}

// without finds the first row of a type that has one column and not the other.
func (t *table) without(typ, column, name string) (pos rules.Pos, found bool) {
	if len(t.records) > 0 && t.records[0].cells != nil { // all rows have the columns of the header
		has := t.held[typ]
		_, there := has[name]
		return rules.Pos{Line: has[column]}, !there
	}
	one, other := slices.Index(t.columns, column), slices.Index(t.columns, name)
	for i := range t.records {
		r := &t.records[i]
		if r.key.Type == typ && r.names(one, column) && !r.names(other, name) {
			return r.pos, true
		}
	}
	return rules.Pos{}, false
}

// names reports whether the row of a file that knows kinds has a column.
func (r *record) names(slot int, column string) bool {
	switch column {
	case "tier":
		return r.tier != "" || r.noTier
	case "parent":
		return r.parent != "" || r.noParent
	}
	return 0 <= slot && slot < len(r.values) && r.values[slot] != nil
}

// neighbours remember which names that a type reads a column is almost. Columns
// are few, and rows many.
type neighbours struct {
	mu sync.Mutex
	of map[string][]string
}

func (n *neighbours) find(column string, attributes []rules.Attribute) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	names, known := n.of[column]
	if known {
		return names
	}
	for _, name := range []string{"tier", "parent"} {
		if alike(column, name) {
			names = append(names, name)
		}
	}
	for _, a := range attributes {
		if alike(column, a.Name) {
			names = append(names, a.Name)
		}
	}
	if n.of == nil || len(n.of) == maxNoted {
		n.of = make(map[string][]string)
	}
	n.of[column] = names
	return names
}

// slip returns the name that an undeclared column of a row is almost, and that
// the row itself does not have, or "". A version of a file with such a row is
// refused when it is loaded; here is what came before its names were read.
func (s *shape) slip(row Row, column string) string {
	for _, name := range s.near.find(column, s.attributes) {
		value, there := row.Columns[name]
		switch {
		case slices.Contains(row.Null, name), value != nil, row.Whole && there:
		case name == "tier" && (row.Tier != "" || row.NoTier || row.Whole && !row.Untiered):
		case name == "parent" && (row.Parent != "" || row.Whole):
		default:
			return name
		}
	}
	return ""
}
