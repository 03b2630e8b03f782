package rules

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestLack: what one rule lacks of one request, as a machine reads it, and the setting
// that meets it. Each is the denied twin of what the same request is with that setting.
func TestLack(t *testing.T) {
	input := parseInput(t, `{ "caller": { "identity": "customers", "subject": "ada", "scopes": ["notes"], "acr": "low", "amr": ["pwd"], "claims": { "role": "clerk", "groups": ["red"] } },
		"request": { "ip": "198.51.100.7", "headers": [["x-case", "none"]] },
		"targets": [{ "action": "read", "object": "account/8", "tier": "internal", "age": "1m", "attributes": { "owner": "bob", "tenant": "eu" } }] }`)
	for _, row := range []struct {
		rule, want, try string // the rule without id, to, on and up_to; settings between spaces
	}{
		{`own: owner`, `{"kind":"own","name":"owner","want":["ada"],"had":["bob"],"reads":[{"name":"object.owner","value":"bob"},{"name":"caller.subject","value":"ada"}]}`, "object.owner=ada"},
		{`only: { id: ["9"] }`, `{"kind":"id","want":["9"],"had":["8"],"reads":[{"name":"object.id","value":"8"}]}`, "object.id=9"},
		{`only: { id_prefix: "ab-" }`, `{"kind":"id_prefix","want":["ab-"],"had":["8"],"reads":[{"name":"object.id","value":"8"}]}`, "object.id=ab-"},
		{`only: { label: { tenant: [us, ap] } }`, `{"kind":"label","name":"tenant","want":["us","ap"],"had":["eu"],"reads":[{"name":"object.tenant","value":"eu"}]}`, "object.tenant=us"},
		{`when: object.tenant == "us"`, `{"kind":"when","part":"object.tenant == \"us\"","reads":[{"name":"object.tenant","value":"eu"}]}`, "object.tenant=us"},
		{`when: object.tenant == "eu" && caller.claims.role == "ops"`, `{"kind":"when","part":"caller.claims.role == \"ops\"","reads":[{"name":"caller.claims.role","value":"clerk"}]}`, "claim.role=ops"},
		{`when: '"blue" in caller.claims.groups'`, `{"kind":"when","part":"\"blue\" in caller.claims.groups","reads":[{"name":"caller.claims.groups","value":["red"]}]}`, "claim.groups=red,blue"},
		{`when: caller.claims.groups.exists(g, g == "blue") && object.tenant != "us"`, `{"kind":"when","part":"caller.claims.groups.exists(g, g == \"blue\")","reads":[{"name":"caller.claims.groups","value":["red"]}]}`, "claim.groups=red,blue"},
		{`when: object.owner.startsWith("a")`, `{"kind":"when","part":"object.owner.startsWith(\"a\")","reads":[{"name":"object.owner","value":"bob"}]}`, "object.owner=a"},
		{`when: caller.claims.level > 3`, `{"kind":"when","part":"caller.claims.level \u003e 3","reads":[{"name":"caller.claims.level","absent":true}]}`, "claim.level=4"},
		{`when: inNetwork(request.ip, "10.0.0.0/8")`, `{"kind":"when","part":"inNetwork(request.ip, \"10.0.0.0/8\")","reads":[{"name":"request.ip","value":"198.51.100.7"}]}`, "ip=10.0.0.1"},
		{`when: now > timestamp("2027-03-01T00:00:00Z")`, `{"kind":"when","part":"now \u003e timestamp(\"2027-03-01T00:00:00Z\")","reads":[{"name":"now","value":"2027-01-15T12:00:00Z"}]}`, "at=2027-03-01T00:00:01Z"},
		{`when: has(object.frozen) && !object.frozen`, `{"kind":"when","part":"has(object.frozen)","reads":[{"name":"object.frozen","absent":true}]}`, "object.frozen=false"},
		{`when: request.method == "PUT"`, `{"kind":"when","part":"request.method == \"PUT\"","reads":[{"name":"request.method","value":"GET"}]}`, ""},
		{`not_before: 2027-02-01`, `{"kind":"not_before","want":["2027-02-01T00:00:00Z"],"had":["2027-01-15T12:00:00Z"]}`, "at=2027-02-01T00:00:00Z"},
		{`until: 2027-01-10`, `{"kind":"until","want":["2027-01-11T00:00:00Z"],"had":["2027-01-15T12:00:00Z"]}`, "at=2027-01-10T23:59:59Z"},
		{`category: []`, `{"kind":"category","had":["pii"]}`, "category="},
		{`require: { max_token_age: 1s }`, `{"kind":"max_token_age","want":["1s"],"had":["1m0s"]}`, "token_age=0s"},
		{`require: { max_auth_age: 1h }`, `{"kind":"max_auth_age","want":["1h0m0s"]}`, "auth_age=0s"},
		{`require: { bound_token: true }`, `{"kind":"bound_token","want":["true"],"had":["none"]}`, "bound=mtls"},
		{`require: { mtls: true }`, `{"kind":"mtls","want":["true"],"had":["none"]}`, "bound=mtls"},
		{`require: { network: [10.0.0.0/8] }`, `{"kind":"network","want":["10.0.0.0/8"],"had":["198.51.100.7"]}`, "ip=10.0.0.1"},
		{`require: { acr: [high] }`, `{"kind":"acr","want":["high"],"had":["low"]}`, "acr=high"},
		{`require: { amr: [pwd, otp] }`, `{"kind":"amr","want":["pwd","otp"],"had":["pwd"]}`, "amr=pwd,otp"},
		{`require: { fresh_catalog: 5s }`, `{"kind":"fresh_catalog","want":["5s"],"had":["1m0s"]}`, "catalog_age=0s"},
		{`require: { purpose: true }`, `{"kind":"purpose"}`, "purpose=any"},
		{`ask: { header: x-case, pattern: "CASE-[0-9]{3}", as: case }`, `{"kind":"ask","name":"x-case","want":["CASE-[0-9]{3}"],"had":["none"]}`, "header.x-case=CASE-111"},
	} {
		t.Run(row.rule, func(t *testing.T) {
			text := "rules:\n  - id: r\n    allow: customers\n    to: [read]\n    on: account\n    up_to: restricted\n    because: x\n    owner: y\n    review_by: 2027-06-30\n    " + row.rule + "\n"
			set := load(t, text)
			targets := input.targets(t, set)
			if strings.HasPrefix(row.rule, "category") {
				pii := categories(1)
				targets[0].suppose(func(w *otherwise) { w.categories = &pii })
			}
			got := set.NearMisses(input.request(t), Judged{Caller: input.Caller.caller(t, set)}, &targets[0], "")
			if len(got) != 1 || got[0].Lack == nil {
				t.Fatalf("near: %+v", got)
			}
			l := *got[0].Lack
			tries := l.Tries
			if b, err := json.Marshal(l); err != nil || string(b) != row.want {
				t.Errorf("got  %s %v\nwant %s", b, err, row.want)
			}
			if row.try == "" {
				if len(tries) > 0 {
					t.Errorf("tries %q, want none", tries)
				}
				return
			}
			if len(tries) == 0 || strings.Join(tries[0], " ") != row.try {
				t.Fatalf("tries %q, want %s first", tries, row.try)
			}
			f := set.facts(input.request(t), Judged{Caller: input.Caller.caller(t, set)}, &targets[0])
			f.grade()
			next, sure, err := set.supposing(&f, tries[0])
			if err != nil || !sure {
				t.Fatalf("%q: %v", tries[0], err)
			}
			if again, _ := set.rules[0].on(targets[0].Object.Type).lack(set, &next); again != nil && again.Stage <= l.Stage {
				t.Errorf("with %q it lacks %s", tries[0], again)
			}
		})
	}
}

// TestLackOfWho: which member of a selector is missed, and who would do.
func TestLackOfWho(t *testing.T) {
	for _, row := range []struct{ allow, kind, name, want, try string }{
		{"acme", "identity", "", "acme", "identity=acme subject=someone"},
		{"{ kind: service }", "kind", "", "service", "identity=svc-billing"},
		{"{ issuer: acme-idp }", "issuer", "", "acme-idp", "issuer=acme-idp"},
		{"{ identity: customers, claim: { role: ops } }", "claim", "role", "ops", "claim.role=ops"},
		{"{ identity: customers, claim: { groups: red } }", "claim", "groups", "red", "claim.groups=blue,red"},
		{`{ identity: customers, scope: ["a", "b"] }`, "scope", "", "a", "scope=a,b"},
		{"{ identity: customers, workload: spiffe://example.com/a/* }", "workload", "", "spiffe://example.com/a/*", "peer=spiffe://example.com/a/x"},
		{"{ identity: customers, not: { claim: { groups: blue } } }", "not", "", "{ claim groups: blue }", "claim.groups="},
	} {
		t.Run(row.allow, func(t *testing.T) {
			set := load(t, "rules:\n  - { id: r, allow: "+row.allow+", to: [read], on: account, up_to: restricted, because: x, owner: y, review_by: 2027-06-30 }\n")
			in := parseInput(t, `{ "caller": { "identity": "customers", "subject": "ada", "claims": { "groups": ["blue"] } }, "targets": [{ "action": "read", "object": "account/8", "tier": "internal" }] }`)
			near := set.NearMisses(in.request(t), Judged{Caller: in.Caller.caller(t, set)}, &in.targets(t, set)[0], "")
			if len(near) != 1 || near[0].Lack == nil {
				t.Fatalf("near: %+v", near)
			}
			l := near[0].Lack
			if l.Kind != row.kind || l.Name != row.name || strings.Join(l.Want, " ") != row.want || near[0].Fits {
				t.Errorf("got %+v", l)
			}
			if !slices.ContainsFunc(l.Tries, func(try []string) bool { return strings.Join(try, " ") == row.try }) {
				t.Errorf("tries %q, want %s among them", l.Tries, row.try)
			}
		})
	}
}

// A value that is sensitive is neither shown nor part of what is tried.
func TestLackShowsNothingSensitive(t *testing.T) {
	set := load(t, `
rules:
  - { id: r, allow: customers, to: [read], on: account, up_to: restricted, when: object.ssn == caller.claims.role, because: x, owner: y, review_by: 2027-06-30 }
`)
	in := parseInput(t, `{ "caller": { "identity": "customers", "subject": "ada", "claims": { "role": "clerk" } },
		"targets": [{ "action": "read", "object": "account/8", "tier": "internal", "attributes": { "ssn": "secret-1" } }] }`)
	near := set.NearMisses(in.request(t), Judged{Caller: in.Caller.caller(t, set)}, &in.targets(t, set)[0], "")
	text, err := json.Marshal(near)
	if err != nil || len(near) != 1 || len(near[0].Lack.Tries) == 0 {
		t.Fatalf("%s %v", text, err)
	}
	if strings.Contains(string(text), "secret-1") {
		t.Errorf("it shows the value: %s", text)
	}
}

func TestExampleOf(t *testing.T) {
	for pattern, want := range map[string]string{
		"CASE-[0-9]{6}": "CASE-111111", "[a-z]+": "a", "(INC|CASE)-[A-Z]{2}": "INC-AA", "x*": "x", "a?b": "ab", ".{3}": "xxx", `\d+`: "1", "[": "", "": "", `\bx`: "x",
		"[^a-z0-9]": "!", "é": "é",
	} {
		if got := exampleOf(pattern); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

// A rule that counts objects never allows a collection: no line can bring it one, but who
// supposes another action can. Its twin counts writes, and applies.
func TestLackOfALimitThatCountsNoCollections(t *testing.T) {
	input := parseInput(t, `{ "caller": { "identity": "customers", "subject": "ada" }, "targets": [{ "action": "read", "collection": "account", "attributes": { "owner": "ada" } }] }`)
	for limit, want := range map[string]string{"objects": "limit: 5 objects per 1h", "writes": ""} {
		set := load(t, "rules:\n  - { id: r, allow: customers, to: [read], on: account, up_to: restricted, own: owner, because: x, owner: y, review_by: 2027-06-30, limit: { "+limit+": 5, per: 1h } }\n")
		targets, req, who := input.targets(t, set), input.request(t), input.Caller.caller(t, set)
		if got := set.Decide(req, who, targets).Reason; (got == NoRule) != (want != "") || (got == TokenNotBound) != (want == "") { // which the tier wants of whom a rule allows
			t.Errorf("%s: %s", limit, got)
		}
		got := set.NearMisses(req, Judged{Caller: who}, &targets[0], "")
		at := slices.IndexFunc(got, func(m Miss) bool { return m.Rule == "r" })
		if at < 0 || got[at].Missing != want {
			t.Fatalf("%s: near %+v, want %q", limit, got, want)
		}
		if l := got[at].Lack; l != nil && (l.Kind != "limit" || l.Refused == "" || len(l.Tries) > 0) {
			t.Errorf("%s: %+v", limit, l)
		}
	}
}
