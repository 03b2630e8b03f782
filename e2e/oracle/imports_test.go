package oracle

import (
	"os/exec"
	"strings"
	"testing"
)

// The evaluator is worth nothing if it shares code with what it judges.
func TestSharesNoCodeWithTheEngine(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const module = "github.com/tiergate/tiergate/"
	for _, pkg := range strings.Fields(string(out)) {
		name, ours := strings.CutPrefix(pkg, module)
		if ours && name != "envoy" && !strings.HasPrefix(name, "e2e") {
			t.Errorf("the oracle imports %s", pkg)
		}
	}
}
