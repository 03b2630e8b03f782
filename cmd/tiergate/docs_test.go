package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/extauthz/revocation"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/lint"
)

// example is a fenced block of a page.
type example struct {
	line     int
	language string
	named    string // the file that the text before it names in parentheses
	text     string
}

var namedFile = regexp.MustCompile("\\(`([a-z_/]+\\.(?:yaml|csv))`\\)")

func examples(t *testing.T, page string) []example {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	var open *example
	named := ""
	for i, line := range strings.Split(string(text), "\n") {
		fence, language := strings.CutPrefix(line, "```")
		switch {
		case language && open == nil:
			open = &example{line: i + 2, language: fence, named: named}
		case language:
			out = append(out, *open)
			open, named = nil, ""
		case open != nil:
			open.text += line + "\n"
		default:
			if m := namedFile.FindStringSubmatch(line); m != nil {
				named = m[1]
			}
		}
	}
	return out
}

// Every YAML example of every page is read as the file that it shows: a
// configuration, a rules file or a part of one, or tests.
func TestExamplesInPagesAreReadAsWritten(t *testing.T) {
	seen := 0
	for _, page := range pages(t) {
		for _, x := range examples(t, page) {
			if x.language != "yaml" {
				continue
			}
			seen++
			for _, m := range readExample(page, x.text) {
				t.Errorf("%s:%d: %s", page, x.line+m.Pos.Line-1, m.Text)
			}
		}
	}
	if seen < 5 {
		t.Errorf("found %d examples: the pages moved, or the test does not see them", seen)
	}
}

func pages(t *testing.T) []string {
	t.Helper()
	out := []string{"../../README.md"}
	err := filepath.WalkDir("../../docs", func(p string, _ fs.DirEntry, err error) error {
		if filepath.Ext(p) == ".md" {
			out = append(out, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func readExample(page, text string) rules.Mistakes {
	n, ms := rules.ParseYAML(page, []byte(text))
	if n == nil || n.Kind != rules.Mapping {
		return ms
	}
	switch n.Items[0].Value {
	case "revocations":
		return revocationMistakes(text)
	case "listen", "issuers", "catalogs", "cache", "headers", "audit", "limits", "peer", "state_dir", "control", "guard":
		d := rules.Decoder{}
		d.Into(n, &config{})
		return d.Mistakes
	case "checks", "except":
		shipped, _ := lint.Shipped()
		house, ms := lint.Read(page, []byte(text))
		_, wrong := lint.Compile(shipped, house)
		return append(ms, wrong...)
	case "tests", "matrices": // run by TestTestingPageWorks and TestPagesWorkAsWritten
		return nil
	case "apiVersion", "extensionProviders", "http_filters", "static_resources", "name": // Envoy's and Kubernetes' own
		return nil
	}
	files := fstest.MapFS{"example.yaml": {Data: []byte(text)}}
	for _, beside := range sideFile.FindAllString(text, -1) { // what is in it, its own page's test reads
		files[beside] = &fstest.MapFile{}
	}
	_, ms = rules.Parse(files)
	return ms
}

var sideFile = regexp.MustCompile(`[a-z]+\.(graphql|binpb|persisted\.json|tools\.json)\b`)

// revocationMistakes reads an example as the file of revocations that it shows.
func revocationMistakes(text string) rules.Mistakes {
	dir, err := os.MkdirTemp("", "tiergate-")
	if err == nil {
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "revoked.yaml")
		if err = os.WriteFile(path, []byte(text), 0o600); err == nil {
			_, err = revocation.OpenFile(revocation.FileOptions{Path: path})
		}
	}
	var ms rules.Mistakes
	if err != nil && !errors.As(err, &ms) {
		ms.Add(rules.Pos{Line: 1}, "%v", err)
	}
	return ms
}

// docs/configuration.md explains every key, in a row or a sentence of its own
// and not just in the example, and its tables name no other.
func TestEveryConfigurationKeyIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	page := regexp.MustCompile("(?s)```.*?```").ReplaceAllString(string(text), "")
	for _, key := range configKeys() {
		if !regexp.MustCompile("(?m)(`|^## .*|`[][a-z_.]+[.:{ ]+)" + key + "\\b").MatchString(page) {
			t.Errorf("docs/configuration.md does not explain %q", key)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(page, -1) {
		words := strings.FieldsFunc(row[1], func(r rune) bool { return r == '.' || r == '[' || r == ']' })
		if last := words[len(words)-1]; !slices.Contains(configKeys(), last) && last != "default" && last != "TIER" {
			t.Errorf("docs/configuration.md has a row %q, which is no key", row[1])
		}
	}
}

// The lines that docs/routes.md shows load as they stand, and its tests pass.
func TestRoutesPageLoads(t *testing.T) {
	dir := t.TempDir()
	for _, x := range examples(t, "../../docs/routes.md") {
		if x.named == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(x.named)), []byte(x.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if code := run([]string{"check", dir}, &out, &out); code != exitFine || !strings.Contains(out.String(), "29 map lines") {
		t.Errorf("exit %d\n%s", code, &out)
	}
	out.Reset()
	if code := run([]string{"test", dir}, &out, &out); code != exitFine || !strings.Contains(out.String(), "ok: 27 tests, 0 failed") {
		t.Errorf("exit %d\n%s", code, &out)
	}
}
