package extauthz

import (
	"errors"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// errContradiction is a message of which two readers could make two requests. No
// proxy sends one: it fills headers or header_map, body or raw_body, and takes
// method, host and scheme from the pseudo headers. Its text names no value, for
// one of them is the client's.
var errContradiction = errors.New("the message contradicts itself")

// agrees holds a pseudo header against the field that says the same, and a :path
// against one before it. That :path is the path is judged later: two readings of
// it are a fault of the path.
func (d *decoder) agrees(h rules.Header) bool {
	switch h.Name {
	case ":method":
		return h.Value == d.raw.Method
	case ":authority":
		return h.Value == d.raw.Host
	case ":scheme":
		return d.scheme == "" || strings.EqualFold(h.Value, d.scheme)
	case ":path":
		return d.raw.RawPath == "" || h.Value == d.raw.RawPath
	}
	return true
}
