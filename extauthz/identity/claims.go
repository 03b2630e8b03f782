package identity

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// lastDate is the last second of the year 9999; later ones overflow somewhere.
const lastDate = 253402300799

// maxSubject bounds sub and the client, in bytes.
const maxSubject = 1 << 10

// check is one demand on verified claims at a time.
type check func(i *issuer, c *compact, now time.Time) error

// claimChecks are applied in order. Claims are read by their exact names, from a
// map without repeated ones.
var claimChecks = []check{
	checkSubject, checkAudience, checkExpiry, checkNotBefore, checkIssuedAt, checkLifetime,
	checkPurposeBuilt, checkBinding, checkActor,
}

func checkSubject(_ *issuer, c *compact, _ time.Time) error {
	_, err := c.principal("sub", true)
	return err
}

// checkAudience wants one of ours in aud, which is a string or an array of
// strings (RFC 7519 section 4.1.3).
func checkAudience(i *issuer, c *compact, _ time.Time) error {
	var audience []string
	switch aud := c.claims["aud"].(type) {
	case string:
		audience = []string{aud}
	case []any:
		var ok bool
		if audience, ok = each[string](aud); !ok {
			return rules.Faultf(rules.TokenClaims, "aud has an element that is not a string")
		}
	}
	if len(audience) == 0 {
		return rules.Faultf(rules.TokenClaims, "aud is missing or not a string or an array of strings")
	}
	for _, a := range audience {
		if slices.Contains(i.audience, a) {
			return nil
		}
	}
	return rules.Faultf(rules.TokenAudience, "the token is not for any of %q", i.audience)
}

func checkExpiry(i *issuer, c *compact, now time.Time) error {
	exp, ok, err := c.date("exp")
	switch {
	case err != nil:
		return err
	case !ok:
		return rules.Faultf(rules.TokenClaims, "exp is missing")
	case !now.Before(exp.Add(i.skew)): // its own second is excluded
		return rules.Faultf(rules.TokenExpired, "%v ago", now.Sub(exp).Round(time.Second))
	}
	return nil
}

func checkNotBefore(i *issuer, c *compact, now time.Time) error { return i.begun(c, "nbf", now) }

func checkIssuedAt(i *issuer, c *compact, now time.Time) error { return i.begun(c, "iat", now) }

// begun wants a date, if there is one, not to lie in the future.
func (i *issuer) begun(c *compact, name string, now time.Time) error {
	date, ok, err := c.date(name)
	if err != nil || !ok {
		return err
	}
	if now.Before(date.Add(-i.skew)) {
		return rules.Faultf(rules.TokenNotYetValid, "%s is in %v", name, date.Sub(now).Round(time.Second))
	}
	return nil
}

func checkLifetime(i *issuer, c *compact, _ time.Time) error {
	if i.maxLifetime == 0 {
		return nil
	}
	iat, ok, err := c.date("iat")
	if err != nil {
		return err
	}
	if !ok {
		return rules.Faultf(rules.TokenClaims, "iat is missing, which max_lifetime needs")
	}
	exp, _, err := c.date("exp")
	if err == nil && exp.Sub(iat) > i.maxLifetime {
		err = rules.Faultf(rules.TokenLifetime, "it lives %v, the limit is %v", exp.Sub(iat), i.maxLifetime)
	}
	return err
}

// checkPurposeBuilt refuses security events and logout tokens (RFC 8417), which
// some providers sign with the same key and without a typ.
func checkPurposeBuilt(_ *issuer, c *compact, _ time.Time) error {
	if _, ok := c.claims["events"]; ok {
		return rules.Faultf(rules.TokenClaims, "it has events: a security event, not an access token")
	}
	return nil
}

// checkBinding refuses tokens that only their holder may use (RFC 7800): until
// the proof can be checked, accepting one as a bearer token would undo it.
func checkBinding(_ *issuer, c *compact, _ time.Time) error {
	if _, ok := c.claims["cnf"]; ok {
		return rules.Faultf(rules.BindingMissing, "it has cnf, and proof of possession is not supported yet")
	}
	return nil
}

// checkActor refuses delegated tokens (RFC 8693 section 4.1): deciding them as
// the subject alone would hide who acts.
func checkActor(_ *issuer, c *compact, _ time.Time) error {
	if _, ok := c.claims["act"]; ok {
		return rules.Faultf(rules.AgentNotPermitted, "it has act, and delegation is not supported yet")
	}
	return nil
}

// date reads a NumericDate: seconds since 1970 UTC, perhaps with a fraction
// (RFC 7519 section 2). found is false when there is none.
func (c *compact) date(name string) (t time.Time, found bool, err error) {
	value, ok := c.claims[name]
	if !ok {
		return time.Time{}, false, nil
	}
	number, ok := value.(json.Number)
	if !ok {
		return time.Time{}, true, rules.Faultf(rules.TokenClaims, "%s is not a number", name)
	}
	seconds, err := strconv.ParseFloat(number.String(), 64)
	if err != nil || seconds < 0 || seconds > lastDate {
		return time.Time{}, true, rules.Faultf(rules.TokenClaims, "%s is outside 0 to %d", name, lastDate)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*float64(time.Second))), true, nil
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

// claimValue brings a claim to the kind that the issuer may assert it in.
func claimValue(kind rules.Kind, v any) (any, bool) {
	switch kind {
	case rules.String:
		text, ok := v.(string)
		return text, ok
	case rules.Bool:
		yes, ok := v.(bool)
		return yes, ok
	case rules.Int:
		return integer(v)
	case rules.StringList:
		list, ok := v.([]any)
		if !ok {
			return nil, false
		}
		return each[string](list)
	case rules.IntList:
		return integers(v)
	case rules.NoKind: // refused when the options are checked
	}
	return nil, false
}

// integer wants a JSON number that is written as a whole one and fits.
func integer(v any) (int64, bool) {
	number, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(number.String(), 10, 64)
	return i, err == nil
}

func integers(v any) ([]int64, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]int64, len(list))
	for i := range list {
		if out[i], ok = integer(list[i]); !ok {
			return nil, false
		}
	}
	return out, true
}
