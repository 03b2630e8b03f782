package e2e

import "testing"

// The table itself: enough rows, each with a twin that must pass.
func TestAttackScript(t *testing.T) {
	rows := Attacks()
	if len(rows) < 25 {
		t.Errorf("%d rows, want at least 25", len(rows))
	}
	seen := map[string]bool{}
	for _, row := range rows {
		name := row.Name + "/" + string(row.Through())
		if seen[name] {
			t.Errorf("%s comes twice", name)
		}
		seen[name] = true
		if row.Twin.Status != 0 || row.Twin.Before != 0 || row.Twin.Why == "" {
			t.Errorf("%s: the twin must pass, by a rule it names", name)
		}
		if row.Attack.Status == 0 && row.Attack.Lie == "" {
			t.Errorf("%s: the attack passes and lies about nothing", name)
		}
	}
}
