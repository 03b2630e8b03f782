package identity

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Bounds of authorization_details, far above what is used: conditions walk it.
const (
	maxDetails      = 32
	maxDetailsDepth = 6 // an element itself counts as one
)

// details reads authorization_details (RFC 9396 section 2): objects with a type.
// An element for other places than ours (section 2.2, locations) grants nothing
// here and is dropped; one without locations is for every audience of the token.
func (i *issuer) details(c *compact, v *rules.Verified) error {
	value, ok := c.claims["authorization_details"]
	if !ok {
		return nil
	}
	list, ok := value.([]any)
	if !ok || len(list) > maxDetails {
		return rules.Faultf(rules.TokenClaims, "authorization_details is not an array of at most %d objects", maxDetails)
	}
	v.Details = make([]map[string]any, 0, len(list))
	for n, item := range list {
		element, ok := item.(map[string]any)
		if !ok {
			return rules.Faultf(rules.TokenClaims, "authorization_details %d is not an object", n)
		}
		if what, ok := element["type"].(string); !ok || what == "" {
			return rules.Faultf(rules.TokenClaims, "authorization_details %d has no type", n)
		}
		here, err := i.here(element)
		if err == nil && here {
			var plain any
			if plain, err = plainJSON(element, maxDetailsDepth); err == nil {
				v.Details = append(v.Details, plain.(map[string]any)) //nolint:forcetypeassert // an object comes back as one
			}
		}
		if err != nil {
			return rules.Faultf(rules.TokenClaims, "authorization_details %d: %v", n, err)
		}
	}
	return nil
}

// here reports whether an element is for one of our audiences.
func (i *issuer) here(element map[string]any) (bool, error) {
	value, ok := element["locations"]
	if !ok {
		return true, nil
	}
	list, ok := value.([]any)
	if !ok {
		return false, errors.New("locations is not an array")
	}
	places, ok := each[string](list)
	if !ok {
		return false, errors.New("locations has an element that is not a text")
	}
	return slices.ContainsFunc(places, func(p string) bool { return slices.Contains(i.audience, p) }), nil
}

// plainJSON brings what the strict reader read to the kinds that conditions
// know: whole numbers as int64, others as float64.
func plainJSON(v any, depth int) (any, error) {
	switch v := v.(type) {
	case json.Number:
		if whole, ok := integer(v); ok {
			return whole, nil
		}
		return v.Float64()
	case map[string]any:
		if depth == 0 {
			return nil, errors.New("nested too deep")
		}
		out := make(map[string]any, len(v))
		for name, member := range v {
			plain, err := plainJSON(member, depth-1)
			if err != nil {
				return nil, err
			}
			out[name] = plain
		}
		return out, nil
	case []any:
		if depth == 0 {
			return nil, errors.New("nested too deep")
		}
		out := make([]any, len(v))
		for n, member := range v {
			plain, err := plainJSON(member, depth-1)
			if err != nil {
				return nil, err
			}
			out[n] = plain
		}
		return out, nil
	}
	return v, nil
}
