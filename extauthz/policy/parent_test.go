package policy

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

const shopOfBranches = `
tiers: [ { name: internal }, { name: secret } ]
objects:
  - { type: order, tier: internal, max_row_tier: internal, catalog: orders, parent: branch, attributes: { owner: string } }
  - { type: branch, tier: internal, max_row_tier: internal, catalog: orders, attributes: { region: string } }
routes:
  - host: shop.example.com
    map:
      - GET /orders/{id} -> read order/{id}
      - PUT /orders/{id} -> create|update order/{id}
      - DELETE /orders/{id} -> delete order/{id}
      - GET /branches/{b}/orders -> list order in branch/{b}
      - POST /branches/{b}/orders -> create order in branch/{b}
identities:
  - { name: customers, kind: human, match: { issuer: corp, client: [web] } }
  - { name: clerks, kind: human, match: { issuer: corp, client: [desk] } }
rules:
  - { id: here, allow: clerks, to: [read, list, create], on: order, up_to: internal, when: object.parent.region == "eu" }
  - { id: own, allow: customers, to: [read, update], on: order, up_to: internal, own: owner }
  - { id: not-there, deny: customers, to: [update], on: order, when: object.parent.region == "us" }
  - { id: trial, mode: shadow, deny: customers, to: [read], on: order, when: object.parent.region == "us" }
`

// The parent's row is read where a rule that could apply to the caller reads it,
// and nowhere else.
func TestParentsAreLookedUpWhereARuleReadsThem(t *testing.T) {
	for _, c := range []struct {
		name, client, line string
		lookups            int
		want               rules.Reason
	}{
		{"the rule reads it", "desk", "GET /orders/1", 2, rules.Allowed},
		{"another parent", "desk", "GET /orders/2", 2, rules.NoRule},
		{"a parent without a row", "desk", "GET /orders/3", 2, rules.AttributeMissing},
		{"the caller's rules do not read it, but in shadow", "web", "GET /orders/1", 1, rules.Allowed},
		{"a deny rule reads it", "web", "PUT /orders/1", 2, rules.Allowed},
		{"and holds", "web", "PUT /orders/2", 2, rules.DeniedByRule},
		{"no rule could allow", "desk", "DELETE /orders/1", 0, rules.NoRule},
		{"the parent that bounds a list", "desk", "GET /branches/eu1/orders", 1, rules.Allowed},
		{"another one", "desk", "GET /branches/us1/orders", 1, rules.NoRule},
		{"the parent of a new object", "desk", "POST /branches/eu1/orders", 1, rules.Allowed},
		{"another one", "desk", "POST /branches/us1/orders", 1, rules.NoRule},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := ada()
			who.ClientID = c.client
			in := func(id, branch string) catalog.Row {
				return catalog.Row{Key: catalog.Key{Type: "order", ID: id}, Parent: branch, Columns: map[string]any{"owner": "ada"}}
			}
			at := func(id, region string) catalog.Row {
				return catalog.Row{Key: catalog.Key{Type: "branch", ID: id}, Columns: map[string]any{"region": region}}
			}
			o := options(t, stated{v: who}, in("1", "eu1"), in("2", "us1"), in("3", "gone"), at("eu1", "eu"), at("us1", "us"))
			p := load(t, shopOfBranches, o)
			got := p.Check(t.Context(), request(c.line))
			if got.Reason != c.want || got.Hits+got.Misses != c.lookups {
				t.Errorf("%s: %s %q after %d look-ups, want %s after %d", c.line, got.Reason, got.Detail, got.Hits+got.Misses, c.want, c.lookups)
			}
			if c.lookups > 0 && got.Catalog == 0 {
				t.Error("the outcome names no generation of the catalog")
			}
			reads := len(got.Targets) > 0 && strings.Contains(inputs(got), "object.parent.region")
			if want := c.lookups > 0 && !strings.HasPrefix(c.name, "the caller's"); reads != want {
				t.Errorf("%s: inputs %s", c.line, inputs(got))
			}
		})
	}
}

func inputs(o *rules.Outcome) string {
	var names []string
	for i := range o.Targets {
		for _, in := range o.Targets[i].Inputs {
			names = append(names, in.Name)
		}
	}
	return strings.Join(names, " ")
}
