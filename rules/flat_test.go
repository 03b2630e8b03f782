package rules

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/rules/many"
)

// touched is how many clauses a decision looks at, at most: those in the lists that the
// index has for the caller, the type and the action.
func touched(set *Set, c *Caller, typ, action string) (n int) {
	for _, ix := range []*index{&set.deny, &set.allow} {
		var q candidates
		ix.find(&q, c, typ, action)
		for _, list := range q.lists {
			n += len(list)
		}
	}
	return n
}

// TestDecisionTouchesOnlyWhatCanApply: among many rules of many callers, the one.
func TestDecisionTouchesOnlyWhatCanApply(t *testing.T) {
	for _, n := range []int{10, 10_000} {
		set := manySet(t, n)
		_, c, _ := ledger(t, set)
		if got := touched(set, c, many.Type, "read"); got != 1 {
			t.Errorf("a decision looks at %d clauses among %d rules, want 1", got, n)
		}
		if got := touched(set, c, "t1", "read"); got != 0 {
			t.Errorf("a decision on another's type looks at %d clauses among %d rules, want 0", got, n)
		}
	}
}

// TestFlatAndNot says what a decision's cost grows with, and what not: n rules of one
// form, all of them on one type and for one action, and one caller.
func TestFlatAndNot(t *testing.T) {
	const n = 300
	who := `{ "identity": "svc-billing", "subject": "svc-billing", "peer": "spiffe://example.com/billing", "scopes": ["s7", "s8"], "claims": { "role": "role7", "staff": true, "groups": ["ops7", "ops8"] } }`
	for _, row := range []struct {
		name, selector string
		most           int
	}{
		{"one identity each", "i%d", 0},
		{"one group each", "g%d", 0},
		{"one claim each", "{ issuer: corp, claim: { role: role%d } }", 1},
		{"one member of a claim's list each", "{ issuer: corp, claim: { groups: ops%d } }", 2},
		{"two claims, of which all have the first", "{ issuer: corp, claim: { staff: true, role: role%d } }", 2},
		{"a group of all and a claim", "{ group: all, claim: { role: role%d } }", 2},
		{"a scope each, in one environment", "{ environment: prod, scope: s%d }", 3},
		{"a workload each", `{ issuer: corp, workload: "spiffe://example.com/w%d/*" }`, 0},
		{"any of a group and a claim", "{ any_of: [g%d, { issuer: corp, claim: { role: role%d } }] }", 1},
		{"all of a kind and a claim", "{ all_of: [{ kind: service }, { issuer: corp, claim: { role: role%d } }] }", 1},
		{"not a group, but a claim", "{ issuer: corp, claim: { role: role%d }, not: g%d }", 1},

		{"NOT FLAT the caller's own identity", "svc-billing", n},
		{"NOT FLAT the caller's kind", "{ kind: service }", n},
		{"NOT FLAT everybody but one", "{ kind: service, not: g%d }", n},
	} {
		for _, form := range []string{
			"{ id: x%[1]d, allow: %[2]s, to: [read], on: account, up_to: internal, only: { id_prefix: '8' }, because: x, owner: y, review_by: 2027-03-31 }",
			`{ id: x%[1]d, deny: %[2]s, to: ["*"], on: "*", from_tier: restricted }`,
		} {
			var b strings.Builder
			b.WriteString("rules:\n")
			for i := range n {
				fmt.Fprintf(&b, "  - "+form+"\n", i, strings.ReplaceAll(row.selector, "%d", fmt.Sprint(i)))
			}
			set := load(t, crowdOf(n), b.String())
			in := parseInput(t, `{ "caller": `+who+` }`)
			c := in.Caller.caller(t, set)
			if got := touched(set, c, "account", "read"); got > row.most || row.most == n && got != n {
				t.Errorf("%s: a decision looks at %d of %d clauses, want %d at most, with %s", row.name, got, n, row.most, form)
			}
		}
	}
}

// crowdOf makes n identities, each in a group of its own, and a group of everybody.
func crowdOf(n int) string {
	var identities, groups strings.Builder
	identities.WriteString("identities:\n  - { name: other, kind: service, match: { issuer: corp, subject: other }, environment: prod }\n")
	groups.WriteString("groups:\n  - { name: all, members: [svc-billing] }\n")
	for i := range n {
		fmt.Fprintf(&identities, "  - { name: i%d, kind: service, match: { issuer: corp, subject: i%d }, environment: prod }\n", i, i)
		fmt.Fprintf(&groups, "  - { name: g%d, members: [i%d] }\n", i, i)
	}
	return identities.String() + groups.String()
}

// TestManyGroupsOfOneCaller: clauses of many lists come each once, and in order.
func TestManyGroupsOfOneCaller(t *testing.T) {
	var groups, b strings.Builder
	groups.WriteString("groups:\n")
	b.WriteString("rules:\n")
	for i := range 60 {
		fmt.Fprintf(&groups, "  - { name: g%d, members: [customers] }\n", i)
		fmt.Fprintf(&b, "  - { id: x%d, deny: [g%d, g%d], to: [read], on: account, from_tier: restricted }\n", i, (i*7)%60, (i*11)%60)
	}
	set := load(t, groups.String(), b.String())
	in := parseInput(t, `{ "caller": { "identity": "customers" } }`)
	var q candidates
	set.deny.find(&q, in.Caller.caller(t, set), "account", "read")
	for want := range 60 {
		if c := q.next(); c == nil || c.order != want {
			t.Fatalf("clause %d is %+v", want, c)
		}
	}
	if c := q.next(); c != nil {
		t.Errorf("one more: %+v", c)
	}
}

// TestLoadGrowsInStep: eight times the rules, identities and groups take some eight times
// the memory to load. What is held against everything else takes 64 times as much.
func TestLoadGrowsInStep(t *testing.T) {
	allocated := func(n int) uint64 {
		var b strings.Builder
		b.WriteString("rules:\n")
		for i := range n {
			fmt.Fprintf(&b, "  - { id: x%d, %s }\n", i, fmt.Sprintf([]string{
				"allow: i%[1]d, to: [read], on: account, up_to: internal", "deny: g%[1]d, to: [read], on: account", "deny: { environment: prod, scope: s%[1]d }, to: [list], on: account",
			}[i%3], i))
		}
		m := mapOf(b.String())
		m["crowd.yaml"] = &fstest.MapFile{Data: []byte(crowdOf(n))}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		set := loadFS(t, m)
		set.Rules()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	allocated(100) // what is made once
	few, many := allocated(500), allocated(4_000)
	if many > 14*few {
		t.Errorf("%d MiB for eight times the rules that took %d MiB", many>>20, few>>20)
	}
}
