package oracle

import (
	"fmt"
	"time"
)

// Token is a credential, described: keys and times are the run's.
type Token struct {
	Issuer   string // by its name
	Subject  string
	Client   string
	Claims   map[string]any // beyond the registered ones
	Age      time.Duration  // iat is so long ago
	ACR      string         // "" for none
	AMR      []string
	AuthAge  time.Duration // auth_time is so long ago; 0 for no auth_time
	Act      *Act          // who acts for the subject
	MayAct   bool          // says who else might, which counts for nothing
	Fault    string        // "" for a good token, else a key of tokenFaults
	Baseline bool          // young and good: what most requests carry
	NoIAT    bool          // Age is not said

	ID          string // jti, "" for none
	Session     string // sid, likewise
	Spare       bool   // signed by its issuer's second key
	Certificate string // the peer whose certificate it is bound to
	Holder      int    // the key that it is bound to, counted from 1 in holders
}

// Act is the outermost act of a token.
type Act struct {
	Issuer  string // by its name, "" for the token's
	Subject string
	Client  string
	Nested  string // the subject of an act within, which is history
}

// String shows what it says, not where it is kept: differences and seeds are compared.
func (a *Act) String() string {
	if a == nil {
		return "nobody"
	}
	return fmt.Sprintf("{iss %q, sub %q, client %q, within it %q}", a.Issuer, a.Subject, a.Client, a.Nested)
}

// tokenFaults are the ways in which a token is bad, and the reason that each has.
var tokenFaults = []struct{ Name, Reason string }{
	{"expired", "token_expired"},
	{"not yet valid", "token_not_yet_valid"},
	{"other audience", "token_audience_mismatch"},
	{"unknown issuer", "token_issuer"},
	{"unknown kid", "token_key_unknown"},
	{"forged", "token_signature_invalid"},
	{"key of another issuer", "token_alg_not_allowed"}, // whose algorithm this issuer does not use
	{"alg none", "token_malformed"},                    // its signature is empty, which comes before any header
	{"alg none with a signature", "token_alg_not_allowed"},
	{"HS256 with the public key", "token_alg_not_allowed"},
	{"no exp", "token_claims"},
	{"no aud", "token_claims"},
	{"two days long", "token_lifetime_exceeds_max"},
	{"act is a list", "token_claims"},
	{"nine actors", "token_claims"},
	{"cnf", "binding_missing"},
	{"cnf of nothing", "binding_missing"},
	{"cnf of 42 characters", "binding_missing"},
	{"crit", "token_header"},
	{"not a token", "token_malformed"},
	{"role is a number", "token_claims"},
}

func (g *generator) tokens() {
	for _, i := range g.w.Issuers {
		for at, s := range i.Subjects {
			for n := range 3 {
				t := g.token(i, s)
				if n == 0 {
					t.Age, t.Baseline, t.Client = 20*time.Second, true, i.Clients[at%len(i.Clients)] // every client is somebody's
				}
				g.w.Tokens = append(g.w.Tokens, t)
			}
		}
	}
	g.delegated()
	for _, f := range tokenFaults {
		t := g.token(g.w.Issuers[g.r.IntN(3)], "")
		switch t.Fault = f.Name; f.Name {
		case "role is a number":
			t.Claims["role"] = 7
		case "key of another issuer":
			t = g.token(g.w.Issuers[0], "")
			t.Fault = f.Name
		}
		g.w.Tokens = append(g.w.Tokens, t)
	}
}

// delegated adds tokens with which somebody acts for somebody: for most the two
// go together, and for the rest not.
func (g *generator) delegated() {
	corp, partner := g.w.issuer("corp"), g.w.issuer("partner")
	for n := range 16 {
		i, subject := corp, pick(g, corp.Subjects[:6])
		if n%4 == 3 {
			i, subject = partner, pick(g, partner.Subjects)
		}
		t := g.token(i, subject)
		t.Act = &Act{Subject: pick(g, []string{"agent-1", "agent-1", "agent-3", "agent-4", "agent-5", "u1", "nobody"})}
		if i == partner || g.chance(0.3) {
			t.Act = &Act{Issuer: "partner", Subject: pick(g, []string{"bot-2", "bot-2", "agent-1"}), Client: pick(g, []string{"", "hub"})}
		}
		if n%2 == 0 {
			t.Age, t.Baseline = 20*time.Second, true
			if i == corp {
				t.Client = pick(g, []string{"web", "app"})
			}
		}
		if g.chance(0.2) {
			t.Act.Nested = "agent-1"
		}
		g.w.Tokens = append(g.w.Tokens, t)
	}
}

// token draws a good token of an issuer; the empty subject is any.
func (g *generator) token(i *Issuer, subject string) *Token {
	if subject == "" {
		subject = pick(g, i.Subjects)
	}
	t := &Token{Issuer: i.Name, Subject: subject, Client: pick(g, i.Clients), Claims: map[string]any{},
		Age: pick(g, []time.Duration{20 * time.Second, 30 * time.Minute, 3 * time.Hour}), AuthAge: pick(g, []time.Duration{0, time.Minute, 3 * time.Hour})}
	if g.chance(0.6) {
		t.Claims["role"] = pick(g, append(roles[:3:3], pick(g, append(roles[:3:3], "")))) // seldom an empty one, which is none
	}
	if g.chance(0.5) {
		t.Claims["groups"] = some(g, groups, 2)
	}
	if g.chance(0.3) {
		t.Claims["tenant"] = pick(g, tenants) // counts for nothing where the partner says it
	}
	if g.chance(0.6) {
		t.Claims["level"] = int64(g.r.IntN(6))
	}
	if g.chance(0.4) {
		t.Claims["staff"] = g.chance(0.5)
	}
	if scopes := map[string]string{"web": "objects write", "kiosk": "openid objects", "hub": "write objects openid", "tool": "write"}[t.Client]; scopes != "" {
		t.Claims["scope"] = scopes
	}
	t.MayAct = g.chance(0.1)
	if g.chance(0.8) {
		t.ID = fmt.Sprintf("t-%d", g.r.IntN(60))
	}
	if g.chance(0.6) {
		t.Session = fmt.Sprintf("s-%d", g.r.IntN(20))
	}
	t.Spare = i.Name != "third" && i.Name != "dead" && g.chance(0.2)
	t.NoIAT = i.AnyLifetime && g.chance(0.2)
	if i.Purpose != "" && g.chance(0.5) {
		t.Claims[i.Purpose] = pick(g, purposes)
	}
	return t
}
