package suite

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/rules"
)

var page = regexp.MustCompile("(?ms)^```yaml\n# ([a-z_]+\\.yaml)\n(.*?)^```$")

// TestRulesPageRuns runs what docs/reference/rules.md says of its examples: its files
// are one directory, and the tests among them pass. Every rule and
// every condition is reached both ways, and a line that lets pass denies, too.
func TestRulesPageRuns(t *testing.T) {
	md, err := os.ReadFile("../../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	fsys, tests := fstest.MapFS{}, 0
	for _, m := range page.FindAllStringSubmatch(string(md), -1) {
		if fsys[m[1]] != nil {
			t.Errorf("two examples are called %s", m[1])
		}
		if fsys[m[1]] = (&fstest.MapFile{Data: []byte(m[2])}); strings.HasSuffix(m[1], "_test.yaml") {
			tests++
		}
	}
	o := configured()
	o.Env.Issuers["mesh"] = rules.IssuerEnv{}
	o.Env.Catalogs, o.Env.Managed = []string{"accounts", "customers"}, []string{"x-account-tenant", "x-caller"}
	got := text(t, fsys, o)
	if tests < 10 || !strings.Contains(got, "ok: ") || !strings.Contains(got, " 0 failed") || strings.Contains(got, "no denied twin") {
		t.Error(got)
	}
	for line := range strings.Lines(got) {
		if strings.Contains(line, "not reached") && !slices.ContainsFunc(unreachable, func(what string) bool { return strings.Contains(line, what) }) {
			t.Errorf("no example on the page runs it: %s", line)
		}
	}
}

// unreachable is what no answer shows: a rule in shadow, and a condition that another
// one on the page decides before.
var unreachable = []string{"not-on-sundays", "assistant-reads: when always holds"}
