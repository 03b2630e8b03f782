//go:build e2e

package e2e

import "testing"

// What careful people run today lets every attack through that the table says
// it does, and every twin.
func TestBeforeTiergate(t *testing.T) {
	w := world(t, programs(t, false))
	if err := w.Open(t.Context(), Gateways[0], Gateways[1]); err != nil {
		t.Fatal(err)
	}
	for _, row := range Attacks() {
		t.Run(row.Name+"/"+string(row.Through()), func(t *testing.T) {
			for _, c := range []Call{row.Attack, row.Twin} {
				seen, err := w.Play(t.Context(), Gateway{row.Through(), true}, c)
				if err != nil {
					t.Fatal(err)
				}
				if problem := c.CheckBefore(seen); problem != "" {
					t.Errorf("%s %s as %s: %s", c.Request.Method, c.Request.Target, c.Who.Name, problem)
				}
			}
		})
	}
}

// Every row of the attack script ends as it says, through a real Envoy: the
// attack is denied for its reason and the bank sees nothing of it, the twin
// passes by its rule and the bank sees exactly the headers that we set.
func TestAttacks(t *testing.T) {
	w := world(t, programs(t, true))
	if err := w.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Open(t.Context(), Gateways[2], Gateways[3]); err != nil {
		t.Fatal(err)
	}
	for _, row := range Attacks() {
		t.Run(row.Name+"/"+string(row.Through()), func(t *testing.T) {
			for name, c := range map[string]Call{"attack": row.Attack, "twin": row.Twin} {
				seen, err := w.Play(t.Context(), Gateway{row.Through(), false}, c)
				if err != nil {
					t.Fatal(err)
				}
				if problem := c.CheckWith(seen); problem != "" {
					t.Errorf("%s: %s %s as %v: %s", name, c.Request.Method, c.Request.Target, c.Who, problem)
				}
			}
		})
	}
}
