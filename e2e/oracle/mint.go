package oracle

import (
	"fmt"
	"maps"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
)

// mint makes the tokens of a world, with the keys that its issuers have in this run.
type mint struct {
	w         *World
	providers map[string]*idp.Provider // by the issuer's name
	prints    []string                 // thumbprints of the holders' keys
	hashes    map[string]string        // of the peers' certificates
}

// tokens mints all of them; requests share them.
func (m *mint) tokens(now time.Time) ([]string, error) {
	out := make([]string, len(m.w.Tokens))
	for i, t := range m.w.Tokens {
		var err error
		if out[i], err = m.token(t, now); err != nil {
			return nil, fmt.Errorf("token %d: %w", i, err)
		}
	}
	return out, nil
}

func (m *mint) token(t *Token, now time.Time) (string, error) {
	p := m.providers[t.Issuer]
	claims := m.claims(t, now)
	switch t.Fault {
	case "expired":
		claims["exp"] = now.Add(-time.Hour).Unix()
		claims["iat"] = now.Add(-2 * time.Hour).Unix()
	case "not yet valid":
		claims["nbf"] = now.Add(time.Hour).Unix()
	case "other audience":
		claims["aud"] = []string{"another-api"}
	case "unknown issuer":
		claims["iss"] = "https://nobody.example"
	case "no exp":
		claims["exp"] = nil
	case "no aud":
		claims["aud"] = nil
	case "two days long":
		claims["iat"], claims["exp"] = now.Add(-time.Hour).Unix(), now.Add(47*time.Hour).Unix()
	case "act is a list":
		claims["act"] = []any{map[string]any{"sub": "agent-1"}}
	case "nine actors":
		act := map[string]any{"sub": "agent-1"}
		for range 8 {
			act = map[string]any{"sub": "agent-1", "act": act}
		}
		claims["act"] = act
	case "cnf":
		claims["cnf"] = map[string]any{"jkt": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"} // and nothing proves it
	case "cnf of nothing":
		claims["cnf"] = map[string]any{"x5u": "https://keys.example"}
	case "cnf of 42 characters":
		claims["cnf"] = map[string]any{"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg"}
	case "unknown kid":
		return p.Forged("nobody-1", claims)
	case "forged":
		return p.Forged("", claims)
	case "key of another issuer":
		return m.providers["partner"].Token(claims)
	case "alg none":
		return p.Unsigned(claims)
	case "alg none with a signature":
		token, err := p.Unsigned(claims)
		return token + "c2lnbmF0dXJl", err
	case "HS256 with the public key":
		return p.HMACWithPublicKey(claims)
	case "crit":
		return p.Keys()[0].Sign(idp.Header{"crit": []string{"b64"}}, claims)
	case "not a token":
		return "opaque-session-token", nil
	}
	if t.Spare {
		for _, k := range p.Keys() {
			if k.ID == spareKey {
				return k.Sign(nil, p.Complete(claims))
			}
		}
	}
	return p.Token(claims)
}

func (m *mint) claims(t *Token, now time.Time) idp.Claims {
	i := m.w.issuer(t.Issuer)
	client := i.Client
	if client == "" {
		client = "client_id"
	}
	claims := idp.Claims{
		"iss": i.URL, "sub": t.Subject, "aud": []string{i.Audience}, client: t.Client,
		"iat": now.Add(-t.Age).Unix(), "exp": now.Add(2 * time.Hour).Unix(),
	}
	if t.AuthAge > 0 {
		claims["auth_time"] = now.Add(-t.AuthAge).Unix()
	}
	if t.ACR != "" {
		claims["acr"] = t.ACR
	}
	if len(t.AMR) > 0 {
		claims["amr"] = t.AMR
	}
	maps.Copy(claims, t.Claims)
	m.more(t, claims)
	if t.Act != nil {
		claims["act"] = m.act(t.Act)
	}
	if t.MayAct {
		claims["may_act"] = map[string]any{"sub": "agent-1"}
	}
	return claims
}

// more adds what a token has of its own, and what it is bound to.
func (m *mint) more(t *Token, claims idp.Claims) {
	claims["jti"] = nil
	if t.ID != "" {
		claims["jti"] = t.ID
	}
	if t.Session != "" {
		claims["sid"] = t.Session
	}
	if t.NoIAT {
		claims["iat"] = nil
	}
	cnf := map[string]any{}
	if t.Certificate != "" {
		cnf["x5t#S256"] = m.hashes[t.Certificate]
	}
	if t.Holder > 0 {
		cnf["jkt"] = m.prints[t.Holder-1]
	}
	if len(cnf) > 0 {
		claims["cnf"] = cnf
	}
}

func (m *mint) act(a *Act) map[string]any {
	act := map[string]any{"sub": a.Subject}
	if a.Issuer != "" {
		act["iss"] = m.w.issuer(a.Issuer).URL
	}
	if a.Client != "" {
		act["client_id"] = a.Client
	}
	if a.Nested != "" {
		act["act"] = map[string]any{"sub": a.Nested}
	}
	return act
}
