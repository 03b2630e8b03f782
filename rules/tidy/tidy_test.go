package tidy

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tiergate/tiergate/rules"
)

// corpus is every YAML file of the repository, those inside of test cases too.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "..":
			return fs.SkipDir
		case filepath.Ext(path) == ".yaml":
			text, err := os.ReadFile(path)
			out[path] = string(text)
			return err
		case filepath.Ext(path) == ".txtar":
			archive, err := txtar.ParseFile(path)
			if err != nil {
				return err
			}
			for _, f := range archive.Files {
				if filepath.Ext(f.Name) == ".yaml" {
					out[path+"/"+f.Name] = string(f.Data)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every file that can be read can be formatted, and once is enough. That nothing
// else is said, Format looks itself.
func TestEveryFileOfTheRepository(t *testing.T) {
	n := 0
	for name, text := range corpus(t) {
		if _, ms := rules.ParseYAML(name, []byte(text)); len(ms) > 0 {
			continue
		}
		n++
		once, err := Format(name, []byte(text), rules.Shape())
		if err != nil {
			t.Error(err)
			continue
		}
		twice, err := Format(name, once, rules.Shape())
		if err != nil || string(twice) != string(once) {
			t.Errorf("%s changes again: %v\n%s\n---\n%s", name, err, once, twice)
		}
	}
	if n < 400 {
		t.Errorf("only %d files: they moved, or are not seen", n)
	}
}

// What is written in the one form, and what of it stays as it was.
func TestFormat(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"a file's own comment stays above": {"# about the file\n\n# about rules\nrules: []\ntiers: []\n", "# about the file\n\ntiers: []\n# about rules\nrules: []\n"},
		"the comment for editors":          {"# yaml-language-server: $schema=a.json\nrules: []\ntiers: []\n", "# yaml-language-server: $schema=a.json\ntiers: []\nrules: []\n"},
		"free keys keep their order":       {"weights: {b: 1, a: 2}\n", "weights: { b: 1, a: 2 }\n"},
		"known keys do not":                {"rules:\n- to: read\n  id: a\n", "rules:\n  - id: a\n    to: read\n"},
		"unknown keys go last":             {"rules: [{ zz: 1, id: a }]", "rules: [{ id: a, zz: 1 }]\n"},
		"words as they are":                {"rules: [{ id: 'a', because: \"b # c\", when: 'x == \"}\"' }]\n", "rules: [{ id: 'a', when: 'x == \"}\"', because: \"b # c\" }]\n"},
		"a block of text":                  {"rules:\n- when: |\n   a &&\n\n     b # no comment\n  id: a\n", "rules:\n  - id: a\n    when: |\n     a &&\n\n       b # no comment\n"},
		"a word on two lines":              {"rules:\n  - because: one\n      two\n    id: a\n", "rules:\n  - id: a\n    because: one\n      two\n"},
		"braces on two lines":              {"rules:\n- { id: a, # one\n    to: read }\n", "rules:\n  - { id: a, # one\n      to: read }\n"},
		"a demand without a value":         {"kinds: { agent: { require: {purpose,owner} } }\n", "kinds: { agent: { require: { owner, purpose } } }\n"},
		"one line of several":              {"rules:\n\n\n  - id: a\n\n\n  # b\n  - id: b\n\n", "rules:\n  - id: a\n\n  # b\n  - id: b\n"},
		"a mark of order and ends of DOS":  {"\uFEFFrules:\r\n- id: a\r\n", "rules:\n  - id: a\n"},
		"map lines":                        {"routes:\n- map:\n  - GET   /a/{id} -> read a/{id}: {max: 5}\n  host: a\n", "routes:\n  - host: a\n    map:\n      - GET   /a/{id} -> read a/{id}: { max: 5 }\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Format("a.yaml", []byte(c.in), rules.Shape())
			if err != nil || string(got) != c.want {
				t.Errorf("got %v\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}

func TestFormatRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"what does not load":                "rules: [",
		"a tag":                             "rules: [{ id: !!str a }]",
		"a comment that would have no line": "rules:\n  - # one\n    id: a\n",
	} {
		if out, err := Format("a.yaml", []byte(in), rules.Shape()); err == nil {
			t.Errorf("%s is formatted:\n%s", name, out)
		}
	}
}

// Format changes nothing that is said, and once is enough.
func FuzzFormat(f *testing.F) {
	for _, text := range corpus(f) {
		if len(text) < 2000 {
			f.Add(text)
		}
	}
	top := rules.Shape()
	f.Fuzz(func(t *testing.T, text string) {
		once, err := Format("a.yaml", []byte(text), top)
		if err != nil {
			return
		}
		twice, err := Format("a.yaml", once, top)
		if err != nil || string(twice) != string(once) {
			t.Errorf("changes again: %v\n%q\n%q", err, once, twice)
		}
	})
}
