package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/rules"
)

// Beside reports whether the client's own value of a parameter could reach the
// upstream beside the one that a rule sets. The proxy replaces every parameter of
// the query whose name was sent in exactly those bytes, and no other: not an
// escaped one, none that servers read alike, and no field of a form.
func Beside(req *rules.Request, name string) bool {
	for part := range strings.SplitSeq(req.RawQuery, "&") {
		if raw, _, _ := strings.Cut(part, "="); raw == name {
			continue
		}
		if param, _, ok := decodePair(part); !ok || Alike(param, name) {
			return true
		}
	}
	return formHas(req, name)
}

// Alike reports whether some server reads two parameters as one.
func Alike(a, b string) bool { return alike.Name(a, b) || alike.Name(b, a) }
