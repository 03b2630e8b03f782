package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// builtIn are the columns that say what a row is, rather than what its object has.
var builtIn = []string{"id", "type", "tier", "parent"}

// almostBuiltIn returns why a column that is not built in cannot be an attribute
// either, or "". A header such as "id, Tier" would else lose every row's tier,
// and each object would be as little protected as its type allows.
func almostBuiltIn(column string) string {
	seen := asSeen(column)
	if !slices.Contains(builtIn, seen) {
		return ""
	}
	return fmt.Sprintf("column %q is almost %q: spell it so, or name it otherwise", column, seen)
}

// columns are the names that rows give values to, absent ones too, each with the
// line that has it first.
type columns map[string]int

// held are the columns of a table by the rows' type, "" where rows name none.
type held map[string]columns

// of returns the columns of one type's rows.
func (h held) of(typ string) columns {
	if c, ok := h[typ]; ok {
		return c
	}
	return h[""]
}

// slips reports the columns that are one slip of the finger away from a built-in
// one that the same rows do not have. Beside a "tier", "tiers" is a column as any
// other; without one it is more likely to hold the tiers than not.
func (h held) slips(file string) (ms rules.Mistakes) {
	said := make(map[string]bool)
	for _, typ := range slices.Sorted(maps.Keys(h)) {
		has := h[typ]
		for _, column := range slices.Sorted(maps.Keys(has)) {
			for _, name := range builtIn[1:] { // without an id there is no table
				if _, there := has[name]; there || said[column] || !alike(column, name) {
					continue
				}
				said[column] = true
				hint := "spell it so, or name it otherwise"
				if name != "type" {
					hint += fmt.Sprintf(", or add a column %q, which may be empty", name)
				}
				ms.AddHint(rules.Pos{File: file, Line: has[column], Col: 1}, hint,
					"column %q is almost %q, and there is no %[2]q", column, name)
			}
		}
	}
	return ms
}
