package identity

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

const agentPeer = "spiffe://example.com/ns/agents/sa/assistant"

// agents are the users, and those who act for them.
func agents() []*rules.Identity {
	return []*rules.Identity{
		{Name: "staff", Kind: rules.Human, Issuer: "corp", Clients: []string{"web"}, Purposes: []string{"support"}},
		{Name: "guests", Kind: rules.Human, Issuer: "corp", Clients: []string{"kiosk"}},
		{Name: "assistant", Kind: rules.Agent, Issuer: "corp", Subject: "assistant", OnBehalfOf: []string{"guests", "staff"}, Purposes: []string{"summaries"}},
		{Name: "batch", Kind: rules.Service, Issuer: "machines", Subject: "batch", OnBehalfOf: []string{"staff"}, Purposes: []string{"a", "b"}},
		{Name: "bound", Kind: rules.Agent, Issuer: "corp", Subject: "bound", OnBehalfOf: []string{"staff"}, Workload: agentPeer},
		{Name: "asleep", Kind: rules.Agent, Issuer: "corp", Subject: "asleep", OnBehalfOf: []string{"staff"}, Status: rules.Suspended},
		{Name: "ended", Kind: rules.Agent, Issuer: "corp", Subject: "ended", OnBehalfOf: []string{"staff"}, Expires: noon},
		{Name: "inside", Kind: rules.Agent, Issuer: "corp", Subject: "inside", OnBehalfOf: []string{"staff"}, Networks: networks("10.0.0.0/8")},
		{Name: "fresh", Kind: rules.Agent, Issuer: "corp", Subject: "fresh", OnBehalfOf: []string{"staff"}, MaxAge: time.Minute},
		{Name: "nobodys", Kind: rules.Agent, Issuer: "corp", Subject: "nobodys"},
		{Name: "colleague", Kind: rules.Human, Issuer: "corp", Subject: "colleague"},
		{Name: "twin-1", Kind: rules.Agent, Issuer: "corp", Subject: "twin", OnBehalfOf: []string{"staff"}},
		{Name: "twin-2", Kind: rules.Agent, Issuer: "corp", Subject: "twin", OnBehalfOf: []string{"staff"}},
		{Name: "of-client", Kind: rules.Service, Issuer: "machines", Clients: []string{"robots"}, OnBehalfOf: []string{"staff"}},
	}
}

// A25: a delegated token is good only where the one who acts is registered, may be
// used, and was let act for this very caller.
func TestActorsAreRecognised(t *testing.T) {
	r := NewRecogniser(agents()).WithIssuers(map[string]rules.IssuerEnv{"machines": {Fixed: map[string]any{"tenant": "ops"}}})
	for _, row := range []struct {
		name          string
		client        string // of the user
		act           rules.Actor
		peer, from    string
		issued        time.Duration
		claim, line   string // purposes
		actor         string // identity
		purpose       string
		bound         bool // the actor
		reason        rules.Reason
		detail        string
		callerUnknown bool
	}{
		{name: "A25 twin: an agent for staff", client: "web", act: rules.Actor{Issuer: "corp", Subject: "assistant"}, actor: "assistant", purpose: "summaries"},
		{name: "A25 twin: an agent for guests", client: "kiosk", act: rules.Actor{Issuer: "corp", Subject: "assistant"}, actor: "assistant", purpose: "summaries"},
		{name: "A25 twin: a service of another issuer", client: "web", act: rules.Actor{Issuer: "machines", Subject: "batch"}, actor: "batch", line: "b", purpose: "b"},
		{name: "A25 twin: a class of services", client: "web", act: rules.Actor{Issuer: "machines", Subject: "r2", ClientID: "robots"}, actor: "of-client"},
		{name: "A25 an actor of another client", client: "web", act: rules.Actor{Issuer: "machines", Subject: "r2", ClientID: "robot"}, reason: rules.AgentNotPermitted, detail: "no identity matches the actor"},
		{name: "A25 an actor that nobody registered", client: "web", act: rules.Actor{Issuer: "corp", Subject: "mallory"}, reason: rules.AgentNotPermitted, detail: `"mallory"`},
		{name: "A25 the same subject of another issuer", client: "web", act: rules.Actor{Issuer: "machines", Subject: "assistant"}, reason: rules.AgentNotPermitted, detail: "no identity"},
		{name: "A25 an actor not let act for the caller", client: "kiosk", act: rules.Actor{Issuer: "machines", Subject: "batch"}, actor: "batch", reason: rules.AgentNotPermitted, detail: `not of "guests"`},
		{name: "A25 an actor let act for nobody", client: "web", act: rules.Actor{Issuer: "corp", Subject: "nobodys"}, actor: "nobodys", reason: rules.AgentNotPermitted, detail: `not of "staff"`},
		{name: "A25 a person as actor", client: "web", act: rules.Actor{Issuer: "corp", Subject: "colleague"}, actor: "colleague", reason: rules.AgentNotPermitted, detail: "of kind human"},
		{name: "A25 a caller that nobody registered", client: "other", act: rules.Actor{Issuer: "corp", Subject: "assistant"}, actor: "assistant", callerUnknown: true, reason: rules.AgentNotPermitted, detail: "whom no identity matches"},
		{name: "A25 two identities fit the actor", client: "web", act: rules.Actor{Issuer: "corp", Subject: "twin"}, reason: rules.IdentityAmbiguous, detail: "the actor: both"},

		{name: "A25 twin: the actor is the peer", client: "web", act: rules.Actor{Issuer: "corp", Subject: "bound"}, peer: agentPeer, actor: "bound", bound: true},
		{name: "A25 the actor is another peer", client: "web", act: rules.Actor{Issuer: "corp", Subject: "bound"}, peer: agentPeer + "2", actor: "bound", reason: rules.BindingMismatch, detail: "the actor: the workload"},
		{name: "A25 the actor and no peer", client: "web", act: rules.Actor{Issuer: "corp", Subject: "bound"}, actor: "bound", reason: rules.BindingMismatch, detail: "the actor"},
		{name: "A25 a suspended actor", client: "web", act: rules.Actor{Issuer: "corp", Subject: "asleep"}, actor: "asleep", reason: rules.IdentitySuspended, detail: `the actor: "asleep" is suspended`},
		{name: "A25 an expired actor", client: "web", act: rules.Actor{Issuer: "corp", Subject: "ended"}, actor: "ended", reason: rules.IdentityExpired, detail: "the actor"},
		{name: "A25 twin: an actor inside", client: "web", act: rules.Actor{Issuer: "corp", Subject: "inside"}, from: "10.1.2.3", actor: "inside"},
		{name: "A25 an actor outside", client: "web", act: rules.Actor{Issuer: "corp", Subject: "inside"}, from: "11.1.2.3", actor: "inside", reason: rules.NetworkNotAllowed, detail: "the actor"},
		{name: "A25 twin: an actor with a fresh token", client: "web", act: rules.Actor{Issuer: "corp", Subject: "fresh"}, issued: time.Minute, actor: "fresh"},
		{name: "A25 an actor with an old token", client: "web", act: rules.Actor{Issuer: "corp", Subject: "fresh"}, issued: time.Hour, actor: "fresh", reason: rules.TokenTooOld, detail: "the actor"},

		{name: "twin: the token's purpose is the actor's", client: "web", act: rules.Actor{Issuer: "corp", Subject: "assistant"}, actor: "assistant", claim: "summaries", line: "x", purpose: "summaries"},
		{name: "the caller's purpose is not the actor's", client: "web", act: rules.Actor{Issuer: "corp", Subject: "assistant"}, actor: "assistant", claim: "support", purpose: "support", reason: rules.PurposeNotAllowed, detail: `of "assistant"`},
		{name: "no purpose among several", client: "web", act: rules.Actor{Issuer: "machines", Subject: "batch"}, actor: "batch"},
	} {
		t.Run(row.name, func(t *testing.T) {
			act := row.act
			v := &rules.Verified{
				Issuer: "corp", Subject: "ada", ClientID: row.client, Purpose: row.claim, Actor: &act, IssuedAt: noon.Add(-row.issued),
				TokenID: "j1", KeyID: "k1", Session: "s1", Claims: map[string]any{"role": "admin"}, Fixed: map[string]any{"tenant": "acme"},
				Scopes: []string{"read"},
			}
			before := *v
			req := &rules.Request{Now: noon}
			if row.from != "" {
				req.ClientIP = netip.MustParseAddr(row.from)
			}
			c, err := r.Recognise(rules.Evidence{Verified: v, Peer: row.peer}, req, row.line)
			if got := reasonOf(t, err, ""); got != row.reason {
				t.Fatalf("refused for %q (%v), want %q", got, err, row.reason)
			}
			if err != nil && !strings.Contains(rules.Denial(err).Detail, row.detail) {
				t.Errorf("detail %q, want %q in it", rules.Denial(err).Detail, row.detail)
			}
			if (c.Identity == nil) != row.callerUnknown || c.Actor == nil || c.Actor.Name() != row.actor {
				t.Fatalf("caller %q, actor %+v", c.Name(), c.Actor)
			}
			if err == nil && (c.Purpose != row.purpose || c.Actor.Purpose != row.purpose) {
				t.Errorf("purposes %q and %q, want %q", c.Purpose, c.Actor.Purpose, row.purpose)
			}
			if (c.Actor.Bound == rules.ByWorkload) != row.bound || c.Bound != rules.NotBound {
				t.Errorf("bound %v and %v", c.Bound, c.Actor.Bound)
			}
			a := c.Actor.Verified
			if a.Subject != row.act.Subject || a.Issuer != row.act.Issuer || a.Claims["role"] != nil || a.TokenID+a.KeyID+a.Session != "" || len(a.Scopes) != 1 {
				t.Errorf("the actor has what is the subject's: %+v", a)
			}
			if want := map[string]any{"machines": "ops"}[row.act.Issuer]; a.Fixed["tenant"] != want || a.Claims["tenant"] != want {
				t.Errorf("fixed for the actor: %v", a.Fixed)
			}
			if v.Actor != &act || v.Subject != before.Subject || v.Purpose != before.Purpose || len(v.Claims) != 1 {
				t.Errorf("what was verified has changed: %+v", v)
			}
		})
	}
}

// Whatever is wrong with the caller, its actor is named: a revocation may be about
// it.
func TestActorOfARefusedCaller(t *testing.T) {
	ids := agents()
	ids[0].Status = rules.Retired
	v := &rules.Verified{Issuer: "corp", Subject: "ada", ClientID: "web", Actor: &rules.Actor{Issuer: "corp", Subject: "assistant"}}
	c, err := NewRecogniser(ids).Recognise(rules.Evidence{Verified: v}, &rules.Request{Now: noon}, "")
	if got := reasonOf(t, err, ""); got != rules.IdentitySuspended || c.Actor == nil || c.Actor.Name() != "assistant" {
		t.Errorf("refused for %q, actor %+v", got, c.Actor)
	}
}
