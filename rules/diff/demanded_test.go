package diff

import (
	"strings"
	"testing"
)

// What somebody could do only with what was demanded, and now can without, is gained by
// whoever cannot bring it.
func TestLessIsDemanded(t *testing.T) {
	const req, ask, limit = `, require: { acr: [phr], max_auth_age: 1m }`, `, ask: { header: x-case, pattern: "[0-9]+", as: case }`, `, limit: { objects: 2, per: 1h }`
	rule := func(id, more string) string {
		text := `  - { id: ` + id + `, allow: people, to: [read], on: note, up_to: restricted` + more + `, because: x, owner: y, review_by: 2028-01-01 }` + "\n"
		return text
	}
	text := func(rules ...string) string { return world + "rules:\n" + strings.Join(rules, "") }
	tier := func(text, require string) string {
		for _, name := range []string{"internal", "confidential", "restricted"} {
			text = strings.Replace(text, "{ name: "+name+" }", "{ name: "+name+", require: { "+require+" } }", 1)
		}
		return strings.Replace(text, "type: note, tier: public", "type: note, tier: internal", 1)
	}
	lower := func(text string) string {
		return strings.Replace(text, "type: note, tier: internal", "type: note, tier: public", 1)
	}
	when := `, when: 'request.path.endsWith("/x")'`
	for _, row := range []struct {
		name     string
		old, now string
		want     bool
	}{
		{"a rule comes beside one that requires", text(rule("a", req)), text(rule("a", req), rule("b", "")), true},
		{"twin: it requires as much", text(rule("a", req)), text(rule("a", req), rule("b", req)), false},
		{"twin: it requires more", text(rule("a", req)), text(rule("a", req), rule("b", `, require: { acr: [phr], max_auth_age: 1m, amr: [otp] }`)), false},
		{"it requires something else", text(rule("a", req)), text(rule("a", req), rule("b", `, require: { acr: [phr] }`)), true},
		{"it comes beside one that asks", text(rule("a", ask)), text(rule("a", ask), rule("b", "")), true},
		{"twin: it asks the same", text(rule("a", ask)), text(rule("a", ask), rule("b", ask)), false},
		{"it comes beside one that limits", text(rule("a", limit)), text(rule("a", limit), rule("b", "")), true},
		{"it has a budget of its own", text(rule("a", limit)), text(rule("a", limit), rule("b", limit)), true},
		{"it is in force no more only to try", text(rule("a", req), rule("b", ", mode: shadow")), text(rule("a", req), rule("b", "")), true},
		{"twin: the other way round", text(rule("a", req), rule("b", "")), text(rule("a", req), rule("b", ", mode: shadow")), false},
		{"it is about more", text(rule("a", req), rule("b", ", only: { id: [a] }")), text(rule("a", req), rule("b", "")), true},
		{"twin: about less", text(rule("a", req), rule("b", "")), text(rule("a", req), rule("b", ", only: { id: [a] }")), false},
		{"beside a condition that nobody can try", text(rule("a", req+when), ""), text(rule("a", req+when), rule("b", when)), true},
		{"the type comes out of a tier that requires", tier(text(rule("a", "")), "acr: [phr]"), lower(tier(text(rule("a", "")), "acr: [phr]")), true},
		{"twin: its rule requires it", tier(text(rule("a", req)), "acr: [phr]"), lower(tier(text(rule("a", req)), "acr: [phr]")), false},
		{"twin: it goes in", lower(tier(text(rule("a", "")), "acr: [phr]")), tier(text(rule("a", "")), "acr: [phr]"), false},
		{"twin: what is new altogether is a gain", world, text(rule("a", "")), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := compared(t, row.old, row.now)
			got := false
			for _, u := range r.Unjudged {
				got = got || u.What == "what is demanded"
			}
			if got != row.want || got && !r.Gains() {
				t.Errorf("less is demanded: %t, want %t: %+v", got, row.want, r.Unjudged)
			}
		})
	}
}
