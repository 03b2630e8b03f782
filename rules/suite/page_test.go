package suite

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/rules"
)

var page = regexp.MustCompile("(?ms)^```yaml\n# ([a-z_]+\\.yaml)\n(.*?)^```$")

// TestRulesPageRuns runs what docs/reference/rules.md says of its examples: its files
// are one directory, and the tests among them pass. A map line that a test is allowed
// on has a test that is denied on it.
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
	if tests < 3 || !strings.Contains(got, "ok: ") || !strings.Contains(got, " 0 failed") || strings.Contains(got, "no denied twin") {
		t.Error(got)
	}
}
