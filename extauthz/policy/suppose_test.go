package policy

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// What is supposed decides, and nothing of it stays: the policy and the cached row
// are as they were.
func TestExplainSupposing(t *testing.T) {
	for _, row := range []struct {
		name, line string
		s          string
		want       rules.Reason
		missing    string
		err        string
	}{
		{name: "nothing", line: "GET /orders/2", want: rules.NoRule, missing: "own: owner"},
		{name: "the owner", line: "GET /orders/2", s: "object.owner=ada", want: rules.Allowed},
		{name: "no owner", line: "GET /orders/1", s: "object.owner=", want: rules.AttributeMissing, missing: "own: owner (a value that it reads is absent)"},
		{name: "a higher tier", line: "GET /orders/1", s: "tier=secret", want: rules.NoRule, missing: "up_to internal, this is secret"},
		{name: "a lower one", line: "GET /orders/1", s: "tier=public", want: rules.Allowed},
		{name: "no such tier", line: "GET /orders/1", s: "tier=sekret", err: `no tier "sekret"; the tiers are public, internal, secret`},
		{name: "no such attribute", line: "GET /orders/1", s: "object.ownr=ada", err: `no object of the request has an attribute "ownr"`},
		{name: "an open line has no objects, so nothing is supposed of them", line: "GET /healthz", s: "object.owner=x", want: rules.OpenRoute},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := load(t, shop, options(t, stated{v: ada()}, order("1", "ada"), order("2", "bob")))
			before := p.Check(t.Context(), request(row.line)).Reason
			s, err := rules.ParseSuppose(strings.Fields(row.s))
			if err != nil {
				t.Fatal(err)
			}
			o, err := p.Explainer().Explain(t.Context(), request(row.line), s)
			if row.err != "" {
				if err == nil || err.Error() != row.err {
					t.Errorf("%v, want %s", err, row.err)
				}
				return
			}
			if err != nil || o.Reason != row.want {
				t.Fatalf("%s, %v, want %s", o.Reason, err, row.want)
			}
			if row.missing != "" && (len(o.Near) == 0 || o.Near[0].Missing != row.missing) {
				t.Errorf("near %+v, want %q", o.Near, row.missing)
			}
			if after := p.Check(t.Context(), request(row.line)).Reason; after != before {
				t.Errorf("afterwards %s, before %s", after, before)
			}
		})
	}
}
