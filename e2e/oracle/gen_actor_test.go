package oracle

import "testing"

// Delegated tokens meet every end: both allowed, the caller denied, the actor
// denied by its own rules, and the actor refused before any rule.
func TestActorsMeetEveryEnd(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(4) {
		w := Generate(seed)
		for _, r := range Traffic(w, base, 2000) {
			if r.Token < 0 || w.Tokens[r.Token].Act == nil {
				continue
			}
			a := Evaluate(w, base, r)
			end := "refused before any target"
			if n := len(a.Targets); n > 0 {
				end = "the caller's last target: " + a.Targets[n-1].Effect
				if a.Targets[n-1].As != "" {
					end = "the actor's last target: " + a.Targets[n-1].Effect
				}
			}
			seen[end]++
			if a.Reason == "agent_not_permitted" && len(a.Targets) > 0 {
				seen["agent_not_permitted by the actor's own rules"]++
			}
		}
	}
	t.Log(seen)
	for _, end := range []string{
		"refused before any target", "the caller's last target: deny", "the actor's last target: deny", "the actor's last target: allow",
		"agent_not_permitted by the actor's own rules",
	} {
		if seen[end] < 20 {
			t.Errorf("%s: %d times, want at least 20", end, seen[end])
		}
	}
}
