package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// docs/inventory.md shows a specification and what import makes of it.
func TestInventoryPageShowsWhatImportMakes(t *testing.T) {
	var source, want string
	for _, x := range examples(t, "../../docs/inventory.md") {
		switch x.language {
		case "json":
			source = x.text
		case "yaml":
			want = x.text
		}
	}
	path := filepath.Join(t.TempDir(), "shop.json")
	if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, bad bytes.Buffer
	if code := run([]string{"import", "openapi", path}, &out, &bad); code != exitFine || bad.Len() > 0 {
		t.Fatalf("exit %d: %s", code, &bad)
	}
	if want == "" || !strings.HasSuffix(out.String(), want) {
		t.Errorf("the page shows\n%s\nimport makes\n%s", want, &out)
	}
}

// Every finding of coverage has a row on the page.
func TestInventoryPageListsFindings(t *testing.T) {
	page, err := os.ReadFile("../../docs/inventory.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, gap := range []string{"no_route", "no_rule", "only_shadow", "no_tier", "only_broad", "unbounded", "unknown"} {
		if !strings.Contains(string(page), "| `"+gap+"` |") {
			t.Errorf("no row for %s", gap)
		}
	}
}
