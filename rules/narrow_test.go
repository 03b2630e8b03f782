package rules

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// TestNarrowing: which conditions keep a rule on a sensitive type from being
// broad. What a row adds to the one above it is what makes the difference.
func TestNarrowing(t *testing.T) {
	for _, row := range []struct {
		when string
		want bool
	}{
		{`object.owner == "x"`, true},
		{`"x" == object.owner`, true},
		{`object.owner == caller.subject`, true},
		{`object.owner == caller.subject + "@corp"`, true},
		{`object.balance == 7`, true},
		{`object.id == "AC1"`, true},
		{`object.parent.id == caller.claims.tenant`, true},
		{`object.owners == ["x"]`, true},
		{`object.owner in ["x", caller.subject]`, true},
		{`object.owner in caller.claims.groups`, true},
		{`caller.subject in object.owners`, true},
		{`7 in object.marks`, true},
		{`object.id.startsWith("public/")`, true},
		{`object.id.startsWith(caller.subject + "/")`, true},
		{`object.owner.endsWith("@corp")`, true},
		{`object.frozen`, true},
		{`!object.frozen`, true},
		{`object.frozen != true`, true},
		{`false == object.frozen`, true},
		{`!(object.owner != "x")`, true},
		{`object.owner == "x" && size(object.id) > 0`, true},
		{`object.owner == "x" || object.tenant == "y"`, true},
		{`object.owner == "x" || false`, true},
		{`!(object.owner != "x" && object.tenant != "y")`, true},
		{`caller.bound ? object.owner == "x" : object.tenant == "y"`, true},
		{`object.frozen ? object.owner == "x" : object.owner == "y"`, true},
		{`has(object.owner) && object.owner == "x"`, true},
		{`object.frozen || object.owner == "x"`, true},
		{`object.frozen && caller.bound || !caller.bound && object.frozen`, true},

		{`true`, false},
		{`object.owner == "x" || true`, false},
		{`object.owner == object.owner`, false},
		{`object.owner == object.tenant`, false},
		{`object.owner == "x" + object.owner`, false},
		{`object.owner in [object.owner]`, false},
		{`object.owner in object.owners`, false},
		{`object.owner in ["x", object.owner]`, false},
		{`object.id != "x"`, false},
		{`!(object.owner == "zz")`, false},
		{`!(object.owner in ["x"])`, false},
		{`!object.id.startsWith("public/")`, false},
		{`size(object.id) > 0`, false},
		{`size(object.id) == 9`, false},
		{`object.id.matches(".*")`, false},
		{`object.id.contains("-")`, false},
		{`object.owner.startsWith("")`, false},
		{`object.owner.startsWith("" + "")`, false},
		{`"public/1".startsWith(object.id)`, false},
		{`object.balance > 0`, false},
		{`object.balance < 5 || object.balance >= 5`, false},
		{`object.owner == "x" || object.owner != "x"`, false},
		{`object.owner == "x" || caller.bound`, false},
		{`object.owner == "x" || size(object.id) > 0`, false},
		{`!(object.owner != "x" || object.tenant != "y") || !object.frozen || object.frozen`, false},
		{`object.frozen || !object.frozen`, false},
		{`object.frozen == true || object.frozen == false`, false},
		{`object.frozen in [true, false]`, false},
		{`object.frozen == caller.bound || object.frozen != caller.bound`, false},
		{`caller.bound ? object.owner == "x" : true`, false},
		{`object.frozen ? object.owner == "x" : true`, false},
		{`has(object.owner)`, false},
		{`object.type == "account"`, false},
		{`object.tier == "internal"`, false},
		{`caller.subject == "x"`, false},
		{`object.id == request.query.id`, false}, // the caller writes both
		{`object.id == request.path`, false},
		{`object.owners.exists(o, true)`, false},
		{`object.owners.all(o, o == caller.subject)`, false},
	} {
		t.Run(row.when, func(t *testing.T) {
			got := reportOf(t, fmt.Sprintf("rules: [{ id: a, allow: customers, to: [read], on: account, up_to: confidential, when: '%s' }]", row.when))
			if broad := strings.Contains(got, "the rule covers every account"); broad == row.want || got != "" && !broad {
				t.Errorf("narrow is not %v:\n%s", row.want, got)
			}
		})
	}
}

// reportOf is what check says of one file beside the tests' base.
func reportOf(t *testing.T, text string) string {
	t.Helper()
	return report(fstest.MapFS{"base.yaml": {Data: readBase(t)}, "a.yaml": {Data: []byte(text)}}, testEnv())
}

// drawNarrowing joins what narrows, what does not and what seems to.
func drawNarrowing(t *rapid.T, depth int) string {
	if depth > 0 {
		a, b := drawNarrowing(t, depth-1), drawNarrowing(t, depth-1)
		switch rapid.IntRange(0, 5).Draw(t, "joint") {
		case 0, 1:
			return "(" + a + " && " + b + ")"
		case 2, 3:
			return "(" + a + " || " + b + ")"
		case 4:
			return "!(" + a + ")"
		default:
			return "(" + a + " ? " + b + " : " + drawNarrowing(t, depth-1) + ")"
		}
	}
	return rapid.SampledFrom([]string{
		"object.frozen", "!object.frozen", "object.frozen == false", "true != object.frozen", "object.frozen == caller.bound",
		`object.owner == "x"`, `object.owner != "x"`, `"x" in object.owners`, `object.owner in ["x", caller.kind]`, `object.owner == object.owner`,
		`object.id.startsWith("x")`, `object.id.startsWith("")`, "size(object.id) > 0", "object.balance > 0", "caller.bound", "true", "false",
	}).Draw(t, "atom")
}

// TestNoStrangerPassesANarrowCondition is the promise behind the word: there is an
// object of which the condition does not hold, whoever asks.
func TestNoStrangerPassesANarrowCondition(t *testing.T) {
	set, sc := world(t)
	x, err := newExpressions()
	if err != nil {
		t.Fatal(err)
	}
	narrow := 0
	rapid.Check(t, func(t *rapid.T) {
		for range 10 {
			text := drawNarrowing(t, 3)
			c, problems := x.compile(sc, text)
			if len(problems) > 0 {
				t.Fatalf("%s: %v", text, problems)
			}
			if !c.narrows {
				continue
			}
			narrow++
			holds := func(bound, frozen bool) bool {
				caller, target := &Caller{Kind: Unknown}, Target{Action: "read", Object: strangerOf(sc.typ, frozen)}
				if bound {
					caller.Bound = ByWorkload
				}
				return c.test(&facts{schema: set.schema, caller: caller, req: new(Request), target: &target}) == yes
			}
			for _, bound := range []bool{false, true} {
				if holds(bound, false) && holds(bound, true) {
					t.Fatalf("%s counts as narrowing and holds of a stranger, bound %v", text, bound)
				}
			}
		}
	})
	if narrow == 0 {
		t.Error("no condition was narrow")
	}
}

// strangerOf makes an object whose values nothing else has.
func strangerOf(typ *Type, flag bool) Object {
	o := Object{Type: typ, ID: "stranger", Parent: "a stranger's parent", State: Stored, RowTier: NoTier}
	values := map[Kind]func(name string, i int) any{
		String:     func(name string, _ int) any { return "a stranger's " + name },
		Int:        func(_ string, i int) any { return int64(1_000 + i) },
		Bool:       func(string, int) any { return flag },
		StringList: func(name string, _ int) any { return []string{"one of a stranger's " + name} },
		IntList:    func(_ string, i int) any { return []int64{int64(2_000 + i)} },
	}
	for i, a := range typ.Attributes {
		o.Attributes = append(o.Attributes, values[a.Kind](a.Name, i))
	}
	return o
}
