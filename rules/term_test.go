package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// world is where conditions are tried: the account type of base.yaml and the
// callers of issuer corp.
func world(t testing.TB) (*Set, *scope) {
	t.Helper()
	set := load(t)
	claims := make(map[string]claimKind)
	for name, kind := range testEnv().Issuers["corp"].Claims {
		claims[name] = claimKind{kind: kind, issuer: "corp"}
	}
	return set, &scope{typ: set.schema.Types["account"], issuer: []string{"corp"}, claims: claims}
}

// Operands by kind, the absent and the unknown among them.
var operands = map[string][]string{
	"string": {`"ada"`, `""`, "object.tenant", "object.owner", "object.id", "object.tier", "object.type", "object.parent.id",
		"caller.subject", "caller.kind", "caller.issuer", "caller.identity", "caller.client_id", "caller.tenant", "caller.peer",
		"caller.session", "caller.actor.identity", "caller.actor.subject", "caller.actor.client_id",
		"caller.claims.role", "request.body.reason", "request.method", "request.host", "request.path", "request.ip", "purpose", "action"},
	"int":      {"7", "-1", "object.balance", "object.zone", "caller.claims.level", "request.body.amount"},
	"bool":     {"true", "false", "object.frozen", "caller.bound", "caller.claims.staff", "request.body.urgent"},
	"[string]": {"object.owners", "caller.claims.groups", "caller.scopes", "request.body.tags"},
	"[int]":    {"object.marks", "caller.claims.ranks", "request.body.codes"},
}

// drawCondition makes conditions of all that closures cover, and of some that they do not.
func drawCondition(t *rapid.T, depth int) string {
	pick := func(kind string) string { return rapid.SampledFrom(operands[kind]).Draw(t, kind) }
	if depth > 0 {
		switch rapid.IntRange(0, 4).Draw(t, "joint") {
		case 0:
			return "(" + drawCondition(t, depth-1) + " && " + drawCondition(t, depth-1) + ")"
		case 1:
			return "(" + drawCondition(t, depth-1) + " || " + drawCondition(t, depth-1) + ")"
		case 2:
			return "!(" + drawCondition(t, depth-1) + ")"
		}
	}
	scalar := rapid.SampledFrom([]string{"string", "int", "bool"}).Draw(t, "scalar")
	switch rapid.IntRange(0, 6).Draw(t, "leaf") {
	case 0, 1:
		return pick(scalar) + rapid.SampledFrom([]string{" == ", " != "}).Draw(t, "op") + pick(scalar)
	case 2:
		return pick("bool")
	case 3:
		var members []string
		for _, o := range operands[scalar] {
			if strings.Contains(o, ".") {
				members = append(members, o)
			}
		}
		return "has(" + rapid.SampledFrom(members).Draw(t, "member") + ")"
	case 4:
		return pick("string") + " in " + pick("[string]")
	case 5:
		return pick("int") + " in " + pick("[int]")
	}
	return pick("int") + " < " + pick("int") // only CEL
}

// drawFacts makes requests, callers and targets of which any value may be absent.
func drawFacts(t *rapid.T, set *Set) *facts {
	text := rapid.SampledFrom([]string{"", "ada", "bob", "eu"})
	maybe := func(gen *rapid.Generator[any]) any {
		if rapid.Bool().Draw(t, "absent") {
			return nil
		}
		return gen.Draw(t, "value")
	}
	values := map[Kind]*rapid.Generator[any]{
		String: rapid.Map(text, func(s string) any { return s }),
		Int:    rapid.Map(rapid.Int64Range(-1, 7), func(i int64) any { return i }),
		Bool:   rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		StringList: rapid.Map(rapid.SliceOfN(text, 0, 3), func(s []string) any {
			return s
		}),
		IntList: rapid.Map(rapid.SliceOfN(rapid.Int64Range(-1, 7), 0, 3), func(i []int64) any { return i }),
	}
	typ := set.schema.Types["account"]
	o := Object{Type: typ, ID: text.Draw(t, "id"), Parent: text.Draw(t, "parent"), State: Stored, RowTier: NoTier}
	for _, a := range typ.Attributes {
		o.Attributes = append(o.Attributes, maybe(values[a.Kind]))
	}
	body := make([]any, 0, len(typ.Body))
	for _, m := range typ.Body {
		body = append(body, maybe(values[m.Kind]))
	}
	c := &Caller{Peer: text.Draw(t, "peer"), Bound: Binding(rapid.IntRange(0, 1).Draw(t, "bound")), Purpose: text.Draw(t, "purpose")}
	switch rapid.IntRange(0, 2).Draw(t, "caller") {
	case 0:
		c.Kind, c.Identity = Human, set.identities[0]
		fallthrough
	case 1:
		claims := make(map[string]any)
		for name, kind := range testEnv().Issuers["corp"].Claims {
			if v := maybe(values[kind]); v != nil {
				claims[name] = v
			}
		}
		c.Verified = &Verified{Issuer: "corp", Subject: text.Draw(t, "subject"), ClientID: text.Draw(t, "client"), Claims: claims}
		c.Session = text.Draw(t, "session")
		if scopes, ok := maybe(values[StringList]).([]string); ok {
			c.Scopes = scopes
		}
		if rapid.Bool().Draw(t, "delegated") {
			c.Actor = &Caller{Verified: &Verified{Subject: text.Draw(t, "actor"), ClientID: text.Draw(t, "agent")}}
			if rapid.Bool().Draw(t, "known agent") {
				c.Actor.Identity = set.identities[0]
			}
		}
		if c.Kind == Anonymous {
			c.Kind = Unknown
		}
	}
	return &facts{
		schema: set.schema, caller: c, tier: 1, probe: rapid.IntRange(0, 5).Draw(t, "probe") == 0,
		req:    &Request{Now: testNow, Method: "GET", Host: text.Draw(t, "host"), Path: "/"},
		target: &Target{Action: "read", Object: o, Collection: rapid.Bool().Draw(t, "collection"), Body: body},
	}
}

// TestClosuresAnswerLikeCEL: a simple condition has one meaning, however it runs.
func TestClosuresAnswerLikeCEL(t *testing.T) {
	set, sc := world(t)
	fast, err := newExpressions()
	if err != nil {
		t.Fatal(err)
	}
	slow, err := newExpressions()
	if err != nil {
		t.Fatal(err)
	}
	slow.slow = true
	closures := 0
	rapid.Check(t, func(t *rapid.T) {
		text := drawCondition(t, 3)
		a, problems := fast.compile(sc, text)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", text, problems)
		}
		b, problems := slow.compile(sc, text)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", text, problems)
		}
		if a.closure {
			closures++
		}
		for range 8 {
			f := drawFacts(t, set)
			if got, want := a.test(f), b.test(f); got != want {
				t.Fatalf("%s is %v as closures and %v as CEL on\n%+v\n%+v\n%+v", text, got, want, f.target, f.caller, f.caller.Verified)
			}
		}
	})
	if closures == 0 {
		t.Error("no condition became closures")
	}
}

// TestTermsCoverWhatIsCommon: what people write most runs without CEL.
func TestTermsCoverWhatIsCommon(t *testing.T) {
	_, sc := world(t)
	sc.claims["https://example.com/role"] = claimKind{kind: String, issuer: "corp"}
	x, err := newExpressions()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`object.tenant == "eu"`:                                  true,
		`caller.claims.role == object.owner`:                     true,
		`!object.frozen`:                                         true,
		`object.tenant == "eu" && !object.frozen`:                true,
		`has(object.tenant) && object.tenant != "eu"`:            true,
		`caller.subject in object.owners || caller.bound`:        true,
		`object.balance == 7`:                                    true,
		`object.balance > 7`:                                     false,
		`object.tenant.startsWith("e")`:                          false,
		`request.query.mode == "full"`:                           false,
		`object.tenant in ["eu", "us"]`:                          false,
		`(object.balance == 7) == object.frozen`:                 false,
		`object.owners.exists(o, o == caller.subject)`:           false,
		`now < timestamp("2028-01-01T00:00:00Z")`:                false,
		`object.frozen ? object.balance == 1 : caller.bound`:     false,
		`[object.tenant, object.owner] == ["eu", "ada"]`:         false,
		"caller.claims.`role` == \"x\"":                          true,
		`caller.claims["https://example.com/role"] == "x"`:       true,
		`has(caller.claims["https://example.com/role"])`:         true,
		`caller.claims["https://example.com/role"] + "x" == "y"`: false,
		`object.marks == caller.claims.ranks || object.frozen`:   false,
		`object.tenant + "x" == "eux" && object.owner == "ada"`:  false,
	} {
		c, problems := x.compile(sc, text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
		} else if c.closure != want {
			t.Errorf("%s: closures %v, want %v", text, c.closure, want)
		}
	}
}

// TestCELCostIsLimited is X1: what a run may spend is bounded, and what is over
// it is an error.
func TestCELCostIsLimited(t *testing.T) {
	set, sc := world(t)
	x, err := newExpressions()
	if err != nil {
		t.Fatal(err)
	}
	c, problems := x.compile(sc, `object.owners.all(o, o != caller.subject)`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	typ := set.schema.Types["account"]
	for n, want := range map[int]truth{10: yes, 100_000: failed} {
		owners := make([]string, n)
		for i := range owners {
			owners[i] = fmt.Sprint("owner-", i)
		}
		o := Object{Type: typ, State: Stored, Attributes: make([]any, len(typ.Attributes))}
		o.Attributes[typ.Slot("owners")] = owners
		f := &facts{schema: set.schema, req: new(Request), target: &Target{Object: o},
			caller: &Caller{Kind: Unknown, Verified: &Verified{Subject: "ada"}}}
		if got := c.test(f); got != want {
			t.Errorf("%d owners: %v, want %v", n, got, want)
		}
	}
}

// TestRequestCostIsLimited is X1 for a whole request: each condition is cheap
// enough, and all of them together are not. Then no more are run: what would
// allow does not, and what would deny denies. The twin asks for fewer objects.
func TestRequestCostIsLimited(t *testing.T) {
	const allow = `
  - { id: shared, allow: customers, to: [read], on: account, up_to: internal, when: 'object.owners.exists(o, o == caller.subject)' }
`
	const deny = `
  - { id: all, allow: customers, to: [read], on: account, up_to: internal }
  - { id: shunned, deny: customers, to: [read], on: account, when: 'object.owners.exists(o, o + "!" == caller.subject)' }
`
	owners := make([]any, 1_500)
	for i := range owners {
		owners[i] = fmt.Sprint("owner-", i)
	}
	owners[len(owners)-1] = "ada"
	for name, text := range map[string]string{"allow": allow, "deny": deny} {
		t.Run(name, func(t *testing.T) {
			set := load(t, "rules:"+text)
			in := parseInput(t, `{ "caller": { "identity": "customers", "subject": "ada" }, "targets": [{ "action": "read", "object": "account/8" }] }`)
			in.Targets[0].Attributes = map[string]any{"owners": owners}
			req, c, one := in.request(t), in.Caller.caller(t, set), in.targets(t, set)[0]
			targets := slices.Repeat([]Target{one}, 100)
			few, many := set.Decide(req, c, targets[:10]), set.Decide(req, c, targets)
			if few.Effect != Allow {
				t.Fatalf("10 targets: %v", few.Reason)
			}
			if many.Effect != Deny || many.Reason != RuleError || len(many.Targets) <= 10 {
				t.Errorf("100 targets: %v %v after %d", many.Effect, many.Reason, len(many.Targets))
			}
			if again := set.Decide(req, c, targets); len(again.Targets) != len(many.Targets) {
				t.Errorf("denied at target %d, then at %d", len(many.Targets), len(again.Targets))
			}
		})
	}
}

// TestX3ConditionErrors: what is absent, and what cannot be computed.
func TestX3ConditionErrors(t *testing.T) {
	set, sc := world(t)
	x, err := newExpressions()
	if err != nil {
		t.Fatal(err)
	}
	typ := set.schema.Types["account"]
	o := Object{Type: typ, State: Stored, Attributes: make([]any, len(typ.Attributes))}
	o.Attributes[typ.Slot("balance")] = int64(0)
	o.Attributes[typ.Slot("owners")] = []string{"a"}
	o.Attributes[typ.Slot("owner")] = 3.5 // a source that breaks its promise
	f := &facts{schema: set.schema, req: &Request{Now: testNow, Path: "/no such key: x"}, caller: new(Caller), target: &Target{Object: o}}
	for text, want := range map[string]truth{
		`object.tenant == "eu"`:                        absent,
		`object.tenant.startsWith("eu")`:               absent,
		`purpose.startsWith("x")`:                      absent,
		`caller.subject.size() > 0`:                    absent,
		`request.query.x == "y"`:                       absent,
		`request.query["x"] == "y"`:                    absent,
		`{"a": 1}["b"] == 1`:                           absent,
		`1 / object.balance == 1`:                      failed,
		`object.balance - 9223372036854775807 - 2 < 0`: failed,
		`object.owners[3] == "a"`:                      failed,
		`timestamp(request.path) == now`:               failed, // its message quotes the path
		`object.owner == "a"`:                          failed,
		`object.owner.startsWith("a")`:                 failed,
		`has(object.tenant) && object.tenant == "eu"`:  no,
		`!has(request.query.x)`:                        yes,
		`1 / object.balance == 1 || true`:              yes,
	} {
		c, problems := x.compile(sc, text)
		if len(problems) > 0 {
			t.Errorf("%s: %v", text, problems)
		} else if got := c.test(f); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}
