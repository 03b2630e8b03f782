package rules

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var (
	fence    = regexp.MustCompile("(?ms)^```(yaml|text)\n(.*?)^```$")
	code     = regexp.MustCompile("`([^`]+)`")
	fileLine = regexp.MustCompile(`^# ([a-z_]+\.yaml)\n`)
)

// TestRulesPage loads docs/reference/rules.md: its files are one rules directory, and an
// example without a name is a file of mistakes whose report follows it.
func TestRulesPage(t *testing.T) {
	page, err := os.ReadFile("../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	var wrong, reports []string
	for _, m := range fence.FindAllStringSubmatch(string(page), -1) {
		name := fileLine.FindStringSubmatch(m[2])
		switch {
		case strings.HasPrefix(m[2], "# platform/") || strings.HasPrefix(m[2], "# teams/"): // layers, which package policy loads
		case m[1] == "text":
			reports = append(reports, m[2])
		case name == nil:
			wrong = append(wrong, m[2])
		default:
			files[name[1]] = &fstest.MapFile{Data: []byte(m[2])}
		}
	}
	if len(files) < 7 || len(wrong) == 0 || len(wrong) != len(reports) {
		t.Fatalf("%d files, %d examples of mistakes, %d reports", len(files), len(wrong), len(reports))
	}
	env := testEnv()
	env.Catalogs = []string{"accounts", "customers"}
	env.Issuers["mesh"] = IssuerEnv{}
	for _, years := range []int{0, 10} { // a page is read for long: its dates pass, and all loads as before
		env.Now = testNow.AddDate(years, 0, 0)
		if got := report(files, env); got != "" {
			t.Errorf("at %v the page's files do not load:\n%s", env.Now, got)
		}
		for i := range wrong {
			m := maps.Clone(files)
			m["mistakes.yaml"] = &fstest.MapFile{Data: []byte(wrong[i])}
			if got := report(m, env); got != reports[i] {
				t.Errorf("at %v: got\n%s\nwant\n%s", env.Now, got, reports[i])
			}
		}
	}
}

// TestRulesPageNarrows: every example in the table of conditions that narrow keeps
// a rule from being broad, and what the paragraph below it warns of does not.
func TestRulesPageNarrows(t *testing.T) {
	page, err := os.ReadFile("../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "| narrows | such as |\n|---|---|\n")
	table, below, _ := strings.Cut(text, "\n\n")
	const rule = "objects: [{ type: doc, tier: restricted, attributes: { tenant: string, owner: string, readers: [string], frozen: bool } }]\n" +
		"rules: [{ id: a, allow: customers, to: [read], on: doc, up_to: restricted, when: '"
	seen := 0
	for row := range strings.Lines(table) {
		for _, m := range code.FindAllStringSubmatch(strings.Split(row, "|")[2], -1) {
			seen++
			if got := reportOf(t, rule+m[1]+"' }]"); got != "" {
				t.Errorf("%s does not narrow:\n%s", m[1], got)
			}
		}
	}
	if seen < 5 {
		t.Errorf("%d examples", seen)
	}
	const never = `object.owner == "x" || true`
	if got := reportOf(t, rule+never+"' }]"); !strings.Contains(below, never) || !strings.Contains(got, "the rule covers every doc") {
		t.Errorf("%s: %s", never, got)
	}
}

// TestRulesPageDecides: what the page says about authorization_details is so.
func TestRulesPageDecides(t *testing.T) {
	page, err := os.ReadFile("../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, m := range fence.FindAllStringSubmatch(string(page), -1) {
		if name := fileLine.FindStringSubmatch(m[2]); name != nil {
			files[name[1]] = &fstest.MapFile{Data: []byte(m[2])}
		}
	}
	env := testEnv()
	env.Catalogs = []string{"accounts", "customers"}
	env.Issuers["mesh"] = IssuerEnv{}
	src, ms := Parse(files)
	set, more := Compile(src, env)
	if err := append(ms, more...).Err(); err != nil {
		t.Fatal(err)
	}
	const consent = `[{ "type": "payment" }, { "type": "account_information", "accounts": ["DE12"] }]`
	for _, row := range []struct {
		name, scopes, details string
		want                  Reason
	}{
		{"twin", `["accounts"]`, consent, Allowed},
		{"another scope", `["openid"]`, consent, NoRule},
		{"no scopes", `null`, consent, AttributeMissing},
		{"another account", `["accounts"]`, `[{ "type": "account_information", "accounts": ["DE13"] }]`, NoRule},
		{"another type", `["accounts"]`, `[{ "type": "payment", "accounts": ["DE12"] }]`, NoRule},
		{"an element without accounts", `["accounts"]`, `[{ "type": "account_information" }]`, NoRule},
		{"no details for us", `["accounts"]`, `[]`, NoRule},
		{"no details", `["accounts"]`, `null`, AttributeMissing},
	} {
		in := parseInput(t, `{ "caller": { "identity": "acme", "subject": "x", "scopes": `+row.scopes+`, "details": `+row.details+` },
			"targets": [{ "action": "read", "object": "account/DE12", "attributes": { "tenant": "globex" } }] }`)
		if got := in.decide(t, set); got.Reason != row.want {
			t.Errorf("%s: %s (%+v), want %s", row.name, got.Reason, got.Targets, row.want)
		}
	}
}

// TestRulesPageNamesEveryVariable compares the table of variables with the code.
func TestRulesPageNamesEveryVariable(t *testing.T) {
	page, err := os.ReadFile("../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| variable | members |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, name := range slices.Sorted(maps.Keys(builtin)) {
		root, member, _ := strings.Cut(name, ".")
		if member == "" {
			member = root
		}
		row := ""
		for line := range strings.Lines(table) {
			if strings.Contains(strings.SplitN(line, " | ", 2)[0], "`"+root+"`") {
				row = line
			}
		}
		if !strings.Contains(row, "`"+member) {
			t.Errorf("%s is not in the table", name)
		}
	}
}
