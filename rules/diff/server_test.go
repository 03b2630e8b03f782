//go:build e2e

package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e"
)

// Each request that `tiergate diff` shows for random pairs of rules is allowed by
// a server that runs with the one version and denied by one with the other, as it
// says. Those that begin to differ later cannot be sent today.
func TestWitnessesFlipOnTheServer(t *testing.T) {
	pairs := uint64(5)
	if os.Getenv("TIERGATE_FULL") == "1" {
		pairs = 300
	}
	program, err := e2e.FindTiergate(t.Context(), "../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	y := newYard(t, program)
	sent, shown, loaded := 0, 0, 0
	for seed := range pairs {
		before, after := drawing{rand.New(rand.NewPCG(seed, 9)), time.Now()}.pair()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			for _, v := range []*draft{before, after} {
				if _, _, err := bench(v.text()); err != nil {
					t.Logf("does not load: %v", err)
					return
				}
			}
			changes := y.compare(t, before.text(), after.text())
			loaded, shown = loaded+1, shown+len(changes)
			if len(changes) == 0 {
				return
			}
			old, now := y.serve(t, "old"), y.serve(t, "new")
			for _, c := range changes {
				if c.Witness == nil || !c.Witness.At.IsZero() {
					continue
				}
				was, is := old.ask(t, c.Witness), now.ask(t, c.Witness)
				if sent++; was == is || is != (c.Effect == Gained) {
					t.Errorf("%s %s: old allows %t, new allows %t\n%s", c.Effect, c.says(), was, is, c.Witness.Case)
				}
			}
		})
	}
	if t.Logf("%d of %d pairs, %d changes, %d requests sent to both versions", loaded, pairs, shown, sent); sent < 2*int(pairs) || loaded < int(pairs)*8/10 {
		t.Errorf("only %d requests in %d of %d pairs", sent, loaded, pairs)
	}
}

// compare runs the verb on two versions.
func (y *yard) compare(t *testing.T, before, after string) []Change {
	t.Helper()
	dirs := []string{filepath.Join(y.dir, "old", "rules"), filepath.Join(y.dir, "new", "rules")}
	for i, text := range []string{before, after} {
		if err := os.WriteFile(filepath.Join(dirs[i], "rules.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), y.program, "diff", "-c", filepath.Join(y.dir, "new", "tiergate.yaml"), "-o", "json", dirs[0], dirs[1])
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("diff: %v\n%s", err, &stderr)
	}
	var r Report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r.Changes
}
