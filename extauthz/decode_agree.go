package extauthz

import (
	"errors"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// errContradiction is a message of which two readers could make two requests. No
// proxy sends one: it fills headers or header_map, body or raw_body, takes method,
// host and scheme from the pseudo headers, and sends no others. Its text names no value, for
// one of them is the client's.
var errContradiction = errors.New("the message contradicts itself")

// pseudo are the pseudo headers of a request (RFC 9113 section 8.3.1 and RFC 8441
// section 4), in their only spelling.
var pseudo = [...]string{":method", ":authority", ":scheme", ":path", ":protocol"}

type pseudoHeader struct {
	seen  bool
	value string
}

// isPseudo knows what some reader takes for a pseudo header, one of those or not.
func isPseudo(name string) bool { return strings.HasPrefix(strings.TrimSpace(name), ":") }

// agrees holds a pseudo header against the field that says the same and against
// one before it, and knows no others. That :path is the path is judged later: two
// readings of it are a fault of the path.
func (d *decoder) agrees(h rules.Header) bool {
	i := slices.Index(pseudo[:], h.Name)
	if i < 0 || d.pseudo[i].seen && d.pseudo[i].value != h.Value {
		return false
	}
	d.pseudo[i] = pseudoHeader{true, h.Value}
	switch h.Name {
	case ":method":
		return h.Value == d.raw.Method
	case ":authority":
		return h.Value == d.raw.Host
	case ":scheme":
		return d.scheme == "" || strings.EqualFold(h.Value, d.scheme)
	}
	return true
}
