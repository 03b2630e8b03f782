package rules

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawRules makes a rules file of all selectors, actions and types there are.
func drawRules(t *rapid.T) string {
	selectors := []string{"customers", "svc-billing", "acme", "{ kind: human }", "{ kind: anonymous }", "{ issuer: corp }",
		"{ kind: service, issuer: corp }", "{ issuer: corp, claim: { role: auditor } }", "{ issuer: corp, claim: { groups: ops } }",
		"{ issuer: corp, claim: { ranks: 3, staff: true } }", "{ kind: human, claim: { role: admin } }"}
	actions := []string{"read", "list", "delete", `"*"`}
	types := []string{"account", "customer", "file", `"*"`}
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range rapid.IntRange(1, 30).Draw(t, "rules") {
		who := rapid.SliceOfNDistinct(rapid.SampledFrom(selectors), 1, 3, rapid.ID[string]).Draw(t, "who")
		to := rapid.SliceOfNDistinct(rapid.SampledFrom(actions), 1, 3, rapid.ID[string]).Draw(t, "to")
		on := rapid.SliceOfNDistinct(rapid.SampledFrom(types), 1, 2, rapid.ID[string]).Draw(t, "on")
		if strings.Contains(strings.Join(on, ""), "*") {
			on = []string{`"*"`}
		}
		effect, rest := "deny", ""
		if rapid.Bool().Draw(t, "allow") {
			effect, rest = "allow", ", up_to: restricted, because: x, owner: y, review_by: 2027-06-30"
		}
		fmt.Fprintf(&b, "  - { id: r%d, %s: [%s], to: [%s], on: [%s]%s }\n",
			i, effect, strings.Join(who, ", "), strings.Join(to, ", "), strings.Join(on, ", "), rest)
	}
	return b.String()
}

func drawCaller(t *rapid.T, set *Set) *Caller {
	c := new(Caller)
	if rapid.IntRange(0, 5).Draw(t, "credential") == 0 {
		return c
	}
	c.Kind = Unknown
	c.Verified = &Verified{Issuer: rapid.SampledFrom([]string{"corp", "acme-idp"}).Draw(t, "issuer"), Claims: map[string]any{}}
	if rapid.Bool().Draw(t, "known") {
		c.Identity = rapid.SampledFrom(set.identities).Draw(t, "identity")
		c.Kind, c.Issuer = c.Identity.Kind, c.Identity.Issuer
	}
	for name, values := range map[string][]any{
		"role": {"auditor", "admin", "x"}, "groups": {[]string{"ops", "dev"}, []string{"ops", "ops"}, []string{}},
		"ranks": {[]int64{3, 4}, []int64{5}}, "staff": {true, false},
	} {
		if rapid.Bool().Draw(t, name) {
			c.Claims[name] = rapid.SampledFrom(values).Draw(t, name+" value")
		}
	}
	return c
}

// TestIndexFindsWhatScanningFinds: the index leaves out nothing that fits, adds
// nothing that does not, yields each rule once and in order.
func TestIndexFindsWhatScanningFinds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		set := load(t, drawRules(rt))
		for range 10 {
			c := drawCaller(rt, set)
			typ := rapid.SampledFrom([]string{"account", "customer", "file", "note"}).Draw(rt, "type")
			action := rapid.SampledFrom([]string{"read", "list", "delete", "frobnicate"}).Draw(rt, "action")
			for effect, ix := range map[Effect]*index{Deny: &set.deny, Allow: &set.allow} {
				var want, got []int
				for _, r := range set.rules {
					if r.effect != effect || !r.covers(action, typ) {
						continue
					}
					for i := range r.selectors {
						if r.selectors[i].selects(c) {
							want = append(want, r.order)
							break
						}
					}
				}
				var q candidates
				ix.find(&q, c, typ, action)
				for cl := q.next(); cl != nil; cl = q.next() {
					got = append(got, cl.order)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					rt.Fatalf("%v %s %s for %+v: found %v, a scan finds %v", effect, action, typ, c, got, want)
				}
				if effect == Allow && set.CouldAllow(c, set.schema.Types[typ], action) != (len(want) > 0) {
					rt.Fatalf("CouldAllow is not %v", len(want) > 0)
				}
			}
		}
	})
}

// TestSelectors is one row a selector: whom it selects, and the nearest whom not.
func TestSelectors(t *testing.T) {
	corp := &Verified{Issuer: "corp", Claims: map[string]any{"role": "auditor", "groups": []string{"ops"}, "ranks": []int64{3}, "level": int64(4), "staff": true}}
	plain := &Verified{Issuer: "corp"}
	other := &Verified{Issuer: "other", Claims: corp.Claims}
	ann := &Identity{Name: "ann", Kind: Human, Issuer: "corp"}
	bob := &Identity{Name: "bob", Kind: Human, Issuer: "corp"}
	anonymous := &Caller{}
	for _, row := range []struct {
		name     string
		s        selector
		yes, not *Caller
	}{
		{"identity", selector{anyKind: true, identity: ann}, &Caller{Identity: ann, Kind: Human, Verified: plain}, &Caller{Identity: bob, Kind: Human, Verified: plain}},
		{"identity, unknown caller", selector{anyKind: true, identity: ann}, &Caller{Identity: ann, Kind: Human, Verified: plain}, &Caller{Kind: Unknown, Verified: plain}},
		{"kind", selector{kind: Human}, &Caller{Identity: ann, Kind: Human, Verified: plain}, &Caller{Kind: Service, Verified: plain}},
		{"kind, unknown caller", selector{kind: Human}, &Caller{Kind: Human, Verified: plain}, &Caller{Kind: Unknown, Verified: plain}},
		{"kind, anonymous caller", selector{kind: Human}, &Caller{Kind: Human, Verified: plain}, anonymous},
		{"anonymous", selector{kind: Anonymous}, anonymous, &Caller{Kind: Unknown, Verified: plain}},
		{"issuer", selector{anyKind: true, issuer: "corp"}, &Caller{Kind: Unknown, Verified: plain}, &Caller{Kind: Unknown, Verified: other}},
		{"issuer, anonymous caller", selector{anyKind: true, issuer: "corp"}, &Caller{Kind: Unknown, Verified: plain}, anonymous},
		{"text claim", selector{anyKind: true, claims: []claimTest{{"role", "auditor"}}}, &Caller{Kind: Unknown, Verified: corp}, &Caller{Kind: Unknown, Verified: plain}},
		{"list claim", selector{anyKind: true, claims: []claimTest{{"groups", "ops"}}}, &Caller{Kind: Unknown, Verified: corp}, &Caller{Kind: Unknown, Verified: plain}},
		{"int list claim", selector{anyKind: true, claims: []claimTest{{"ranks", "3"}}}, &Caller{Kind: Unknown, Verified: corp}, &Caller{Kind: Unknown, Verified: plain}},
		{"int claim", selector{anyKind: true, claims: []claimTest{{"level", "4"}}}, &Caller{Kind: Unknown, Verified: corp}, &Caller{Kind: Unknown, Verified: plain}},
		{"bool claim", selector{anyKind: true, claims: []claimTest{{"staff", "true"}}}, &Caller{Kind: Unknown, Verified: corp}, &Caller{Kind: Unknown, Verified: plain}},
		{"all that is given", selector{anyKind: true, issuer: "corp", claims: []claimTest{{"role", "auditor"}}}, &Caller{Kind: Unknown, Verified: corp}, &Caller{Kind: Unknown, Verified: other}},
		{"no credential behind the kind", selector{kind: Human}, &Caller{Kind: Human, Verified: plain}, &Caller{Kind: Human}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if !row.s.selects(row.yes) {
				t.Errorf("%v does not select %+v", &row.s, row.yes)
			}
			if row.s.selects(row.not) {
				t.Errorf("%v selects %+v", &row.s, row.not)
			}
		})
	}
}
