package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// plainly is what a selector says of a caller, read as it is written: the slow way.
func (s *Selector) plainly(c *Caller, in map[string][]string) bool {
	id := c.Identity
	within := func(name string) bool { return id != nil && (id.Name == name || slices.Contains(in[name], id.Name)) }
	some := func(list []Selector) bool {
		return slices.ContainsFunc(list, func(s Selector) bool { return s.plainly(c, in) })
	}
	every := func(list []Selector) bool {
		return !slices.ContainsFunc(list, func(s Selector) bool { return !s.plainly(c, in) })
	}
	switch {
	case s.Name != "" && !within(s.Name), s.Group.given() && !within(s.Group.V), s.Identity.given() && !within(s.Identity.V),
		s.Kind.given() && s.Kind.V != c.Kind.String(),
		s.Environment.given() && (id == nil || id.Environment != s.Environment.V),
		s.AnyOf.given() && !some(s.AnyOf.List), !every(s.AllOf.List), some(s.Not.List):
		return false
	}
	if w := s.Workload.V; w != "" && w != c.Peer && (!strings.HasSuffix(w, "/*") || !strings.HasPrefix(c.Peer, strings.TrimSuffix(w, "*"))) {
		return false
	}
	v := c.Verified
	if v == nil {
		return !s.Issuer.given() && len(s.Claim) == 0 && len(s.Scope) == 0
	}
	for _, e := range s.Claim {
		if !claimHas(v.Claims[e.Key], e.V.V) {
			return false
		}
	}
	for _, scope := range s.Scope {
		if !slices.Contains(v.Scopes, scope.V) {
			return false
		}
	}
	return !s.Issuer.given() || s.Issuer.V == v.Issuer
}

const treeBase = `
identities:
  - { name: a, kind: human, match: { issuer: corp, subject: a }, environment: prod }
  - { name: b, kind: service, match: { issuer: corp, subject: b }, environment: test }
  - { name: c, kind: third-party, match: { issuer: acme-idp, subject: c }, environment: prod }
  - { name: d, kind: service, match: { issuer: acme-idp, subject: d } }
groups:
  - { name: ab, members: [a, b] }
  - { name: abc, members: [ab, c] }
  - { name: cd, members: [c, d] }
`

var treeGroups = map[string][]string{"ab": {"a", "b"}, "abc": {"a", "b", "c"}, "cd": {"c", "d"}}

// drawSelector writes a selector, at most depth deep.
func drawSelector(t *rapid.T, depth int) string {
	leaves := []string{"identity: a", "identity: d", "group: ab", "group: abc", "group: cd", "kind: human", "kind: service", "kind: anonymous", "issuer: corp", "issuer: acme-idp",
		"claim: { role: x }", "claim: { groups: g }", `scope: [s]`, `scope: [s, t]`, `workload: "spiffe://example.com/w/1"`, `workload: "spiffe://example.com/w/*"`,
		`workload: "spiffe://example.com/*"`, "environment: prod", "environment: test"}
	if n := rapid.IntRange(0, 4).Draw(t, "shape"); depth == 0 || n < 2 {
		if n == 0 {
			return rapid.SampledFrom([]string{"a", "b", "ab", "abc", "cd"}).Draw(t, "name")
		}
		return "{ " + rapid.SampledFrom(leaves).Draw(t, "leaf") + " }"
	}
	var parts []string
	if rapid.Bool().Draw(t, "beside") {
		parts = append(parts, rapid.SampledFrom(leaves).Draw(t, "leaf"))
	}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"any_of", "all_of", "not"}), 1, 2, rapid.ID[string]).Draw(t, "keys") {
		var list []string
		for range rapid.IntRange(1, 2).Draw(t, "length") {
			list = append(list, drawSelector(t, depth-1))
		}
		parts = append(parts, key+": ["+strings.Join(list, ", ")+"]")
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func drawTreeCaller(t *rapid.T, set *Set) *Caller {
	c := &Caller{Peer: rapid.SampledFrom([]string{"", "spiffe://example.com/w/1", "spiffe://example.com/w/1/2", "spiffe://example.com/x", "spiffe://other.example/w/1"}).Draw(t, "peer")}
	if rapid.IntRange(0, 4).Draw(t, "credential") == 0 {
		return c
	}
	c.Kind = Unknown
	c.Verified = &Verified{Issuer: rapid.SampledFrom([]string{"corp", "acme-idp"}).Draw(t, "issuer"), Claims: map[string]any{}}
	if rapid.IntRange(0, 3).Draw(t, "known") > 0 {
		c.Identity = rapid.SampledFrom(set.identities).Draw(t, "identity")
		c.Kind, c.Issuer = c.Identity.Kind, c.Identity.Issuer
	}
	if rapid.Bool().Draw(t, "role") {
		c.Claims["role"] = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "role value")
	}
	if rapid.Bool().Draw(t, "groups") {
		c.Claims["groups"] = rapid.SampledFrom([][]string{{"g"}, {"h", "g"}, {}}).Draw(t, "groups value")
	}
	c.Scopes = rapid.SliceOf(rapid.SampledFrom([]string{"s", "t", "s"})).Draw(t, "scopes")
	return c
}

// TestSelectorsMeanWhatTheySay: the alternatives of a selector select whom it says
// when it is read as it is written, of callers with an identity. Of others they
// select no more than that, and no fewer where nothing is excluded.
func TestSelectorsMeanWhatTheySay(t *testing.T) {
	env := testEnv()
	env.Issuers["acme-idp"] = IssuerEnv{Claims: map[string]Kind{"role": String, "groups": StringList}}
	rapid.Check(t, func(rt *rapid.T) {
		text := drawSelector(rt, 3)
		set, decl := compileTree(rt, env, text)
		if set == nil {
			return
		}
		for range 10 {
			c := drawTreeCaller(rt, set)
			said := decl.plainly(c, treeGroups)
			got := slices.ContainsFunc(set.rules[0].selectors, func(s selector) bool { return s.selects(c) })
			var q candidates
			set.deny.find(&q, c, "account", "read")
			if found := q.next() != nil; found != got {
				rt.Fatalf("%s: the index says %v, the selector %v of %+v", text, found, got, c)
			}
			switch {
			case c.Identity != nil && got != said,
				got && !said,
				c.Kind == Unknown && said && !got && !strings.Contains(text, "not:"),
				c.Kind == Anonymous && got && !strings.Contains(text, "kind: anonymous"):
				rt.Fatalf("%s selects %+v: %v, as written: %v\n%v", text, c, got, said, shownSelectors(set))
			}
		}
	})
}

// compileTree compiles a deny rule on a selector; nil where it selects nobody.
func compileTree(t *rapid.T, env Env, text string) (*Set, *Selector) {
	rules := "rules: [{ id: r, deny: " + text + ", to: [read], on: account }]"
	m := mapOf(treeBase + rules)
	src, ms := Parse(m)
	set, more := Compile(src, env)
	for _, mistake := range append(ms, more...) {
		if strings.Contains(mistake.Text, "nobody") || strings.Contains(mistake.Text, "more than 64 alternatives") ||
			strings.Contains(mistake.Text, "no claim ") { // who comes without a token has none
			return nil, nil
		}
		t.Fatalf("%s: %v", text, mistake)
	}
	return set, &src.Rules[0].Deny.List[0]
}

func shownSelectors(set *Set) string {
	var out []string
	for i := range set.rules[0].selectors {
		out = append(out, set.rules[0].selectors[i].String())
	}
	return strings.Join(out, "\n")
}

// TestGroupsCostWhatTheyAre: callers of no group meet none of the rules on groups,
// and a group of many makes one entry of a rule.
func TestGroupsCostWhatTheyAre(t *testing.T) {
	var text strings.Builder
	text.WriteString("identities:\n")
	var names []string
	for i := range 300 {
		fmt.Fprintf(&text, "  - { name: id%d, kind: service, match: { issuer: corp, subject: s%d } }\n", i, i)
		names = append(names, fmt.Sprintf("id%d", i))
	}
	text.WriteString("groups:\n")
	for i := range 100 {
		fmt.Fprintf(&text, "  - { name: g%d, members: [%s] }\n", i, strings.Join(names[i:i+200], ", "))
	}
	text.WriteString("rules:\n")
	for i := range 100 {
		fmt.Fprintf(&text, "  - { id: r%d, allow: g%d, to: [read], on: account, up_to: internal }\n", i, i)
	}
	set := load(t, text.String())
	sh := set.allow.shelves[place{"account", "read"}]
	if len(sh.group) != 100 || len(sh.identity) > 0 {
		t.Errorf("%d lists by group, %d by identity", len(sh.group), len(sh.identity))
	}
	for name, want := range map[string]int{"id0": 1, "id150": 100, "id298": 1, "id299": 0, "customers": 0} {
		c := &Caller{Kind: Service, Verified: &Verified{Issuer: "corp"}}
		c.Identity = set.identities[slices.IndexFunc(set.identities, func(id *Identity) bool { return id.Name == name })]
		var q candidates
		set.allow.find(&q, c, "account", "read")
		if len(q.lists) != want {
			t.Errorf("%s: %d lists, want %d", name, len(q.lists), want)
		}
	}
	if keys := slices.Collect(maps.Keys(set.allow.groups)); len(keys) != 299 {
		t.Errorf("%d identities are in groups", len(keys))
	}
}
