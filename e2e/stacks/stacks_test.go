//go:build e2e

package stacks

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/packages"
	"github.com/tiergate/tiergate/e2e/scene"
)

// count is how many requests a run sends: a hundredth of TIERGATE_FULL's unless
// $TIERGATE_STACKS says how many.
func count(t *testing.T) uint64 {
	t.Helper()
	if text := os.Getenv("TIERGATE_STACKS"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if os.Getenv("TIERGATE_FULL") == "1" {
		return 100_000
	}
	return 1_000
}

// Issue row 4: four real stacks act on what was decided, however it was spelt, and
// legitimate requests pass.
func TestStacksActOnWhatWasDecided(t *testing.T) {
	modules, err := packages.Node(t.Context())
	packages.Need(t, err)
	python, err := packages.Interpreter(t.Context(), packages.Python)
	packages.Need(t, err)
	router := filepath.Join(t.TempDir(), "chi")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", router, ".")
	build.Dir = "testdata/chi"
	if out, err := build.CombinedOutput(); err != nil {
		packages.Need(t, err)
		t.Logf("%s", out)
	}
	standard := httptest.NewServer(mux())
	t.Cleanup(standard.Close)
	up := func(host, program string, args ...string) scene.Upstream {
		s, err := e2e.StartService(t.Context(), host, t.TempDir(), program, args...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("%s said:\n%.2000s", host, s.Log())
			}
			s.Kill()
		})
		return scene.Upstream{Host: host, Addr: s.Addr}
	}
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	world := scene.Start(t, scene.Options{
		Root: "../..", Example: os.DirFS("testdata/example"), Slashes: "KEEP_UNCHANGED", Lax: true,
		Upstreams: []scene.Upstream{
			{Host: "go.example.com", Addr: standard.Listener.Addr().String()},
			up("chi.example.com", router),
			up("express.example.com", "/usr/bin/env", "NODE_PATH="+modules, "node", filepath.Join(dir, "express.cjs")),
			up("flask.example.com", python, filepath.Join(dir, "flask_app.py")),
		},
	})
	seed := uint64(1)
	if text := os.Getenv("TIERGATE_SEED"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Run(t.Context(), world, world.Token(t, "stacks", "ada"), seed, count(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d requests in %v (%d legitimate), %d allowed, %d reported by %v; statuses %v", r.Sent, r.Took, r.Twins, r.Allowed, r.Reported, r.Reports, r.Statuses)
	show(t, "a stack acted on what was not decided", r.Violations)
	show(t, "a legitimate request was refused", r.Refused)
	if r.Statuses[http.StatusServiceUnavailable] > 0 {
		t.Errorf("%d requests could not be decided", r.Statuses[http.StatusServiceUnavailable])
	}
	if r.Reported < r.Twins {
		t.Errorf("%d requests reached a stack, want more than the %d legitimate ones", r.Reported, r.Twins)
	}
}

// show fails with the first of them.
func show(t *testing.T, what string, all []string) {
	t.Helper()
	for _, one := range all[:min(len(all), 20)] {
		t.Errorf("%s: %s", what, one)
	}
	if len(all) > 20 {
		t.Errorf("%s: %d in all", what, len(all))
	}
}
