package rules

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestMistakes runs testdata/mistakes: rules on top of base.yaml, unless the
// case brings its own, and the whole report of what is wrong with them.
func TestMistakes(t *testing.T) {
	for name, c := range cases(t, "mistakes") {
		t.Run(name, func(t *testing.T) {
			m := c.beside(t)
			got := report(m, testEnv())
			if got == "" {
				t.Error("no mistakes")
			}
			c.expect(t, "want.txt", got)
		})
	}
}

// TestWarnings runs testdata/warnings: rules that load, and the whole report of
// what in them is hardly meant.
func TestWarnings(t *testing.T) {
	for name, c := range cases(t, "warnings") {
		t.Run(name, func(t *testing.T) {
			m := c.beside(t)
			src, ms := Parse(m)
			set, more := Compile(src, testEnv())
			if err := append(ms, more...).Err(); err != nil {
				t.Fatal(err)
			}
			of := slices.Clone(set.Warnings())
			if _, own := c.files["rules/base.yaml"]; !own { // which declares more than one case uses
				of = slices.DeleteFunc(of, func(w Mistake) bool { return w.Pos.File == "base.yaml" })
			}
			if len(of) == 0 {
				t.Error("no warnings")
			}
			c.expect(t, "want.txt", of.Report(textOfFile(m)))
		})
	}
}

// report is what `check` prints of the rules: the mistakes of Parse and of Compile.
func report(m fs.FS, env Env) string {
	src, ms := Parse(m)
	_, more := Compile(src, env)
	ms = append(ms, more...)
	_ = ms.Err() // sorts them
	return ms.Report(textOfFile(m))
}

func textOfFile(m fs.FS) func(string) string {
	return func(file string) string {
		text, _ := fs.ReadFile(m, file)
		return string(text)
	}
}

// TestTenMistakesAtOnce is what `check` promises: a file with ten different
// mistakes reports ten, each with its file, line and column.
func TestTenMistakesAtOnce(t *testing.T) {
	c := cases(t, "mistakes")["ten-at-once"]
	m := c.fsys().(fstest.MapFS)
	m["base.yaml"] = &fstest.MapFile{Data: readBase(t)}
	src, ms := Parse(m)
	if len(ms) > 0 {
		t.Fatal(ms)
	}
	_, ms = Compile(src, testEnv())
	lines := make(map[int]bool)
	for _, mistake := range ms {
		if mistake.Pos.File != "ten.yaml" || mistake.Pos.Line < 1 || mistake.Pos.Col < 1 {
			t.Errorf("%v has no place in ten.yaml", mistake)
		}
		lines[mistake.Pos.Line] = true
	}
	if len(ms) != 10 || len(lines) != 10 {
		t.Errorf("%d mistakes on %d lines, want 10 on 10:\n%v", len(ms), len(lines), ms)
	}
}

// TestMistakeAtMember: the place inside a condition is the place of the word,
// whatever the style of the YAML around it.
func TestMistakeAtMember(t *testing.T) {
	for name, when := range map[string]string{
		"plain":         `object.owner == "x" && object.tenat == "eu"`,
		"single quoted": `'object.owner == "x" && object.tenat == "eu"'`,
		"double quoted": `"object.owner == 'x' && object.tenat == 'eu'"`,
		"block":         "|-\n      object.owner == \"x\" &&\n      object.tenat == \"eu\"",
	} {
		t.Run(name, func(t *testing.T) {
			text := "rules:\n  - id: a\n    allow: customers\n    to: [read]\n    on: account\n    up_to: internal\n    when: " + when + "\n"
			src, ms := Parse(fstest.MapFS{"base.yaml": {Data: readBase(t)}, "a.yaml": {Data: []byte(text)}})
			if len(ms) > 0 {
				t.Fatal(ms)
			}
			_, ms = Compile(src, testEnv())
			if len(ms) != 1 {
				t.Fatalf("got %v, want one mistake", ms)
			}
			line := strings.Split(text, "\n")[ms[0].Pos.Line-1]
			if rest := line[ms[0].Pos.Col-1:]; !regexp.MustCompile(`^\.?tenat|^object\.tenat`).MatchString(rest) {
				t.Errorf("the caret is under %q", rest)
			}
		})
	}
}

func TestPartialEnvLeavesTheRestUnchecked(t *testing.T) {
	text := `
objects: [{ type: box, catalog: elsewhere, attributes: { owner: string } }]
identities: [{ name: x, kind: human, match: { issuer: nowhere } }]
rules:
  - { id: a, allow: x, to: [read], on: box, up_to: internal, own: owner, when: caller.claims.what == "x", then: { set_headers: { x-some: "{caller.claims.other}" } } }
`
	m := fstest.MapFS{"base.yaml": {Data: readBase(t)}, "a.yaml": {Data: []byte(text)}}
	src, ms := Parse(m)
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	set, ms := Compile(src, Env{Partial: true})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(set.Unchecked(), "; "); !strings.Contains(got, "issuers") || !strings.Contains(got, "managed") {
		t.Errorf("unchecked: %s", got)
	}
	got := report(m, testEnv())
	for _, want := range []string{`unknown catalog "elsewhere"`, `unknown issuer "nowhere"`, `header "x-some" is not managed`} {
		if !strings.Contains(got, want) {
			t.Errorf("with a configuration, want %s, got\n%s", want, got)
		}
	}
	// What every header must obey needs no configuration.
	bad := strings.ReplaceAll(text, "x-some", "x-forwarded-for")
	m["a.yaml"] = &fstest.MapFile{Data: []byte(bad)}
	if got := report(m, Env{Partial: true}); !strings.Contains(got, "can never be set") {
		t.Errorf("got %q", got)
	}
}
