package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestTierOf is section 4, step 4 of the decision page, a row a source.
func TestTierOf(t *testing.T) {
	set := load(t)
	s := set.Schema()
	tier := func(name string) Tier {
		got, ok := s.TierByName(name)
		if !ok {
			t.Fatalf("no tier %q", name)
		}
		return got
	}
	stored := func(typ, row string) Object {
		o := Object{Type: s.Types[typ], State: Stored, RowTier: NoTier}
		if row != "" {
			o.RowTier = tier(row)
		}
		return o
	}
	for _, row := range []struct {
		name       string
		t          Target
		want, from string
	}{
		{"type", Target{Action: "read", Object: stored("account", "")}, "internal", "type"},
		{"action", Target{Action: "close", Object: stored("account", "")}, "confidential", "action"},
		{"property", Target{Action: "update", Object: stored("account", ""), Properties: []string{"phone", "ssn"}}, "confidential", "property ssn"},
		{"lower property", Target{Action: "update", Object: stored("account", ""), Properties: []string{"phone"}}, "internal", "type"},
		{"undeclared property", Target{Action: "update", Object: stored("account", ""), Properties: []string{"x"}}, "internal", "type"},
		{"row", Target{Action: "read", Object: stored("account", "restricted")}, "restricted", "row"},
		{"lower row", Target{Action: "read", Object: stored("account", "public")}, "internal", "type"},
		{"row alone", Target{Action: "read", Object: stored("note", "public")}, "public", "row"},
		{"nothing", Target{Action: "read", Object: stored("note", "")}, "restricted", "unclassified"},
		{"no row, whatever RowTier says", Target{Action: "read", Object: Object{Type: s.Types["note"]}}, "restricted", "unclassified"},
		{"collection by its action", Target{Action: "list", Object: stored("account", ""), Collection: true}, "internal", "action"},
		{"collection", Target{Action: "export", Object: stored("account", ""), Collection: true}, "restricted", "collection"},
		{"equals name the first", Target{Action: "close", Object: stored("account", "confidential")}, "confidential", "action"},
	} {
		if got, from := s.TierOf(&row.t); got != tier(row.want) || from != row.from {
			t.Errorf("%s: %s from %q, want %s from %q", row.name, s.TierName(got), from, row.want, row.from)
		}
	}
	if s.TierName(NoTier) != "" || s.TierName(99) != "" {
		t.Error("a tier that is none has a name")
	}
}

// TestDecideIsTotal: what no caller of Decide should pass is denied, as a fault of ours.
func TestDecideIsTotal(t *testing.T) {
	set := load(t, "rules: [{ id: a, allow: { kind: anonymous }, to: [read], on: file, up_to: public }]")
	file := Target{Action: "read", Object: Object{Type: set.Schema().Types["file"]}}
	for name, row := range map[string]struct {
		req     *Request
		targets []Target
		want    Reason
	}{
		"no request":  {nil, []Target{file}, Internal},
		"no type":     {new(Request), []Target{{Action: "read"}}, Internal},
		"no targets":  {new(Request), nil, NoTarget},
		"one of two":  {new(Request), []Target{file, {}}, Internal},
		"no action":   {new(Request), []Target{{Object: file.Object}}, CredentialMissing},
		"other state": {new(Request), []Target{{Action: "read", Object: Object{Type: file.Object.Type, State: Absent}}}, UnknownObject},
	} {
		if d := set.Decide(row.req, nil, row.targets); d.Effect != Deny || d.Reason != row.want {
			t.Errorf("%s: %v %v, want deny %v", name, d.Effect, d.Reason, row.want)
		}
	}
	if d := set.Decide(new(Request), nil, []Target{file}); d.Effect != Allow {
		t.Errorf("the twin is denied: %+v", d)
	}
	empty := &Set{schema: new(Schema)}
	if d := empty.Decide(new(Request), new(Caller), nil); d.Effect != Deny {
		t.Error("an empty set allows")
	}
}

func TestHandsOn(t *testing.T) {
	set := load(t, `
rules:
  - { id: hands, allow: customers, to: [list], on: account, up_to: internal, then: { set_headers: { x-caller: "{caller.claims.tenant}" } } }
  - { id: not, allow: customers, to: [list], on: account, up_to: internal }
  - { id: more, allow: customers, to: ["*"], on: "*", up_to: internal, because: x, owner: y, review_by: 2027-06-30, then: { set_headers: { x-caller: "t-{caller.claims.tenant}" } } }
  - { id: other, allow: customers, to: [read], on: account, up_to: internal }
  - { id: deny, deny: customers, to: [list], on: account }
  - { id: shadow, mode: shadow, allow: customers, to: [list], on: account, up_to: internal }
`)
	var lines []int
	for _, pos := range set.HandsOn("list", "account", "caller.claims.tenant") {
		lines = append(lines, pos.Line)
	}
	if fmt.Sprint(lines) != "[4 5]" {
		t.Errorf("rules on lines %v do not hand it on, want [4 5]", lines)
	}
	if got := set.HandsOn("frobnicate", "file", "x"); len(got) != 1 {
		t.Errorf("got %v, want the rule on everything", got)
	}
}

func TestCouldAllow(t *testing.T) {
	set := load(t, `
rules:
  - { id: a, allow: customers, to: [read], on: account, up_to: internal, own: owner }
  - { id: b, mode: shadow, allow: customers, to: [delete], on: account, up_to: internal }
  - { id: c, deny: customers, to: [update], on: account }
`)
	typ := set.Schema().Types["account"]
	ada := (&testCaller{Identity: "customers", Subject: "ada"}).caller(t, set)
	for action, want := range map[string]bool{"read": true, "delete": false, "update": false, "list": false} {
		if got := set.CouldAllow(ada, typ, action); got != want {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
	if set.CouldAllow(nil, typ, "read") || set.CouldAllow(ada, nil, "read") {
		t.Error("nobody, or nothing, could be allowed")
	}
}

// TestNearMisses: what explain says about each rule for one and the same request.
func TestNearMisses(t *testing.T) {
	set := load(t, `
rules:
  - { id: other-type, allow: customers, to: [read], on: customer, up_to: internal }
  - { id: other-caller-and-action, allow: acme, to: [delete], on: account, up_to: internal }
  - { id: other-caller, allow: [acme, { kind: service }], to: [read], on: account, up_to: internal }
  - { id: other-action, allow: customers, to: [delete, update], on: account, up_to: internal }
  - { id: too-low, allow: customers, to: [read], on: account, up_to: internal }
  - { id: not-own, allow: customers, to: [read], on: account, up_to: confidential, own: owner }
  - { id: absent, allow: customers, to: [read], on: account, up_to: confidential, when: object.tenant == "eu" }
  - { id: purpose, allow: customers, to: [read], on: account, up_to: confidential, when: object.owner == "bob", for: [invoicing] }
  - { id: age, allow: customers, to: [read], on: account, up_to: confidential, when: object.owner == "bob", require: { max_token_age: 1s } }
  - { id: denies, deny: customers, to: [read], on: account, when: object.owner == "bob" }
  - { id: denies-not, deny: customers, to: [read], on: account, when: object.owner == "eve" }
  - { id: broken-deny, deny: customers, to: [read], on: account, when: object.frozen }
`)
	in := parseInput(t, `{ "caller": { "identity": "customers", "subject": "ada" },
		"targets": [{ "action": "read", "object": "account/8", "tier": "confidential", "attributes": { "owner": "bob" } }] }`)
	targets := in.targets(t, set)
	var got []string
	for _, m := range set.NearMisses(in.request(t), Judged{Caller: in.Caller.caller(t, set)}, &targets[0], "") {
		got = append(got, fmt.Sprintf("%s %s %v: %s", m.Effect, m.Rule, m.Fits, m.Missing))
	}
	want := `deny denies true: 
deny broken-deny true: 
allow age true: require max_token_age
allow purpose true: for invoicing
allow not-own true: own: owner
allow absent true: when: object.tenant == "eu" (a value that it reads is absent)
allow too-low true: up_to internal, this is confidential
allow other-action false: it is for delete, update`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if set.NearMisses(nil, Judged{}, &targets[0], "") != nil || set.NearMisses(in.request(t), Judged{}, &Target{}, "") != nil {
		t.Error("misses of nothing")
	}
	if got := set.NearMisses(in.request(t), Judged{}, &targets[0], ""); len(got) == 0 || got[0].Fits {
		t.Errorf("an anonymous caller: %v", got)
	}
}

func TestNearMissesOfCollections(t *testing.T) {
	set := load(t, `
rules:
  - { id: own, allow: customers, to: [list], on: account, up_to: confidential, own: owner }
  - { id: every, allow: customers, to: [list], on: account, up_to: internal }
`)
	in := parseInput(t, `{ "caller": { "identity": "customers", "subject": "ada" }, "targets": [
		{ "action": "list", "collection": "account", "unbounded": true }, { "action": "list", "collection": "account", "attributes": { "tenant": "eu" } }] }`)
	targets := in.targets(t, set)
	for i, want := range []string{"unbounded: true", "own: owner (the bounds of the collection do not prove it)"} {
		misses := set.NearMisses(in.request(t), Judged{Caller: in.Caller.caller(t, set)}, &targets[i], "")
		found := false
		for _, m := range misses {
			found = found || m.Missing == want
		}
		if !found {
			t.Errorf("target %d: %+v, want one that lacks %q", i, misses, want)
		}
	}
}

func TestRulesDescribesAll(t *testing.T) {
	set := load(t, `
rules:
  - { id: a, allow: [customers, { kind: service, issuer: corp, claim: { role: ops } }], to: [read], on: account, up_to: confidential, own: owner, for: [invoicing], then: { set_headers: { x-caller: x } } }
  - { id: b, mode: shadow, deny: { kind: anonymous }, to: ["*"], on: "*", from_tier: internal }
  - { id: c, allow: acme, to: [list], on: account, up_to: internal, unbounded: true, because: x, owner: y, review_by: 2027-06-30 }
`)
	got := set.Rules()
	if len(got) != 3 {
		t.Fatalf("%d rules", len(got))
	}
	a, b, c := got[0], got[1], got[2]
	if a.ID != "a" || a.Effect != Allow || a.Own != "owner" || a.UpTo != "confidential" || a.Pos.Line != 3 || len(a.Broad) != 0 ||
		strings.Join(a.Selectors, "; ") != "customers; { kind: service, issuer: corp, claim role: ops }" {
		t.Errorf("%+v", a)
	}
	if !b.Shadow || b.Effect != Deny || b.FromTier != "internal" || b.Selectors[0] != "{ kind: anonymous }" {
		t.Errorf("%+v", b)
	}
	if !c.Unbounded || c.Because != "x" || c.Owner != "y" || c.ReviewBy.Year() != 2027 || strings.Join(c.Broad, "") != "unbounded collections" {
		t.Errorf("%+v", c)
	}
}

// TestMutationsAreChecked is H1: what a value must be to leave us.
func TestMutationsAreChecked(t *testing.T) {
	for value, ok := range map[string]bool{
		"eu": true, "": true, "ünï cödé": true, strings.Repeat("x", maxMutation): true,
		"a\rb": false, "a\nb": false, "a\x00b": false, "a\tb": false, "a\x7fb": false, "\xff": false, strings.Repeat("x", maxMutation+1): false,
	} {
		m := mutation{name: "x-a"}
		if got := m.unfit(value) == ""; got != ok {
			t.Errorf("header %.20q: %v, want %v", value, got, ok)
		}
	}
	for value, ok := range map[string]bool{"aZ09*._-": true, "": true, "a b": false, "a+b": false, "a%20": false, "a&b": false, "ü": false} {
		m := mutation{name: "a", query: true}
		if got := m.unfit(value) == ""; got != ok {
			t.Errorf("query %q: %v, want %v", value, got, ok)
		}
	}
}

func TestNeverSettable(t *testing.T) {
	for name, want := range map[string]bool{
		":path": true, "host": true, "cookie": true, "transfer-encoding": true, "connection": true, "x-envoy-peer-metadata": true,
		"x-forwarded-client-cert": true, "authorization": true, "x-account-tenant": false, "x-envoyish": false,
	} {
		if got := NeverSettable(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestRequireUnmet(t *testing.T) {
	r := Require{MaxTokenAge: 60, MaxAuthAge: 60, BoundToken: true, Purpose: true}
	now := testNow
	fresh := &Verified{IssuedAt: now, AuthTime: now}
	for _, row := range []struct {
		c    Caller
		want Reason
	}{
		{Caller{}, TokenTooOld},
		{Caller{Verified: &Verified{AuthTime: now}}, TokenTooOld},
		{Caller{Verified: &Verified{IssuedAt: now}}, AuthTooOld},
		{Caller{Verified: fresh}, TokenNotBound},
		{Caller{Verified: fresh, Bound: ByWorkload}, PurposeMissing},
		{Caller{Verified: fresh, Bound: ByWorkload, Purpose: "x"}, ""},
		{Caller{Verified: &Verified{IssuedAt: now.Add(1e9), AuthTime: now}, Bound: ByWorkload, Purpose: "x"}, ""},
	} {
		if got, _ := r.unmet(&facts{caller: &row.c, req: &Request{Now: now}, target: new(Target)}); got != row.want {
			t.Errorf("%+v: %q, want %q", row.c, got, row.want)
		}
	}
}

// The answer to an old login says how new one must be: for the first rule that
// lacks nothing else, else for the tier, and for nothing but a login.
func TestLoginThatWouldDo(t *testing.T) {
	const require = ", require: { max_auth_age: "
	for _, row := range []struct {
		name, rules string
		issued      time.Time
		want        Reason
		age         int64
	}{
		{"of the rule", "rules: [" + may("a", require+"5m }") + "]", testNow, AuthTooOld, 300},
		{"of the first of two", "rules: [" + may("a", require+"5m }") + ", " + may("b", require+"9m }") + "]", testNow, AuthTooOld, 300},
		{"of the one that lacks nothing else", "rules: [" + may("a", require+"5m }, when: 'false'") + ", " + may("b", require+"9m }") + "]", testNow, AuthTooOld, 540},
		{"twin: the token is too old as well", "rules: [" + may("a", require+"5m, max_token_age: 1m }") + "]", testNow.Add(-time.Hour), TokenTooOld, 0},
		{"twin: no demand", "rules: [" + may("a", "") + "]", testNow, Allowed, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			set := load(t, row.rules)
			c := &Caller{Verified: &Verified{Issuer: "corp", Subject: "ada", IssuedAt: row.issued, AuthTime: testNow.Add(-time.Hour)}, Kind: Human}
			file := set.Schema().Types["file"]
			d := set.Decide(&Request{Now: testNow}, c, []Target{{Action: "read", Object: Object{Type: file, ID: "1"}}})
			if d.Reason != row.want || d.MaxAuthAge != row.age {
				t.Errorf("%s and %d seconds, want %s and %d", d.Reason, d.MaxAuthAge, row.want, row.age)
			}
		})
	}
}

func may(id, more string) string {
	return "{ id: " + id + ", allow: { issuer: corp }, to: [read], on: file, up_to: public" + more + " }"
}

// TestTargetOfOtherRules: a type that belongs to another version has no tier
// here, and no right.
func TestTargetOfOtherRules(t *testing.T) {
	set := load(t, "rules: [{ id: a, allow: { kind: anonymous }, to: [read], on: file, up_to: public }]")
	alien := &Type{Name: "file", Tier: 60, MaxRowTier: 60}
	d := set.Decide(new(Request), nil, []Target{{Action: "read", Object: Object{Type: alien}}})
	if d.Effect != Deny || d.Reason != Internal {
		t.Errorf("%v %v", d.Effect, d.Reason)
	}
}
