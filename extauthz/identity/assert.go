package identity

import (
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// maxSubject bounds sub, the client and other names, in bytes: what a SPIFFE ID may have.
const maxSubject = 2 << 10

// assertion takes one thing from verified claims into what they prove.
type assertion struct {
	name string
	take func(i *issuer, c *compact, v *rules.Verified) error
}

// assertions are made in order; what none of them takes, a token does not say.
// may_act is not among them: what somebody may do later grants nothing now.
var assertions = []assertion{
	{"subject", (*issuer).subject}, {"client", (*issuer).client}, {"token id", (*issuer).tokenID}, {"session", (*issuer).session},
	{"dates", (*issuer).dates}, {"login", (*issuer).login}, {"purpose", (*issuer).purpose}, {"scopes", (*issuer).scopes},
	{"authorization_details", (*issuer).details}, {"actor", (*issuer).actor}, {"confirmation", (*issuer).confirmation},
	{"required binding", (*issuer).bindingRequired}, {"mapped claims", (*issuer).claims},
}

// assert takes from verified claims what the issuer may assert, and nothing else.
func (i *issuer) assert(c *compact) (*rules.Verified, error) {
	v := &rules.Verified{Issuer: i.name, Fixed: i.fixed}
	for n := range assertions {
		if err := assertions[n].take(i, c, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (i *issuer) subject(c *compact, v *rules.Verified) (err error) {
	v.Subject, err = c.principal("sub", true)
	return err
}

func (i *issuer) client(c *compact, v *rules.Verified) (err error) {
	for _, name := range i.clientClaims {
		if v.ClientID, err = c.principal(name, false); v.ClientID != "" || err != nil {
			return err
		}
	}
	return nil
}

func (i *issuer) tokenID(c *compact, v *rules.Verified) (err error) {
	v.TokenID, err = c.principal("jti", false)
	return err
}

func (i *issuer) session(c *compact, v *rules.Verified) (err error) {
	v.Session, err = c.principal("sid", false)
	return err
}

func (i *issuer) dates(c *compact, v *rules.Verified) (err error) {
	v.IssuedAt, _, _ = c.date("iat") // a gate has read both
	v.ExpiresAt, _, _ = c.date("exp")
	v.AuthTime, _, err = c.date("auth_time")
	return err
}

// login reads how the subject logged in (OpenID Connect Core section 2). What has
// another form tells nothing, and is no fault: only demands that it would meet fail.
func (i *issuer) login(c *compact, v *rules.Verified) error {
	v.ACR, _ = c.claims["acr"].(string)
	if methods, ok := c.claims["amr"].([]any); ok {
		v.AMR, _ = each[string](methods)
	}
	return nil
}

func (i *issuer) purpose(c *compact, v *rules.Verified) (err error) {
	if i.purposeClaim != "" {
		v.Purpose, err = c.principal(i.purposeClaim, false)
	}
	return err
}

// scopes reads the first of the scope claims that is there: a text with spaces
// (RFC 8693 section 4.2, RFC 9068 section 2.2.3) or an array, as some providers
// send it. No claim leaves nil; an empty one is an empty list.
func (i *issuer) scopes(c *compact, v *rules.Verified) error {
	for _, name := range i.scopeClaims {
		value, ok := c.claims[name]
		if !ok {
			continue
		}
		var words []string
		switch value := value.(type) {
		case string:
			words = strings.Fields(value)
		case []any:
			if words, ok = each[string](value); !ok {
				return rules.Faultf(rules.TokenClaims, "%s has an element that is not a text", clip(name))
			}
		default:
			return rules.Faultf(rules.TokenClaims, "%s is neither a text nor an array", clip(name))
		}
		for _, word := range words {
			if !scopeToken(word) {
				return rules.Faultf(rules.TokenClaims, "%s has %s, which is no scope", clip(name), clip(word))
			}
		}
		v.Scopes = words
		return nil
	}
	return nil
}

// scopeToken is RFC 6749 section 3.3: printable ASCII but space, quote and backslash.
func scopeToken(word string) bool {
	for i := range len(word) {
		if c := word[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return word != ""
}

// principal reads a claim that names somebody. Control bytes have no place in a
// name and are cut or hidden by what reads it later.
func (c *compact) principal(name string, required bool) (string, error) {
	value, ok := c.claims[name]
	if !ok && !required {
		return "", nil
	}
	text, ok := value.(string)
	if !ok || text == "" || len(text) > maxSubject {
		return "", rules.Faultf(rules.TokenClaims, "%s is not a string of 1 to %d bytes", clip(name), maxSubject)
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return "", rules.Faultf(rules.TokenClaims, "%s has byte 0x%02x", clip(name), text[i])
		}
	}
	return text, nil
}
