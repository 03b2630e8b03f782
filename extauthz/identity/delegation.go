package identity

import (
	"github.com/tiergate/tiergate/rules"
)

// maxActors bounds the chain of act in act.
const maxActors = 8

// actor reads who acts for the subject (RFC 8693 section 4.1). Only the outermost
// act decides; those inside it are history, but must still be actors: a chain that
// cannot be read is no chain. act.iss is absent or of a configured issuer.
func (i *issuer) actor(c *compact, v *rules.Verified) error {
	value, ok := c.claims["act"]
	if !ok {
		return nil
	}
	outermost, err := readActor(value, 1)
	if err != nil {
		return err
	}
	act := &compact{claims: outermost}
	who := &rules.Actor{Issuer: i.name}
	if iss, ok := outermost["iss"]; ok {
		text, _ := iss.(string)
		if who.Issuer, ok = i.issuerNames[text]; !ok {
			return rules.Faultf(rules.TokenClaims, "act: iss is %s, which is not configured", clip(text))
		}
	}
	if who.Subject, err = act.principal("sub", true); err == nil {
		who.ClientID, err = act.principal("client_id", false)
	}
	if err != nil {
		return rules.Faultf(rules.TokenClaims, "act: %s", rules.Denial(err).Detail)
	}
	v.Actor = who
	return nil
}

// readActor checks the chain from an actor inwards and returns its members.
func readActor(value any, depth int) (map[string]any, error) {
	act, ok := value.(map[string]any)
	if !ok {
		return nil, rules.Faultf(rules.TokenClaims, "act %d is not an object", depth)
	}
	if depth > maxActors {
		return nil, rules.Faultf(rules.TokenClaims, "more than %d actors", maxActors)
	}
	if inner, ok := act["act"]; ok {
		if _, err := readActor(inner, depth+1); err != nil {
			return nil, err
		}
	}
	return act, nil
}

// confirmation reads whose token it is (RFC 7800). Two methods can be proven
// here, and where a token names both, both must be; a cnf with neither binds the
// token to something that nobody can prove to us.
func (i *issuer) confirmation(c *compact, v *rules.Verified) error {
	value, ok := c.claims["cnf"]
	if !ok {
		return nil
	}
	cnf, ok := value.(map[string]any)
	if !ok {
		return rules.Faultf(rules.BindingMissing, "cnf is not an object")
	}
	for _, method := range []struct {
		name string
		into *string
	}{{"x5t#S256", &v.Confirm.Certificate}, {"jkt", &v.Confirm.Key}} {
		value, ok := cnf[method.name]
		if !ok {
			continue
		}
		text, _ := value.(string)
		if !thumbprint(text) {
			return rules.Faultf(rules.BindingMissing, "cnf: %s is not 43 characters of base64url", method.name)
		}
		*method.into = text
	}
	if v.Confirm == (rules.Confirmation{}) {
		return rules.Faultf(rules.BindingMissing, "cnf has neither x5t#S256 nor jkt, and nothing else can be proven")
	}
	return nil
}

// thumbprint reports whether text can be a SHA-256 in base64url. What is compared
// with it is the text that we make, so another spelling of the same bytes, such as
// the example of RFC 8705 has, fits nothing.
func thumbprint(text string) bool {
	for i := range len(text) {
		if !inAlphabet[text[i]] {
			return false
		}
	}
	return len(text) == 43
}
