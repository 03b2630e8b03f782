package main

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/rules/mutant"
)

// account are rules that fit what docs/testing.md shows.
const account = `
tiers: [ { name: public }, { name: internal }, { name: confidential, require: { max_token_age: 1h } }, { name: restricted, require: { max_token_age: 1h } } ]
unclassified: restricted
broad_above: internal
objects:
  - { type: account, tier: confidential, catalog: accounts, attributes: { owner: string, frozen: bool }, properties: { ssn: restricted } }
routes:
  - { host: accounts.example.com, map: [ "GET /v1/accounts/{id} -> read account/{id}", "PATCH /v1/accounts/{id} -> update account/{id}" ] }
identities:
  - { name: customers, kind: human, match: { issuer: corp, client: [web] } }
rules:
  - { id: own-accounts, allow: customers, to: [read, update], on: account, up_to: confidential, own: owner }
  - { id: frozen, deny: { kind: human }, to: [update], on: account, when: has(object.frozen) && object.frozen }
`

// writeTestingPage puts what docs/testing.md shows into the directory rules, and goes there.
func writeTestingPage(t *testing.T) []example {
	t.Helper()
	blocks := examples(t, "../../docs/testing.md")
	t.Chdir(t.TempDir())
	files := map[string]string{"accounts.yaml": account}
	for _, x := range blocks {
		switch {
		case x.language == "yaml":
			name := cmp.Or(x.named, "first_test.yaml")
			files[name] += x.text
		case strings.HasPrefix(x.text, "== "):
			files["kept_test.snap"] = x.text
		}
	}
	if err := os.Mkdir("rules", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join("rules", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return blocks
}

// The tests, the picture and the snapshot that docs/testing.md shows pass.
func TestTestingPageWorks(t *testing.T) {
	writeTestingPage(t)
	var out bytes.Buffer
	if code := run([]string{"test", "rules"}, &out, &out); code != exitFine || !strings.Contains(out.String(), "ok: 7 tests, 0 failed") {
		t.Errorf("exit %d\n%s", code, &out)
	}
}

// What docs/testing.md shows of mutants is what becomes of those of its own rules.
func TestTestingPageShowsItsMutants(t *testing.T) {
	shown := ""
	for _, x := range writeTestingPage(t) {
		if command, output, _ := strings.Cut(x.text, "\n"); command == "$ tiergate test rules --mutate" {
			shown = output
		}
	}
	var out bytes.Buffer
	if code := run([]string{"test", "rules", "--mutate"}, &out, &out); code != exitNo {
		t.Errorf("exit %d", code)
	}
	got := ""
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "unchecked: ") {
			got += line
		}
	}
	if diff := gocmp.Diff(shown, got); diff != "" {
		t.Errorf("output (-page +command):\n%s", diff)
	}
}

// docs/testing.md lists the operators that there are, in their order.
func TestTestingPageListsTheOperators(t *testing.T) {
	md, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	_, table, _ := strings.Cut(string(md), "| operator | what it does |")
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (.*) \\|$").FindAllStringSubmatch(table, -1) {
		got = append(got, row[1]+": "+row[2])
	}
	for _, o := range mutant.Operators() {
		want = append(want, o.Name+": "+o.Does)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("operators (-code +page):\n%s", diff)
	}
}
