package identity

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

const scheme = "Bearer "

// token is a bearer credential that no log can print, not even with %#v.
type token struct {
	value *string // of the whole header field; a pointer, because fmt prints what sits in unexported fields
}

// text is the credential itself.
func (t token) text() string { return (*t.value)[len(scheme):] }

// Format implements fmt.Formatter for every verb.
func (token) Format(w fmt.State, _ rune) { io.WriteString(w, "[token]") } //nolint:errcheck // fmt has nowhere to report it

// LogValue implements slog.LogValuer.
func (token) LogValue() slog.Value { return slog.StringValue("[token]") }

// MarshalText implements encoding.TextMarshaler, and so covers JSON.
func (token) MarshalText() ([]byte, error) { return []byte("[token]"), nil }

// credential finds the one bearer token of a request (RFC 6750 section 2.1).
// found is false when there is no Authorization at all. Tokens in the query, the
// body or a cookie are never read: such places leak into logs and histories.
func credential(req *rules.Request) (t token, found bool, err error) {
	for i := range req.Headers {
		if req.Headers[i].Name != "authorization" {
			continue
		}
		if found {
			return token{}, true, rules.Faultf(rules.CredentialMalformed, "more than one Authorization header")
		}
		t, found = token{value: &req.Headers[i].Value}, true
	}
	if !found {
		return token{}, false, nil
	}
	if why := malformed(*t.value); why != "" {
		return token{}, true, rules.Faultf(rules.CredentialMalformed, "%s", why)
	}
	return t, true, nil
}

// malformed says what keeps a field value from being exactly one bearer
// credential, "" when nothing does. It never repeats the value: a client that
// forgets the scheme sends its secret in the scheme's place.
func malformed(value string) string {
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "the scheme is not Bearer followed by one space"
	}
	rest := value[len(scheme):]
	if rest == "" {
		return "there is nothing after the scheme"
	}
	for i := range len(rest) {
		switch c := rest[i]; {
		case c == ',':
			return "a comma joins several credentials"
		case c <= ' ' || c >= 0x7f:
			return fmt.Sprintf("byte 0x%02x after the scheme", c)
		}
	}
	return ""
}
