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

// check is one demand on the claims of an issuer's token.
type check func(i *issuer, c *compact, now time.Time) error

// gate is a check by its name.
type gate struct {
	name  string
	check check
}

// issuerGates are applied in order before the signature is verified, so that a
// token of the wrong kind costs no verification.
var issuerGates = []gate{{"profile", checkProfile}, {"issuer's algorithms", checkAllowed}}

// claimGates are applied in order to verified claims. Claims are read by their
// exact names, from a map without repeated ones.
var claimGates = []gate{
	{"required claims", checkRequired}, {"audience", checkAudience}, {"expiry", checkExpiry}, {"not before", checkNotBefore},
	{"issued at", checkIssuedAt}, {"lifetime", checkLifetime}, {"age", checkAge},
}

// checkAllowed wants an algorithm of the issuer's list.
func checkAllowed(i *issuer, c *compact, _ time.Time) error {
	if !slices.Contains(i.algorithms, c.alg) {
		return rules.Faultf(rules.TokenAlgorithm, "alg %s is not among %v of issuer %q", clip(c.alg), i.algorithms, i.name)
	}
	return nil
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
	if i.singleAudience && len(audience) > 1 {
		return rules.Faultf(rules.TokenAudience, "the token names %d audiences, and single_audience wants one", len(audience))
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

// checkAge wants a token that was issued within max_age. Clocks get no skew
// here: the limit is about our own clock, and an issuer that runs behind makes
// its tokens older.
func checkAge(i *issuer, c *compact, now time.Time) error {
	if i.maxAge == 0 {
		return nil
	}
	iat, ok, err := c.date("iat")
	if err == nil && !ok {
		err = rules.Faultf(rules.TokenClaims, "iat is missing, which max_age needs")
	}
	if err == nil && now.Sub(iat) > i.maxAge {
		err = rules.Faultf(rules.TokenExpired, "it was issued %v ago, max_age is %v", now.Sub(iat).Round(time.Second), i.maxAge)
	}
	return err
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
