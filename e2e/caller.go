package e2e

import (
	"fmt"
	"maps"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
)

// Audience is what tokens for the bank are issued for.
const Audience = "bank-api"

// Caller is somebody with a credential.
type Caller struct {
	Name  string // as the demo prints it
	Peer  string // the SPIFFE id of the workload that sends, or ""
	Token *Token // nil: no credential
}

// Token is a credential before it is minted.
type Token struct {
	Partner bool // from the partner's provider, not from the bank's
	Claims  idp.Claims
	Age     time.Duration // how long ago it was issued
	Flaw    Flaw
}

// Flaw is what is wrong with a token.
type Flaw int

// What attackers try. The zero Flaw is none.
const (
	Sound         Flaw = iota
	WrongAudience      // issued for another API
	UnknownKey         // signed by a key that the issuer never had
	StolenKid          // signed by another key under the kid of a real one
	AlgNone            // not signed
	HMACPublicKey      // HS256 with the public key as secret
)

// Mint makes the token now.
func (w *World) Mint(t Token) (string, error) {
	provider := w.Corp
	if t.Partner {
		provider = w.Acme
	}
	issued := time.Now().Add(-t.Age)
	claims := idp.Claims{"aud": Audience, "iat": issued.Unix(), "exp": issued.Add(idp.Lifetime).Unix()}
	maps.Copy(claims, t.Claims)
	switch t.Flaw {
	case Sound:
		return provider.Token(claims)
	case WrongAudience:
		claims["aud"] = "payroll-api"
		return provider.Token(claims)
	case UnknownKey:
		return provider.Forged("nobody", claims)
	case StolenKid:
		return provider.Forged("", claims)
	case AlgNone:
		return provider.Unsigned(claims)
	case HMACPublicKey:
		return provider.HMACWithPublicKey(claims)
	}
	return "", fmt.Errorf("no flaw %d", t.Flaw)
}

// with returns the caller with another token of the same person.
func (c Caller) with(change func(*Token)) Caller {
	t := *c.Token
	t.Claims = maps.Clone(t.Claims)
	change(&t)
	c.Token = &t
	return c
}

func (c Caller) flawed(f Flaw) Caller          { return c.with(func(t *Token) { t.Flaw = f }) }
func (c Caller) aged(d time.Duration) Caller   { return c.with(func(t *Token) { t.Age = d }) }
func (c Caller) claiming(k, v string) Caller   { return c.with(func(t *Token) { t.Claims[k] = v }) }
func (c Caller) from(name, peer string) Caller { c.Name, c.Peer = name, peer; return c }

func person(name, client string) Caller {
	return Caller{Name: name, Token: &Token{Claims: idp.Claims{"sub": name, "client_id": client}}}
}

func machine(name string) Caller {
	return Caller{Name: name, Token: &Token{Claims: idp.Claims{"sub": name, "client_id": name}}}
}

const (
	billingWorkload = "spiffe://bank.example.com/ns/billing/sa/billing"
	reportsWorkload = "spiffe://bank.example.com/ns/data/sa/reports"
)

// The people and machines of the bank example.
var (
	nobody  = Caller{Name: "nobody"}
	ada     = person("ada", "web")
	auditor = person("ivy", "audit")
	admin   = person("max", "backoffice").claiming("role", "admin")
	billing = machine("svc-billing").from("svc-billing", billingWorkload)
	reports = machine("svc-reports")
	partner = Caller{Name: "acme", Token: &Token{Partner: true, Claims: idp.Claims{"sub": "acme-sync", "client_id": "acme-sync"}}}
)

// flaws say what is wrong with a token, as the demo prints it.
var flaws = map[Flaw]string{
	WrongAudience: "token for another API",
	UnknownKey:    "unknown key",
	StolenKid:     "own key, real kid",
	AlgNone:       "alg none",
	HMACPublicKey: "HS256, public key",
}

// String is who calls and what is odd about the credential.
func (c Caller) String() string {
	switch {
	case c.Token == nil:
		return c.Name
	case c.Token.Flaw != Sound:
		return c.Name + ", " + flaws[c.Token.Flaw]
	case c.Token.Age >= idp.Lifetime:
		return c.Name + ", expired token"
	case c.Token.Age > 0:
		return fmt.Sprintf("%s, token %.0f min old", c.Name, c.Token.Age.Minutes())
	case c.Token.Partner && c.Token.Claims["tenant"] != nil:
		return fmt.Sprintf("%s, claims tenant %v", c.Name, c.Token.Claims["tenant"])
	}
	return c.Name
}
