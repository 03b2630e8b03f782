package identity

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// mapped is a claim that an issuer may assert.
type mapped struct {
	name string // in rules
	kind rules.Kind
	path []string // where the token has it: exact names, through nested objects
}

// mappingOf compiles may_assert and where `claims` says these are; a claim that it
// does not name has the name that it has in rules.
func mappingOf(c *IssuerConfig) []mapped {
	out := make([]mapped, 0, len(c.MayAssert))
	for _, name := range slices.Sorted(maps.Keys(c.MayAssert)) {
		m := mapped{name: name, kind: c.MayAssert[name], path: c.Claims[name]}
		if m.path == nil {
			m.path = []string{name}
		}
		out = append(out, m)
	}
	return out
}

// at finds a claim by its path; found is false where a part of it is absent.
// Something else than an object on the way is a fault.
func (c *compact) at(path []string) (value any, found bool, err error) {
	object := c.claims
	for n, name := range path {
		if value, found = object[name]; !found || n == len(path)-1 {
			return value, found, nil
		}
		var ok bool
		if object, ok = value.(map[string]any); !ok {
			return nil, false, rules.Faultf(rules.TokenClaims, "%s is not an object", clip(strings.Join(path[:n+1], " ")))
		}
	}
	return value, found, nil
}

// claims takes what the issuer may assert, each in its kind, and adds what is
// fixed for it.
func (i *issuer) claims(c *compact, v *rules.Verified) error {
	claims := make(map[string]any, len(i.mayAssert)+len(i.fixed))
	for n := range i.mayAssert {
		m := &i.mayAssert[n]
		raw, ok, err := c.at(m.path)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		value, ok := claimValue(m.kind, raw)
		if !ok {
			return rules.Faultf(rules.TokenClaims, "claim %q is not %v", m.name, m.kind)
		}
		claims[m.name] = value
	}
	maps.Copy(claims, i.fixed)
	v.Claims = claims
	return nil
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
