package rules

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestOnlyIsWhatWhenSays: each member of `only` decides as the condition that says
// the same, of objects and collections, and whatever of them is absent.
func TestOnlyIsWhatWhenSays(t *testing.T) {
	pairs := [][2]string{
		{`id: "8"`, `object.id == "8"`}, {`id: ["8", "9"]`, `object.id in ["8", "9"]`},
		{`id_prefix: [eu-, us-]`, `object.id.startsWith("eu-") || object.id.startsWith("us-")`},
		{`parent: [c1, c2]`, `object.parent.id in ["c1", "c2"]`}, {`label: { region: [eu, us] }`, `object.region in ["eu", "us"]`},
		{`label: { owners: [ada, bob] }`, `object.owners.exists(o, o in ["ada", "bob"])`}, {`label: { frozen: false }`, `!object.frozen`},
		{`label: { zone: [3, 4] }`, `object.zone in [3, 4]`}, {`label: { marks: 7 }`, `7 in object.marks`},
		{`label: { parent.tenant: eu }`, `object.parent.tenant == "eu"`},
	}
	sets := make(map[string][2]*Set)
	for _, effect := range []string{"deny: customers", "allow: customers, up_to: internal"} {
		for _, p := range pairs {
			rule := "rules:\n  - { id: a, " + effect + ", to: [read, list, create], on: account, %s: %s }\n"
			if effect == "deny: customers" {
				rule += "  - { id: b, allow: customers, up_to: internal, to: [read, list, create], on: account, unbounded: true, because: b, owner: o, review_by: 2027-06-30 }\n"
			}
			sets[effect+p[0]] = [2]*Set{load(t, fmt.Sprintf(rule, "only", "{ "+p[0]+" }")), load(t, fmt.Sprintf(rule, "when", "'"+p[1]+"'"))}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		for name, both := range sets {
			target := drawOnlyTarget(rt, both[0])
			c := &Caller{Kind: Human, Identity: both[0].identities[0], Verified: &Verified{Issuer: "corp", Subject: "x", IssuedAt: testNow}}
			got := both[0].Decide(&Request{Now: testNow}, c, []Target{target})
			target.Object.Type = both[1].Schema().Types["account"]
			want := both[1].Decide(&Request{Now: testNow}, c, []Target{target})
			if got.Effect != want.Effect || got.Reason != want.Reason {
				rt.Fatalf("%s: only says %v %v, when %v %v, of %+v", name, got.Effect, got.Reason, want.Effect, want.Reason, target)
			}
		}
	})
}

func drawOnlyTarget(t *rapid.T, set *Set) Target {
	typ := set.Schema().Types["account"]
	o := Object{Type: typ, RowTier: NoTier, State: Stored, Attributes: make([]any, len(typ.Attributes))}
	out := Target{Action: "read"}
	switch rapid.IntRange(0, 2).Draw(t, "what") {
	case 0:
		out.Action, out.Collection, o.State = "list", true, Unchecked
	case 1:
		out.Action, o.State = "create", New
		o.ID = rapid.SampledFrom([]string{"", "8", "us-1"}).Draw(t, "new id")
	default:
		o.ID = rapid.SampledFrom([]string{"8", "9", "eu-7", "us-1", "x"}).Draw(t, "id")
	}
	o.Parent = rapid.SampledFrom([]string{"", "c1", "c3"}).Draw(t, "parent")
	if above := rapid.IntRange(0, 2).Draw(t, "above"); o.Parent != "" && above > 0 {
		o.ParentState, o.ParentAttributes = Stored, make([]any, len(typ.Above.Attributes))
		if above > 1 {
			o.ParentAttributes[typ.Above.Slot("tenant")] = rapid.SampledFrom([]any{"eu", "us"}).Draw(t, "tenant")
		}
	}
	for name, values := range map[string][]any{
		"region": {"eu", "au", ""}, "owners": {[]string{"eve", "ada"}, []string{}}, "frozen": {true, false},
		"zone": {int64(3), int64(5)}, "marks": {[]int64{1, 7}, []int64{}},
	} {
		if rapid.Bool().Draw(t, name) {
			o.Attributes[typ.Slot(name)] = rapid.SampledFrom(values).Draw(t, name+" value")
		}
	}
	out.Object = o
	return out
}
