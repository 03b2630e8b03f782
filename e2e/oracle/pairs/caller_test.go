package pairs

import (
	"context"
	"strings"

	"github.com/tiergate/tiergate/e2e/oracle"
	"github.com/tiergate/tiergate/rules"
)

// mainKey is what the key is called that signs most tokens of an issuer.
const mainKey = "main"

// Verify implements policy.Verifier: it states what the token of the request at hand
// would prove, as `explain --as` does.
func (e *engine) Verify(context.Context, *rules.Request) (rules.Evidence, error) {
	evidence := rules.Evidence{Verified: &rules.Verified{Anonymous: true}, Peer: oracle.PeerOf(e.w, e.asks)}
	if e.asks.Token < 0 {
		return evidence, nil
	}
	t := e.w.Tokens[e.asks.Token]
	evidence.Verified = e.verified(t)
	switch {
	case t.Holder > 0:
		evidence.Bound = rules.ByKey
	case t.Certificate != "":
		evidence.Bound = rules.ByCertificate
	}
	return evidence, nil
}

func (e *engine) verified(t *oracle.Token) *rules.Verified {
	v := &rules.Verified{
		Issuer: t.Issuer, Subject: t.Subject, ClientID: t.Client, TokenID: t.ID, Session: t.Session, KeyID: mainKey, ACR: t.ACR, AMR: t.AMR,
		Claims: map[string]any{}, Fixed: map[string]any{},
	}
	if t.Spare {
		v.KeyID = "spare"
	}
	if !t.NoIAT {
		v.IssuedAt = noon.Add(-t.Age)
	}
	if t.AuthAge > 0 {
		v.AuthTime = noon.Add(-t.AuthAge)
	}
	if t.Certificate != "" {
		v.Confirm.Certificate = "of " + t.Certificate
	}
	if t.Holder > 0 {
		v.Confirm.Key = "of the holder"
	}
	if scope, ok := t.Claims["scope"].(string); ok {
		v.Scopes = strings.Fields(scope)
	}
	for _, i := range e.w.Issuers {
		if i.Name == t.Issuer {
			asserted(v, i, t)
		}
	}
	if t.Act != nil {
		v.Actor = &rules.Actor{Issuer: t.Act.Issuer, Subject: t.Act.Subject, ClientID: t.Act.Client}
		if v.Actor.Issuer == "" {
			v.Actor.Issuer = t.Issuer
		}
	}
	return v
}

// asserted are the claims that count, and what is fixed.
func asserted(v *rules.Verified, i *oracle.Issuer, t *oracle.Token) {
	for _, a := range i.MayAssert {
		if claim, ok := t.Claims[a.Name]; ok {
			v.Claims[a.Name] = claim
		}
	}
	for _, f := range i.Fixed {
		v.Claims[f.Claim], v.Fixed[f.Claim] = f.Value, f.Value
	}
	if i.Purpose != "" {
		v.Purpose, _ = t.Claims[i.Purpose].(string)
	}
}
