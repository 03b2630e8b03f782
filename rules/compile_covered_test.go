package rules

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var coveredID = regexp.MustCompile(`never applies: rule "r\d+"`)

// TestCoveredRulesNeverApply: whatever random rules are warned of for a deny rule that
// covers them, no request of a small world is ever decided by them.
func TestCoveredRulesNeverApply(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 11))
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	base := "groups: [{ name: machines, members: [svc-billing, acme] }, { name: some, members: [customers, acme] }]\nrules:\n"
	seen := 0
	for range 300 {
		text := base
		for i := range 6 {
			who := pick("customers", "svc-billing", "acme", "machines", "some", "{ kind: service }", "{ issuer: corp }", "{ kind: anonymous }",
				"{ group: machines, kind: service }", "{ claim: { role: x }, issuer: corp }", "{ issuer: corp, claim: { role: x }, kind: human }", "[some, svc-billing]", "{ group: some, not: acme }", "{ kind: human, scope: a }", "[{ kind: service }, { kind: human }]")
			on := pick("account", "file", "[account, file]")
			to := pick("[read]", "[list]", "[read, list]")
			more := pick("", "", "", `, when: object.id == "1"`, ", for: dunning", ", until: 2027-02-01", ", not_before: 2027-02-01")
			if rnd.IntN(2) == 0 {
				text += fmt.Sprintf("  - { id: r%d, allow: %s, to: %s, on: %s, up_to: %s%s }\n", i, who, to, on, pick("public", "internal"), more)
			} else {
				text += fmt.Sprintf("  - { id: r%d, deny: %s, to: %s, on: %s%s%s%s }\n", i, who, to, on, more, pick("", "", ", from_tier: internal"), pick("", "", ", status: 404"))
			}
		}
		src, ms := Parse(fstest.MapFS{"base.yaml": {Data: readBase(t)}, "a.yaml": {Data: []byte(text)}})
		set, more := Compile(src, testEnv())
		if append(ms, more...).Err() != nil {
			continue // two alternatives exclude each other
		}
		vain := make(map[string]bool)
		for _, w := range set.Warnings() {
			if coveredID.MatchString(w.Text) {
				line := strings.Split(text, "\n")[w.Pos.Line-1]
				vain[line[w.Pos.Col-1:w.Pos.Col+1]] = true
			}
		}
		seen += len(vain)
		for by := range decidedBy(t, set) {
			if vain[by] {
				t.Fatalf("rule %s is said never to apply, and decides, in\n%s", by, text)
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d rules were warned of", seen)
	}
}

// decidedBy are the rules that some request of a small world is decided by, now or in a
// month.
func decidedBy(t *testing.T, set *Set) map[string]bool {
	t.Helper()
	out := make(map[string]bool)
	callers := []testCaller{{}, {Issuer: "corp"}, {Issuer: "corp", Claims: map[string]any{"role": "x"}}, {Issuer: "acme-idp"}}
	for _, id := range []string{"customers", "svc-billing", "acme"} {
		callers = append(callers, testCaller{Identity: id}, testCaller{Identity: id, Claims: map[string]any{"role": "x"}, Scopes: []string{"a"}},
			testCaller{Identity: id, Purpose: "dunning"})
	}
	for _, caller := range callers {
		for _, target := range []testTarget{{Object: "account/1"}, {Object: "file/1"}, {Object: "account/2"}, {Object: "account/1", Tier: "confidential"}, {Collection: "file"}, {Collection: "account"}} {
			for _, action := range []string{"read", "list"} {
				for _, days := range []int{0, 30} {
					target.Action = action
					in := testInput{Caller: caller, Targets: []testTarget{target}}
					req := in.request(t)
					req.Now = testNow.AddDate(0, 0, days)
					d := set.Decide(req, in.Caller.caller(t, set), in.targets(t, set))
					for _, v := range d.Targets {
						if v.Effect == Allow || v.Reason == DeniedByRule { // else it is the nearest that did not apply
							out[v.Rule] = true
						}
					}
				}
			}
		}
	}
	return out
}
