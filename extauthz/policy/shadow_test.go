package policy

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

func TestShadowEntryExcusesPolicyDenialsOnly(t *testing.T) {
	covered := strings.Replace(shop, "cors: true", "shadow: [ { until: 2027-01-31 } ]", 1)
	lastDay := strings.Replace(shop, "cors: true", "shadow: [ { until: 2026-11-22 } ]", 1)
	ended := strings.Replace(shop, "cors: true", "shadow: [ { until: 2026-11-21 } ]", 1)
	atNoon := strings.Replace(shop, "cors: true", "shadow: [ { until: 2026-11-22T12:00:00Z } ]", 1)
	pastNoon := strings.Replace(shop, "cors: true", "shadow: [ { until: 2026-11-22T12:00:01Z } ]", 1)
	bad := stated{err: rules.Faultf(rules.TokenSignature, "")}
	for _, c := range []struct {
		name, rules, line string
		v                 stated
		want, kept        rules.Reason
	}{
		{"a neighbour's order", covered, "GET /orders/2", stated{v: ada()}, rules.ShadowDeny, rules.NoRule},
		{"no route", covered, "GET /debug", stated{v: ada()}, rules.ShadowDeny, rules.NoRoute},
		{"a bad credential", covered, "GET /orders/1", bad, rules.TokenSignature, ""},
		{"no credential", covered, "GET /orders/1", stated{v: &rules.Verified{Anonymous: true}}, rules.CredentialMissing, ""},
		{"an ambiguous path", covered, "GET //orders/2", stated{v: ada()}, rules.AmbiguousPath, ""},
		{"an allow", covered, "GET /orders/1", stated{v: ada()}, rules.Allowed, ""},
		{"a token whose key is being fetched", covered, "GET /orders/1", stated{err: rules.Faultf(rules.KeysRefreshing, "")}, rules.KeysRefreshing, ""},
		{"a token whose issuer has no keys", covered, "GET /orders/1", stated{err: rules.Faultf(rules.JWKSUnavailable, "")}, rules.JWKSUnavailable, ""},
		{"a deny rule for the anonymous", covered + "  - { id: nobody, deny: { kind: anonymous }, to: [read], on: order }\n", "GET /orders/1",
			stated{v: &rules.Verified{Anonymous: true}}, rules.DeniedByRule, ""},
		{"a deny rule for customers", covered + "  - { id: nobody, deny: customers, to: [read], on: order }\n", "GET /orders/1",
			stated{v: ada()}, rules.ShadowDeny, rules.DeniedByRule},
		{"a demand for a newer token", strings.Replace(covered, "own: owner }", "own: owner, require: { max_token_age: 30s } }", 1), "GET /orders/1",
			stated{v: ada()}, rules.ShadowDeny, rules.TokenTooOld},
		{"a demand for a newer login", strings.Replace(covered, "own: owner }", "own: owner, require: { max_auth_age: 1m } }", 1), "GET /orders/1",
			stated{v: ada()}, rules.ShadowDeny, rules.AuthTooOld},
		{"the same of nobody", covered + "  - { id: login, allow: { kind: anonymous }, to: [read], on: order, up_to: internal, require: { max_auth_age: 1m } }\n", "GET /orders/1",
			stated{v: &rules.Verified{Anonymous: true}}, rules.AuthTooOld, ""},
		{"a proof that was used before", covered, "GET /orders/1", stated{err: rules.Faultf(rules.TokenReplayed, "")}, rules.TokenReplayed, ""},
		{"on its day", lastDay, "GET /orders/2", stated{v: ada()}, rules.ShadowDeny, rules.NoRule},
		{"before its moment", pastNoon, "GET /orders/2", stated{v: ada()}, rules.ShadowDeny, rules.NoRule},
		{"at its moment", atNoon, "GET /orders/2", stated{v: ada()}, rules.NoRule, ""},
		{"after its end", ended, "GET /orders/2", stated{v: ada()}, rules.NoRule, ""},
		{"without an entry", shop, "GET /orders/2", stated{v: ada()}, rules.NoRule, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, c.rules, options(t, c.v, order("1", "ada"), order("2", "bob")))
			got := p.Check(t.Context(), request(c.line))
			if got.Reason != c.want {
				t.Fatalf("reason %s %q, want %s", got.Reason, got.Detail, c.want)
			}
			switch {
			case c.kept == "" && got.Shadow != nil:
				t.Errorf("shadow verdict %+v, want none", got.Shadow)
			case c.kept != "" && (got.Shadow == nil || got.Shadow.Reason != c.kept || got.Shadow.By != "entry"):
				t.Errorf("shadow verdict %+v, want %s kept", got.Shadow, c.kept)
			}
			if got.Reason == rules.ShadowDeny && len(got.Obligations.SetHeaders) > 0 {
				t.Errorf("an excused denial sets headers: %v", got.Obligations.SetHeaders)
			}
		})
	}
}

// The first target's header has no value, so that target decided; the entry of
// the other's type, which was judged last, excuses nothing.
func TestShadowEntryOfATypeCoversTheTargetThatDecided(t *testing.T) {
	pair := strings.Replace(shop, "- GET /notes/{id} ->", "- GET /pair/{a}/{b} -> read order/{a}, read note/{b}\n      - GET /notes/{id} ->", 1)
	pair = strings.Replace(pair, "own: owner }", `own: owner, then: { set_headers: { x-note: "{caller.claims.note}" } } }`, 1)
	pair = strings.Replace(pair, `up_to: internal, then: { set_headers: { x-note: "{caller.claims.note}" } } }`, "up_to: internal }", 1)
	pair = strings.Replace(pair, "      - GET /mine -> read note/{caller.claims.note}\n", "", 1)
	const entry = ", shadow: [ { until: 2027-01-31 } ] }"
	for _, c := range []struct {
		name, rules string
		want        rules.Reason
	}{
		{"no entry", pair, rules.AttributeMissing},
		{"of the type that decided", strings.Replace(pair, ", attributes: { owner: string } }", ", attributes: { owner: string }"+entry, 1), rules.ShadowDeny},
		{"of the other type", strings.Replace(pair, "type: note, tier: internal }", "type: note, tier: internal"+entry, 1), rules.AttributeMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := ada()
			v.Claims = nil
			p := load(t, c.rules, options(t, stated{v: v}, order("1", "ada")))
			if got := p.Check(t.Context(), request("GET /pair/1/2")); got.Reason != c.want {
				t.Errorf("reason %s %q, want %s", got.Reason, got.Detail, c.want)
			}
		})
	}
}

// The entry of the first target's type says nothing of the second, which the first denial
// left undecided.
func TestShadowEntryOfATypeExcusesNoOtherTarget(t *testing.T) {
	pair := strings.Replace(shop, "- GET /notes/{id} ->", "- GET /pair/{a}/{b} -> read order/{a}, read note/{b}\n      - GET /notes/{id} ->", 1)
	pair = strings.Replace(pair, ", attributes: { owner: string } }", ", attributes: { owner: string }, shadow: [ { until: 2027-01-31 } ] }", 1)
	for _, c := range []struct {
		name, note string
		want       rules.Reason
	}{
		{"the other is allowed", "", rules.ShadowDeny},
		{"the other is denied", "  - { id: no-notes, deny: { kind: human }, to: [read], on: note }\n", rules.NoRule},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, strings.TrimRight(pair, "\n")+"\n"+c.note, options(t, stated{v: ada()}, order("1", "bob")))
			if got := p.Check(t.Context(), request("GET /pair/1/2")); got.Reason != c.want {
				t.Errorf("%v %s %q, want %s", got.Effect, got.Reason, got.Detail, c.want)
			}
		})
	}
}

func TestSomeDenialsAreNeverExcused(t *testing.T) {
	p := load(t, strings.Replace(shop, "cors: true", "shadow: [ { until: 2027-01-31 } ]", 1), options(t, stated{v: ada()}))
	for want, change := range map[rules.Reason]func(*rules.RawRequest){
		rules.HostNotServed:       func(r *rules.RawRequest) { r.Serves = rules.NewHostSet("other.example.com") },
		rules.UpgradeNotSupported: func(r *rules.RawRequest) { r.Headers = []rules.Header{{Name: "upgrade", Value: "websocket"}} },
	} {
		raw := request("GET /orders/1")
		change(raw)
		got := p.Check(t.Context(), raw)
		if got.Reason != want || got.Effect != rules.Deny {
			t.Errorf("%v %s, want a denial %s", got.Effect, got.Reason, want)
		}
		if got.Request == nil || got.Request.Host != "shop.example.com" {
			t.Errorf("%s: the outcome does not know its host", want)
		}
	}
}

// entries revoke by what a test says.
type entries func(c *rules.Caller) (string, bool)

func (e entries) Revoked(c *rules.Caller) (string, bool) { return e(c) }

// What is revoked is refused whatever else is wrong with the caller, and no
// shadow entry excuses it: each of these is excused while nothing is revoked.
func TestRevokedIsNeverExcused(t *testing.T) {
	shadowed := strings.Replace(shop, "    cors: true\n", "    cors: true\n    shadow: [ { until: 2026-12-31 } ]\n", 1)
	for name, change := range map[string]struct{ old, new, path string }{
		"a policy denial":         {"", "", "/orders/foreign"},
		"a purpose not allowed":   {"- GET /notes/{id} -> read note/{id}", "- GET /notes/{id} -> read note/{id}: { purpose: theft }", "/notes/n1"},
		"somebody whom no one is": {"client: [web]", "client: [app]", "/notes/n1"},
	} {
		t.Run(name, func(t *testing.T) {
			revoked := false
			o := options(t, stated{v: ada()}, order("foreign", "bob"))
			o.Revocations = entries(func(c *rules.Caller) (string, bool) { return "e1", revoked && c.Subject == "ada" })
			p := load(t, strings.Replace(shadowed, change.old, change.new, 1), o)
			if got := p.Check(t.Context(), request("GET "+change.path)); got.Reason != rules.ShadowDeny {
				t.Fatalf("before: %v %s %s, want shadow_deny", got.Effect, got.Reason, got.Detail)
			}
			revoked = true
			got := p.Check(t.Context(), request("GET "+change.path))
			if got.Effect != rules.Deny || got.Reason != rules.Revoked || got.Detail != "by e1" || got.Status() != 401 {
				t.Errorf("revoked: %v %s %q, want a denial revoked by e1", got.Effect, got.Reason, got.Detail)
			}
			if got.Caller == nil || got.Caller.Subject != "ada" {
				t.Errorf("the record names %+v, want ada", got.Caller)
			}
		})
	}
}
