package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/rules"
)

// Beside reports whether the client's own value of a parameter could reach the
// upstream beside the one that a rule sets. The proxy replaces every parameter of
// the query whose name was sent in exactly those bytes, and no other: not an
// escaped one, none that servers read alike, no field of a form and no member of JSON.
func Beside(req *rules.Request, name string) bool {
	for part := range strings.SplitSeq(req.RawQuery, "&") {
		if raw, _, _ := strings.Cut(part, "="); raw == name {
			continue
		}
		if param, _, ok := decodePair(part); !ok || Alike(param, name) {
			return true
		}
	}
	if body := jsonOf(req); body != nil {
		if m, twin := body.Member(name); m != nil || twin {
			return true
		}
	}
	return formHas(req, name)
}

// Alike reports whether some server reads two parameters as one.
func Alike(a, b string) bool { return alike.Name(a, b) || alike.Name(b, a) }
