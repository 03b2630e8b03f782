package spec

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what importers are expected to propose")

// proposed is a proposal as import prints it, and what it leaves out.
func proposed(t *testing.T, p *Proposal) string {
	t.Helper()
	text, _, _, err := p.Merge("", &Memory{}, &Existing{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Skipped {
		text += "not mapped: " + s.Name + ": " + s.Why + "\n"
	}
	return text
}

// Each sample beside its proposal, which anybody can read and judge.
func TestProposals(t *testing.T) {
	for _, kind := range []string{"openapi", "graphql", "mcp"} {
		for _, path := range samples(t, kind) {
			t.Run(filepath.Base(path), func(t *testing.T) {
				doc := mustRead(t, kind, path)
				compare(t, path+".want", proposed(t, doc.Propose(Options{})))
				if again := proposed(t, mustRead(t, kind, path).Propose(Options{})); again != proposed(t, doc.Propose(Options{})) {
					t.Error("two proposals from one file differ")
				}
			})
		}
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	wants := strings.Split(string(want), "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(wants) || line != wants[i] {
			t.Fatalf("%s:%d: got\n%s", path, i+1, line)
		}
	}
	t.Fatalf("%s: lines are missing behind line %d", path, strings.Count(got, "\n"))
}
