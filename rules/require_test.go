package rules

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// trial is a directory whose tier internal demands something for the second verdict alone.
func trial(t *testing.T, require string, more ...string) *Set {
	t.Helper()
	text := `
tiers:
  - name: public
  - name: internal
    require: { max_token_age: 1h }
    require_shadow: { ` + require + ` }
unclassified: internal
objects:
  - { type: note, tier: internal }
identities:
  - { name: staff, kind: human, match: { issuer: corp } }
rules:
  - { id: read, allow: staff, to: [read], on: note, up_to: internal, because: x, owner: y, review_by: 2027-03-31 }
` + strings.Join(more, "")
	return loadFS(t, fstest.MapFS{"rules.yaml": &fstest.MapFile{Data: []byte(text)}})
}

// What a tier would demand changes no answer; the record shows what would.
func TestRequireShadowIsASecondVerdict(t *testing.T) {
	const denied = "  - { id: no, deny: staff, to: [read], on: note }\n"
	for _, c := range []struct {
		name, require, more string
		caller              Verified
		want                Reason // of the first verdict
		shadow              Reason // of the second, "" for none
	}{
		{"it would deny", "acr: gold", "", Verified{IssuedAt: testNow}, Allowed, AuthTooWeak},
		{"twin: it is met", "acr: gold", "", Verified{IssuedAt: testNow, ACR: "gold"}, Allowed, ""},
		{"what is in force comes first", "acr: gold", "", Verified{}, TokenTooOld, ""},
		{"what a rule denies it cannot deny again", "acr: gold", denied, Verified{IssuedAt: testNow}, DeniedByRule, ""},
		{"several demands, in their order", "acr: gold, purpose: true", "", Verified{IssuedAt: testNow}, Allowed, PurposeMissing},
	} {
		set := trial(t, c.require, c.more)
		c.caller.Issuer, c.caller.Subject = "corp", "ada"
		who := &Caller{Verified: &c.caller, Kind: Human, Identity: set.Identities()[0]}
		d := set.Decide(&Request{Now: testNow}, who, []Target{{Action: "read", Object: Object{Type: set.Schema().Types["note"], ID: "1"}}})
		if d.Reason != c.want || (d.Shadow == nil) != (c.shadow == "") {
			t.Errorf("%s: %s, shadow %+v", c.name, d.Reason, d.Shadow)
			continue
		}
		if c.shadow == "" {
			continue
		}
		if s := d.Shadow; s.Reason != c.shadow || s.Effect != Deny || s.By != "rules" || !strings.HasPrefix(s.Detail, "tier internal require_shadow ") {
			t.Errorf("%s: %+v, want %s", c.name, s, c.shadow)
		}
		if d.Targets[0].Missing != "" || d.Targets[0].Effect != Allow {
			t.Errorf("%s: the first verdict shows the second: %+v", c.name, d.Targets[0])
		}
	}
}

// A review counts what a caller could reach who brings all that is asked of it.
func TestSupposing(t *testing.T) {
	set := load(t, `rules: [{ id: a, allow: customers, to: [read], on: file, up_to: public,
  require: { acr: gold, amr: otp, mtls: true, network: 10.0.0.0/8 }, ask: { header: x-case, pattern: "C[0-9]", as: case } }]`)
	who := &Caller{Verified: &Verified{Issuer: "corp", Subject: "ada"}, Kind: Human, Identity: set.Identities()[0]}
	file := []Target{{Action: "read", Object: Object{Type: set.Schema().Types["file"], ID: "1"}}}
	if d := set.Supposing().Decide(&Request{Now: testNow}, who, file); d.Effect != Allow || d.Answers != nil {
		t.Errorf("supposed: %v %s, answers %v", d.Effect, d.Reason, d.Answers)
	}
	if d := set.Decide(&Request{Now: testNow}, who, file); d.Reason != CertificateMissing {
		t.Errorf("as it is: %v %s", d.Effect, d.Reason)
	}
}

// A type's rows are as fresh as the strictest of its tiers and rules demands.
func TestFreshnessOfTypes(t *testing.T) {
	text := func(rules string) string {
		return `
tiers: [{ name: low }, { name: mid, require: { fresh_catalog: 1m } }, { name: high, require: { fresh_catalog: 5s } }]
objects:
  - { type: note, tier: low, max_row_tier: mid, catalog: db }
  - { type: file, tier: low, max_row_tier: low, catalog: db }
identities: [{ name: staff, kind: human, match: { issuer: corp } }]
rules: [{ id: a, allow: staff, to: [read], on: [note, file], up_to: low }` + rules + `]
`
	}
	const demanding = ", to: [read], up_to: low, on: "
	for _, c := range []struct {
		name, rules string
		note, file  time.Duration
	}{
		{"by the tiers that they can have", "", time.Minute, 0},
		{"by a rule", ", { id: b, allow: staff" + demanding + "file, require: { fresh_catalog: 2s } }", time.Minute, 2 * time.Second},
		{"a longer one of a rule", ", { id: b, allow: staff" + demanding + "note, require: { fresh_catalog: 1h } }", time.Minute, 0},
		{"not by a rule in shadow", ", { id: b, mode: shadow, allow: staff" + demanding + "file, require: { fresh_catalog: 2s } }", time.Minute, 0},
		{"by a rule on every type", `, { id: b, allow: staff, because: x, owner: y, review_by: 2027-03-31` + demanding + `"*", require: { fresh_catalog: 2s } }`, 2 * time.Second, 2 * time.Second},
	} {
		s := loadFS(t, fstest.MapFS{"rules.yaml": &fstest.MapFile{Data: []byte(text(c.rules))}}).Schema()
		if note, file := s.Types["note"].Fresh, s.Types["file"].Fresh; note != c.note || file != c.file {
			t.Errorf("%s: note %v and file %v, want %v and %v", c.name, note, file, c.note, c.file)
		}
	}
}
