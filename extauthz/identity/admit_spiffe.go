package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"
)

// bundle is what a SPIFFE bundle says beside its keys (SPIFFE Trust Domain and
// Bundle, section 4.1).
type bundle struct {
	is       bool
	sequence uint64        // grows with every change; 0 when it does not say
	refresh  time.Duration // how often to ask for it; 0 when it does not say
}

// readBundle tells a SPIFFE bundle from a plain JWKS, such as that of SPIRE's
// OIDC discovery, and reads what is particular to it.
func readBundle(object map[string]any, list []any) (bundle, error) {
	var b bundle
	for _, item := range list {
		if key, ok := item.(map[string]any); ok && (key["use"] == "jwt-svid" || key["use"] == "x509-svid") {
			b.is = true
		}
	}
	var err error
	if value, ok := object["spiffe_sequence"]; ok {
		b.is = true
		if b.sequence, err = natural(value); err != nil {
			return b, fmt.Errorf("spiffe_sequence: %w", err)
		}
	}
	if value, ok := object["spiffe_refresh_hint"]; ok {
		b.is = true
		seconds, err := natural(value)
		if err != nil {
			return b, fmt.Errorf("spiffe_refresh_hint: %w", err)
		}
		b.refresh = time.Duration(min(seconds, uint64(maxRefresh/time.Second))) * time.Second
	}
	return b, nil
}

func natural(value any) (uint64, error) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, errors.New("not a number")
	}
	n, err := strconv.ParseUint(number.String(), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not a whole number", clip(number.String()))
	}
	return n, nil
}

// bundled returns a bundle's key as a plain JWK. Only jwt-svid keys with a kid
// sign tokens; the certificate authorities beside them must not.
func bundled(object map[string]any) (map[string]any, error) {
	switch object["use"] {
	case "jwt-svid":
		if kid, ok := object["kid"].(string); !ok || kid == "" {
			return nil, errors.New("a jwt-svid key without a kid")
		}
		plain := maps.Clone(object)
		plain["use"] = "sig"
		return plain, nil
	case "x509-svid":
		return nil, errForeign
	}
	return nil, skipf(causeUse, "use is neither jwt-svid nor x509-svid, in a SPIFFE bundle")
}
