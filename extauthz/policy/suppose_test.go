package policy

import (
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// What is supposed decides, and nothing of it stays: the policy and the cached row
// are as they were.
func TestExplainIf(t *testing.T) {
	for _, row := range []struct {
		name, line string
		s          Suppose
		want       rules.Reason
		missing    string
		err        string
	}{
		{name: "nothing", line: "GET /orders/2", want: rules.NoRule, missing: "own: owner"},
		{name: "the owner", line: "GET /orders/2", s: Suppose{Attributes: map[string]string{"owner": "ada"}}, want: rules.Allowed},
		{name: "no owner", line: "GET /orders/1", s: Suppose{Attributes: map[string]string{"owner": ""}}, want: rules.AttributeMissing, missing: "own: owner (a value that it reads is absent)"},
		{name: "a higher tier", line: "GET /orders/1", s: Suppose{Tier: "secret"}, want: rules.NoRule, missing: "up_to internal, this is secret"},
		{name: "a lower one", line: "GET /orders/1", s: Suppose{Tier: "public"}, want: rules.Allowed},
		{name: "no such tier", line: "GET /orders/1", s: Suppose{Tier: "sekret"}, err: `no tier "sekret"; the tiers are public, internal, secret`},
		{name: "no such attribute", line: "GET /orders/1", s: Suppose{Attributes: map[string]string{"ownr": "ada"}}, err: `no object of the request has an attribute "ownr"`},
		{name: "an open line has no objects, so nothing is supposed of them", line: "GET /healthz", s: Suppose{Attributes: map[string]string{"owner": "x"}}, want: rules.OpenRoute},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := load(t, shop, options(t, stated{v: ada()}, order("1", "ada"), order("2", "bob")))
			before := p.Check(t.Context(), request(row.line)).Reason
			o, near, err := p.ExplainIf(t.Context(), request(row.line), row.s)
			if row.err != "" {
				if err == nil || err.Error() != row.err {
					t.Errorf("%v, want %s", err, row.err)
				}
				return
			}
			if err != nil || o.Reason != row.want {
				t.Fatalf("%s, %v, want %s", o.Reason, err, row.want)
			}
			if row.missing != "" && (len(near) == 0 || near[0].Missing != row.missing) {
				t.Errorf("near %+v, want %q", near, row.missing)
			}
			if after := p.Check(t.Context(), request(row.line)).Reason; after != before {
				t.Errorf("afterwards %s, before %s", after, before)
			}
		})
	}
}

func TestSupposedValues(t *testing.T) {
	for _, row := range []struct {
		kind rules.Kind
		text string
		want any
		bad  bool
	}{
		{kind: rules.String, text: "x", want: "x"},
		{kind: rules.Int, text: "7", want: int64(7)},
		{kind: rules.Int, text: "x", bad: true},
		{kind: rules.Bool, text: "true", want: true},
		{kind: rules.Bool, text: "yes", bad: true},
		{kind: rules.String, text: "", want: nil},
	} {
		got, err := supposed(rules.Attribute{Name: "a", Kind: row.kind}, row.text)
		if (err != nil) != row.bad || err == nil && got != row.want {
			t.Errorf("%v of %q: %v, %v", row.kind, row.text, got, err)
		}
	}
	if got, _ := supposed(rules.Attribute{Kind: rules.StringList}, "x"); len(got.([]string)) != 1 {
		t.Errorf("a list of texts: %v", got)
	}
	if got, _ := supposed(rules.Attribute{Kind: rules.IntList}, "7"); got.([]int64)[0] != 7 {
		t.Errorf("a list of numbers: %v", got)
	}
}
