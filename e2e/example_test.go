//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// The example that users copy is in order, passes its own tests, and they
// reach all of it.
func TestExampleIsInOrder(t *testing.T) {
	program, err := FindTiergate(t.Context(), "..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const config, rules = "../examples/bank/tiergate.yaml", "../examples/bank/rules"
	for _, args := range [][]string{{"check", "-c", config}, {"test", "-c", config, rules, "--coverage"}} {
		out, err := exec.Command(program, args...).CombinedOutput()
		if err != nil || strings.Contains(string(out), "not reached") {
			t.Errorf("tiergate %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
