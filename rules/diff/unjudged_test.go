package diff

import (
	"slices"
	"strings"
	"testing"
)

const world = `
tiers: [ { name: public }, { name: internal }, { name: confidential }, { name: restricted } ]
unclassified: restricted
broad_above: restricted
objects:
  - { type: note, tier: public }
routes:
  - host: bank.example.com
    map:
      - GET    /notes/{id}              -> read   note/{id}
identities:
  - { name: people, kind: human, match: { issuer: corp, client: [web] } }
`

// A condition that is not judged may let more through, unless what it stands in is
// an allow rule that narrows or goes, or a deny rule that comes.
func TestConditionsThatMayGain(t *testing.T) {
	const (
		allow = `  - { id: r, allow: people, to: [read], on: note, up_to: public%W, because: x, owner: y, review_by: 2028-01-01 }` + "\n"
		deny  = `  - { id: r, deny: people, to: [read], on: note%W }` + "\n"
		when  = `, when: 'request.path.endsWith("/x")'`
		other = `, when: 'request.path.endsWith("/y")'`
		req   = `, require: { purpose: true }`
		limit = `, limit: { objects: 5, per: 1h }`
		more  = `, limit: { objects: 6, per: 1h }`
	)
	text := func(rule, more string) string {
		if rule == "" {
			return world
		}
		return world + "rules:\n" + strings.Replace(rule, "%W", more, 1)
	}
	for _, row := range []struct {
		name     string
		old, now string
		may      bool
	}{
		{"an allow rule loses its condition", text(allow, when), text(allow, ""), true},
		{"twin: it gets one", text(allow, ""), text(allow, when), false},
		{"it gets another", text(allow, when), text(allow, other), true},
		{"it goes with its rule", text(allow, when), text("", ""), false},
		{"it comes with its rule", text("", ""), text(allow, when), true},
		{"a deny rule gets a condition", text(deny, ""), text(deny, when), true},
		{"twin: it comes with one", text("", ""), text(deny, when), false},
		{"a deny rule loses its condition", text(deny, when), text(deny, ""), true},
		{"it goes with its condition", text(deny, when), text("", ""), true},
		{"an allow rule loses its demand", text(allow, req), text(allow, ""), true},
		{"twin: it gets one", text(allow, ""), text(allow, req), false},
		{"a demand goes with its rule", text(allow, req), text("", ""), false},
		{"a rule in force demands more", text(allow, `, require: { max_token_age: 1h }`), text(allow, `, require: { max_token_age: 5m, acr: [gold] }`), false},
		{"twin: it demands less of one thing", text(allow, `, require: { max_token_age: 1h }`), text(allow, `, require: { max_token_age: 2h, acr: [gold] }`), true},
		{"another network", text(allow, `, require: { network: [10.0.0.0/8] }`), text(allow, `, require: { network: [10.1.0.0/16, 11.0.0.0/8] }`), true},
		{"twin: a part of it", text(allow, `, require: { network: [10.0.0.0/8] }`), text(allow, `, require: { network: [10.1.0.0/16, 10.2.0.0/16] }`), false},
		{"an allow rule asks no more", text(allow, `, ask: { header: x-case, pattern: "[0-9]+", as: case }`), text(allow, ""), true},
		{"what is set for the upstream goes with its rule", text(allow, `, then: { set_query: { tenant: caller.tenant } }`), text("", ""), true},
		{"a limit is lower", text(allow, `, limit: { objects: 5, per: 1h }`), text(allow, `, limit: { objects: 4, per: 2h }`), false},
		{"twin: it is higher", text(allow, `, limit: { objects: 5, per: 1h }`), text(allow, `, limit: { objects: 6, per: 1h }`), true},
		{"twin: for a shorter time", text(allow, `, limit: { objects: 5, per: 1h }`), text(allow, `, limit: { objects: 4, per: 30m }`), true},
		{"twin: for each subject", text(allow, `, limit: { objects: 5, per: 1h }`), text(allow, `, limit: { objects: 5, per: 1h, by: subject }`), true},
		{"twin: of something else", text(allow, `, limit: { objects: 5, per: 1h }`), text(allow, `, limit: { writes: 5, per: 1h }`), true},
		{"a second limit", text(allow, `, limit: { objects: 5, per: 1h }`), text(allow, `, limit: [ { objects: 5, per: 1h }, { writes: 5, per: 1h } ]`), false},
		{"twin: one of two goes", text(allow, `, limit: [ { objects: 5, per: 1h }, { writes: 5, per: 1h } ]`), text(allow, `, limit: { objects: 5, per: 1h }`), true},
		{"a limit goes", text(allow, `, limit: { objects: 5, per: 1h }`), text(allow, ""), true},
		{"twin: it comes", text(allow, ""), text(allow, `, limit: { objects: 5, per: 1h }`), false},
		{"a deny rule answers otherwise", text(deny, `, status: 404`), text(deny, `, status: 423`), false},
		{"a condition comes into force with its rule", text(allow, when+`, mode: shadow`), text(allow, when), true},
		{"twin: it goes out of force", text(allow, when), text(allow, when+`, mode: shadow`), false},
		{"an allow rule loses its limit", text(allow, limit), text(allow, ""), true},
		{"twin: it gets one", text(allow, ""), text(allow, limit), false},
		{"a limit is raised", text(allow, limit), text(allow, more), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := compared(t, row.old, row.now)
			r.Unjudged = slices.DeleteFunc(r.Unjudged, func(u Unjudged) bool { return strings.HasPrefix(u.Of, "identity") })
			if len(r.Unjudged) != 1 || r.Unjudged[0].MayGain != row.may {
				t.Errorf("not judged: %+v, want one that may gain: %v", r.Unjudged, row.may)
			}
			if row.may && !r.Gains() {
				t.Error("nobody gains, it says")
			}
		})
	}
}

// A rule may decide on what nobody can try. Whatever else changes beside such a
// condition is judged as if it held, and as if it did not.
func TestChangesBesideConditionsMayGain(t *testing.T) {
	const (
		rule = `  - { id: r, allow: people, to: [read], on: note, up_to: public, when: 'request.path.endsWith("/x")', because: x, owner: y, review_by: 2028-01-01 }` + "\n"
		held = `  - { id: h, deny: people, to: [read], on: note, when: 'request.path.endsWith("/y")' }` + "\n"
	)
	text := func(rules ...string) string { return world + "rules:\n" + strings.Join(rules, "") }
	internal := func(world string) string {
		return strings.Replace(world, "type: note, tier: public", "type: note, tier: internal", 1)
	}
	for _, row := range []struct {
		name     string
		old, now string
		want     string // what somebody may gain, "" for nothing
	}{
		{"a type comes down to what the rule allows", internal(text(rule)), text(rule), `read note object, where request.path.endsWith("/x")`},
		{"twin: it goes up", text(rule), internal(text(rule)), ""},
		{"a denial goes that may have been in its way", text(rule, held), text(rule), `read note object, where request.path.endsWith("/x") and request.path.endsWith("/y")`},
		{"twin: it comes", text(rule), text(rule, held), ""},
		{"both stay", text(rule, held), text(rule, held), ""},
		{"the rule goes beyond its tier", internal(text(rule)), internal(text(strings.Replace(rule, "up_to: public", "up_to: internal", 1))),
			`read note object, where request.path.endsWith("/x")`},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := compared(t, row.old, row.now)
			got := ""
			for _, u := range r.Unjudged {
				if u.What == "what conditions decide" {
					got += u.New
				}
			}
			if got != row.want || row.want != "" && !r.Gains() {
				t.Errorf("may gain %q, want %q (gains: %t)", got, row.want, r.Gains())
			}
		})
	}
}

// What was left out of a comparison may be a gain.
func TestNotesMayBeGains(t *testing.T) {
	if r := (&Report{Notes: []string{"cut short"}}); !r.Gains() {
		t.Error("nobody gains, it says")
	}
	if r := (&Report{}); r.Gains() {
		t.Error("the twin gains")
	}
}
