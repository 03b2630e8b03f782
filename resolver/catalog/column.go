package catalog

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// builtIn are the columns that say what a row is, rather than what its object has.
var builtIn = []string{"id", "type", "tier", "parent"}

// almostBuiltIn returns why a column that is not built in cannot be an attribute
// either, or "". A header such as "id, Tier" would else lose every row's tier,
// and each object would be as little protected as its type allows.
func almostBuiltIn(column string) string {
	visible := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, column)
	visible = strings.TrimSpace(visible)
	at := slices.IndexFunc(builtIn, func(name string) bool { return strings.EqualFold(name, visible) })
	if at < 0 {
		return ""
	}
	return fmt.Sprintf("column %q is almost %q: spell it so, or name it otherwise", column, builtIn[at])
}
