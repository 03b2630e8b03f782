package review

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// Subjects are told apart by the texts that objects hold and conditions spell
// out. That is exact where a condition compares the subject with such a text and
// does nothing else with it.
const (
	begins  = `(^|[(,!&|?:]\s*)`
	ends    = `(\s*$|\s*[),&|?:])`
	operand = `(object(?:\.\w+)+|"[^"\\]*"|'[^'\\]*'|[a-z]\w*)`
	texts   = `\[\s*(?:"[^"\\]*"|'[^'\\]*')(?:\s*,\s*(?:"[^"\\]*"|'[^'\\]*'))*\s*\]`
)

var comparisons = []*regexp.Regexp{
	regexp.MustCompile(begins + operand + `\s*[!=]=\s*caller\.subject` + ends),
	regexp.MustCompile(begins + `caller\.subject\s*[!=]=\s*` + operand + ends),
	regexp.MustCompile(begins + `caller\.subject\s+in\s+` + `(object(?:\.\w+)+|` + texts + `)` + ends),
	regexp.MustCompile(`has\(caller(\.subject)\)`),
}

// notTexts are operands whose values no object holds.
var notTexts = []string{"object.tier", "object.type", "purpose", "action", "now", "true", "false"}

// comparesOnly reports whether a condition uses the subject only in comparisons
// with what objects hold or the condition spells out. When in doubt it does not.
func comparesOnly(when string) bool {
	if strings.Contains(when, ".map(") {
		return false // what it makes of a text, no object holds
	}
	for _, c := range comparisons {
		when = c.ReplaceAllStringFunc(when, func(match string) string {
			if parts := c.FindStringSubmatch(match); len(parts) > 2 && slices.Contains(notTexts, parts[2]) {
				return match
			}
			return "|"
		})
	}
	return !strings.Contains(when, "subject")
}

// derives reports whether a rule about the identity uses the subject in a way
// that enumerating subjects does not cover.
func (r *review) derives(id *rules.Identity) bool {
	return slices.ContainsFunc(r.o.Set.Conditions(id), func(when string) bool {
		return strings.Contains(when, "subject") && !comparesOnly(when)
	})
}
