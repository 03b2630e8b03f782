//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// full reports whether the long counts are asked for (make soak).
func full() bool { return os.Getenv("TIERGATE_FULL") == "1" }

// programs finds Envoy and, where the test needs it, tiergate.
func programs(t *testing.T, tiergate bool) Programs {
	t.Helper()
	var p Programs
	var err error
	if p.Envoy, err = FindEnvoy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tiergate {
		if p.Tiergate, err = FindTiergate(t.Context(), "..", t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// world is the bank example without tiergate and gateways.
func world(t *testing.T, p Programs) *World {
	t.Helper()
	w, err := NewWorld(os.DirFS("../examples/bank"), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && w.Tiergate != nil {
			t.Logf("tiergate said:\n%s", w.Tiergate.tail())
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// serve starts the world's tiergate and waits until it is ready.
func (w *World) serve(t *testing.T, name, config string) {
	t.Helper()
	var err error
	if w.Tiergate, err = StartTiergate(t.Context(), w.programs.Tiergate, name, config); err != nil {
		t.Fatal(err)
	}
	if err := w.Tiergate.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// eventually polls until ok is true, for at most limit.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen within %v", what, limit)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// writeRules puts one more file into the rules directory beside config.
func writeRules(config, name, text string) error {
	return os.WriteFile(filepath.Join(filepath.Dir(config), "rules", name), []byte(text), 0o600)
}

// asking returns a Checker of addr that ends with the test.
func asking(t *testing.T, addr string) *Checker {
	t.Helper()
	c, err := NewChecker(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// replaced is a file beside a configuration, as it is, and what puts another text
// in its place, as a whole.
func replaced(t *testing.T, config string, path ...string) (text string, put func(text string)) {
	t.Helper()
	file := filepath.Join(append([]string{filepath.Dir(config)}, path...)...)
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(was), func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
}
