package identity

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// The schemes, with the space behind them.
const (
	bearerScheme = "Bearer "
	dpopScheme   = "DPoP "
)

// token is a credential that no log can print, not even with %#v.
type token struct {
	value  *string // of the whole header field; a pointer, because fmt prints what sits in unexported fields
	proven bool    // by the scheme DPoP: it comes with a proof of possession
}

// text is the credential itself.
func (t token) text() string {
	if t.proven {
		return (*t.value)[len(dpopScheme):]
	}
	return (*t.value)[len(bearerScheme):]
}

// Format implements fmt.Formatter for every verb.
func (token) Format(w fmt.State, _ rune) { io.WriteString(w, "[token]") } //nolint:errcheck // fmt has nowhere to report it

// LogValue implements slog.LogValuer.
func (token) LogValue() slog.Value { return slog.StringValue("[token]") }

// MarshalText implements encoding.TextMarshaler, and so covers JSON.
func (token) MarshalText() ([]byte, error) { return []byte("[token]"), nil }

// credential finds the one token of a request (RFC 6750 section 2.1, RFC 9449
// section 7.1).
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
	switch {
	case begins(*t.value, bearerScheme):
	case begins(*t.value, dpopScheme):
		t.proven = true
	default:
		return token{}, true, rules.Faultf(rules.CredentialMalformed, "the scheme is not Bearer or DPoP followed by one space")
	}
	if why := malformed(t.text()); why != "" {
		return token{}, true, rules.Faultf(rules.CredentialMalformed, "%s", why)
	}
	return t, true, nil
}

// begins reports whether a field value has that scheme, in any case.
func begins(value, scheme string) bool {
	return len(value) >= len(scheme) && strings.EqualFold(value[:len(scheme)], scheme)
}

// malformed says what keeps the text behind the scheme from being exactly one
// credential, "" when nothing does. Nothing here repeats the value: a client that
// forgets the scheme sends its secret in the scheme's place.
func malformed(rest string) string {
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
