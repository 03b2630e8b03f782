package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

const oneRule = "rules: [{ id: a, allow: customers, to: [read], on: account, up_to: internal }]\n"

// TestParseFiles: what of a directory is read, and in which order.
func TestParseFiles(t *testing.T) {
	src, ms := Parse(fstest.MapFS{
		"b.yaml":            {Data: []byte("weights: { b: 1 }\n")},
		"a/z.yaml":          {Data: []byte("weights: { az: 1 }\n")},
		"a.yaml":            {Data: []byte("weights: { a: 1 }\n")},
		"a-b.yaml":          {Data: []byte("weights: { ab: 1 }\n")},
		"a/b_test.yaml":     {Data: []byte("tests: []\n")},
		"README.md":         {Data: []byte("# not YAML: [")},
		".hidden.yaml":      {Data: []byte("not: [read")},
		"..data/b.yaml":     {Data: []byte("not: [read")},
		"..2027/x/b.yaml":   {Data: []byte("not: [read")},
		"a/.git/conf.yaml":  {Data: []byte("not: [read")},
		"crlf.yaml":         {Data: []byte("weights:\r\n  crlf: 1\r\n")},
		"bom.yaml":          {Data: []byte("\uFEFFweights: { bom: 1 }\n")},
		"z/deep/er/x.yaml":  {Data: []byte("weights: { x: 1 }\n")},
		"z/deep/er/x.yaml~": {Data: []byte("backup: [")},
		"x.yaml.1":          {Data: []byte("backup: [")},
		"x.xml":             {Data: []byte("<backup>")},
		"deny .yaml.orig":   {Data: []byte("backup: [")},
	})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	var paths, weights []string
	for _, f := range src.Files {
		paths = append(paths, f.Path)
	}
	for _, w := range src.Weights {
		weights = append(weights, w.Key)
	}
	if got, want := strings.Join(paths, " "), "a-b.yaml a.yaml a/z.yaml b.yaml bom.yaml crlf.yaml z/deep/er/x.yaml"; got != want {
		t.Errorf("read %s\nwant %s", got, want)
	}
	if got, want := strings.Join(weights, " "), "ab a az b bom crlf x"; got != want {
		t.Errorf("weights %s, want %s", got, want)
	}
}

// TestParseRefuses is R1 and R2: what is no rules file, and what is too much.
func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("d/", maxDirDepth+1) + "a.yaml"
	for name, row := range map[string]struct {
		fsys fs.FS
		want string
	}{
		"nothing there":  {fstest.MapFS{}, ".: no *.yaml file"},
		"nothing in two": {fstest.MapFS{"a/x": {}, "b/y": {}}, "a, b: no *.yaml file"},
		"only tests":     {fstest.MapFS{"a_test.yaml": {Data: []byte("x")}}, "no *.yaml file"},
		"rules among tests": {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "d/deny_test.yaml": {Data: []byte("tests: []\n" + oneRule)}},
			"d/deny_test.yaml:2:1: deny_test.yaml holds tests; its rules section is never loaded (move it to a file with another ending)"},
		"loud tests":           {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "z_TEST.yaml": {Data: []byte("tests: []\n")}}, "z_TEST.yaml: rules files end in .yaml and tests in _test.yaml, in lower-case letters (rename it to z_test.yaml)"},
		"loud tests 2":         {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "z_Test.YML": {Data: []byte("tests: []\n")}}, "(rename it to z_test.yaml)"},
		"another ending":       {fstest.MapFS{"a.yml": {Data: []byte(oneRule)}}, "a.yml: rules files end in .yaml and tests in _test.yaml, in lower-case letters (rename it to a.yaml)"},
		"a loud ending":        {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "Deny.YAML": {Data: []byte(oneRule)}}, "(rename it to Deny.yaml)"},
		"another loud ending":  {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "deny.Yml": {Data: []byte(oneRule)}}, "deny.Yml: rules files end in .yaml"},
		"L9 a space behind":    {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "zdeny.yaml\x20": {Data: []byte(oneRule)}}, "zdeny.yaml : rules files end in .yaml and tests in _test.yaml, in lower-case letters (rename it to zdeny.yaml)"},
		"L9 spaces behind":     {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "d/zdeny.YML\t\u00a0": {Data: []byte(oneRule)}}, "(rename it to d/zdeny.yaml)"},
		"L9 nothing behind":    {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "zdeny.yaml\u200b": {Data: []byte(oneRule)}}, "(rename it to zdeny.yaml)"},
		"L9 half an ending":    {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "zdeny.yaM": {Data: []byte(oneRule)}}, "zdeny.yaM: rules files end in .yaml"},
		"L9 letters swapped":   {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "zdeny.ymal": {Data: []byte(oneRule)}}, "(rename it to zdeny.yaml)"},
		"L9 a foreign letter":  {fstest.MapFS{"b.yaml": {Data: []byte(oneRule)}, "zdeny.y\u0430ml": {Data: []byte(oneRule)}}, "(rename it to zdeny.yaml)"},
		"M5 a CR":              {fstest.MapFS{"a.yaml": {Data: []byte("rules:\n  - { id: evil }\r  # quiet\n")}}, "a.yaml:2:17: the character U+000D ends a line for YAML, and not for who reads the file (end lines with LF or CR LF)"},
		"M5 a CR at the end":   {fstest.MapFS{"a.yaml": {Data: []byte(strings.TrimSpace(oneRule) + "\r")}}, "a.yaml:1:79: the character U+000D"},
		"M5 a CR before CR LF": {fstest.MapFS{"a.yaml": {Data: []byte("weights: { a: 1 }\r\r\n")}}, "a.yaml:1:18: the character U+000D"},
		"M5 NEL":               {fstest.MapFS{"a.yaml": {Data: []byte("# x\u0085weights: { a: 1 }\n")}}, "a.yaml:1:4: the character U+0085"},
		"M5 LS":                {fstest.MapFS{"a.yaml": {Data: []byte("# x\u2028weights: { a: 1 }\n")}}, "a.yaml:1:4: the character U+2028"},
		"M5 PS":                {fstest.MapFS{"a.yaml": {Data: []byte("# x\u2029weights: { a: 1 }\n")}}, "a.yaml:1:4: the character U+2029"},
		"empty":                {fstest.MapFS{"a.yaml": {}}, "a.yaml:1:1: the file is empty"},
		"only comments":        {fstest.MapFS{"a.yaml": {Data: []byte("# x\n")}}, "a.yaml:1:1: the file says nothing: its 4 bytes are comments, white space or null"},
		"half written":         {fstest.MapFS{"a.yaml": {Data: []byte("rules: [{ id: a,")}}, "not valid YAML: did not find"},
		"not UTF-8":            {fstest.MapFS{"a.yaml": {Data: []byte("rules: \xff")}}, "not UTF-8"},
		"NUL":                  {fstest.MapFS{"a.yaml": {Data: []byte("rules: \x00")}}, "not valid YAML"},
		"a list on top":        {fstest.MapFS{"a.yaml": {Data: []byte("- rules")}}, "want a mapping, found a list"},
		"a pipe":               {fstest.MapFS{"a.yaml": {Mode: fs.ModeNamedPipe}}, "not a regular file"},
		"a device":             {fstest.MapFS{"a.yaml": {Mode: fs.ModeDevice}}, "not a regular file"},
		"too deep directories": {fstest.MapFS{deep: {Data: []byte(oneRule)}}, "directories deep"},
		"too deep YAML":        {fstest.MapFS{"a.yaml": {Data: []byte("rules: " + strings.Repeat("[", 80) + strings.Repeat("]", 80))}}, "nested deeper than 64"},
		"too long":             {fstest.MapFS{"a.yaml": {Data: make([]byte, maxFileSize+1)}}, "at most 8388608 are read"},
		"too long, and a liar": {lying{fstest.MapFS{"a.yaml": {Data: make([]byte, maxFileSize+1)}}}, "too long: at most 8388608 bytes"},
		"unreadable":           {unreadable{fstest.MapFS{"a.yaml": {Data: []byte(oneRule)}}}, "a.yaml: no way in"},
		"a merge key":          {fstest.MapFS{"a.yaml": {Data: []byte("weights: { <<: { a: 1 } }")}}, "want"},
	} {
		t.Run(name, func(t *testing.T) {
			src, ms := Parse(row.fsys)
			if len(ms) == 0 || !strings.Contains(ms.Error(), row.want) {
				t.Fatalf("got %v, want %q", ms, row.want)
			}
			// Whatever else Compile finds, such a source never becomes rules.
			set, _ := Compile(src, testEnv())
			if len(set.Rules()) > 0 {
				t.Error("the set has rules")
			}
		})
	}
}

// lying reports every file as empty.
type lying struct{ fstest.MapFS }

func (l lying) Stat(name string) (fs.FileInfo, error) {
	info, err := l.MapFS.Stat(name)
	return short{info}, err
}

type short struct{ fs.FileInfo }

func (short) Size() int64 { return 0 }

// unreadable lists its files and opens none.
type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".yaml") {
		return nil, errors.New("no way in")
	}
	return u.MapFS.Open(name)
}

func (u unreadable) Stat(name string) (fs.FileInfo, error) { return u.MapFS.Stat(name) }

// TestParseMountedVolume is R3: a Kubernetes volume, whose files are links to a
// hidden directory that is swapped. Links out of the root are refused.
func TestParseMountedVolume(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write("mount/..v1/a.yaml", "weights: { v1: 1 }\n")
	write("mount/..v1/sub/b.yaml", "weights: { sub: 1 }\n")
	write("outside.yaml", "weights: { outside: 1 }\n")
	link("..v1", "mount/..data")
	link("..data/a.yaml", "mount/a.yaml")
	link("..data/sub", "mount/sub")
	root, err := os.OpenRoot(filepath.Join(dir, "mount"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	src, ms := Parse(root.FS())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	if len(src.Weights) != 2 || src.Weights[0].Key != "v1" || src.Weights[1].Key != "sub" {
		t.Errorf("weights %v", src.Weights)
	}
	link("../outside.yaml", "mount/out.yaml")
	if _, ms := Parse(root.FS()); len(ms) != 1 || ms[0].Pos.File != "out.yaml" {
		t.Errorf("a link out of the directory: %v", ms)
	}
	if err := os.Remove(filepath.Join(dir, "mount/out.yaml")); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"shared.d": "../shared.d", "team.v2": "gone", "deny_test.yaml": "gone", "README": "gone"} {
		link(to, "mount/"+name)
		if _, ms := Parse(root.FS()); len(ms) != 1 || ms[0].Pos.File != name {
			t.Errorf("%s, a link that leads nowhere or out: %v", name, ms) // it may have been a directory of deny rules
		}
		if err := os.Remove(filepath.Join(dir, "mount", name)); err != nil {
			t.Fatal(err)
		}
	}
	link(".", "mount/loop")
	if _, ms := Parse(root.FS()); len(ms) == 0 {
		t.Error("a loop of links was accepted")
	}
	if err := os.Remove(filepath.Join(dir, "mount/loop")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "mount/pipe.yaml"), 0o644); err != nil {
		t.Skip(err)
	}
	if _, ms := Parse(root.FS()); len(ms) != 1 || !strings.Contains(ms[0].Text, "not a regular file") {
		t.Errorf("a pipe: %v", ms) // opened, it would wait for a writer for ever
	}
}

// TestDecodeShapes: what the strict decoder accepts and what it says otherwise.
func TestDecodeShapes(t *testing.T) {
	type shape struct {
		Pos   Pos
		Word  At[string]       `yaml:"word"`
		Words Strings          `yaml:"words"`
		Count int              `yaml:"count"`
		Small int8             `yaml:"small"`
		Sure  bool             `yaml:"sure"`
		Any   any              `yaml:"any"`
		Map   map[string]int   `yaml:"map"`
		List  []string         `yaml:"list"`
		Deep  *shapeDeep       `yaml:"deep"`
		Named Entries[At[int]] `yaml:"named"`
		Odd   float32          `yaml:"odd"`
	}
	for text, want := range map[string]string{
		"word: a\nwords: b\ncount: 3\nsure: true\nmap: { a: 1 }\nlist: [x]\ndeep: { when: 2027-03-31 }\nnamed: { a: 2 }": "",
		"words: [a, b]\nany: { a: [1, 2.5, true, x, null, 0x10] }":                                                       "",
		"deep: { when: 2027-03-31T10:00:00Z }":                                                                           "",
		"word: [a]":                                                                                                      "1:7: want a value, found a list",
		"word:":                                                                                                          "want a value, found nothing",
		"count: 3.5":                                                                                                     `1:8: want a whole number, found "3.5"`,
		"count: 010":                                                                                                     `1:8: want a whole number that does not begin with 0, found "010"`,
		"count: -01":                                                                                                     `1:8: want a whole number that does not begin with 0, found "-01"`,
		"small: 300":                                                                                                     `want a whole number, found "300"`,
		"sure: yes":                                                                                                      `1:7: want true or false, found "yes"`,
		"list: x":                                                                                                        "1:7: want a list, found a value",
		"map: x":                                                                                                         "1:6: want a mapping, found a value",
		"named: [x]":                                                                                                     "want a mapping, found a list",
		"deep: { when: later }":                                                                                          `want a date such as 2027-03-31, found "later"`,
		"deep: { whne: 1 }":                                                                                              `1:9: unknown key "whne" (did you mean "when"?)`,
		"nope: 1":                                                                                                        `1:1: unknown key "nope"`,
		"? [a]\n: b":                                                                                                     "a key must be a plain word",
		"word: a\nword: b":                                                                                               `2:1: "word" is already given at f:1:1`,
		"odd: 1":                                                                                                         "no way to read a float32",
		"Pos: 1":                                                                                                         `unknown key "Pos"`,
		`"": 1`:                                                                                                          `unknown key ""`,
	} {
		var s shape
		ms := DecodeYAML("f", []byte(text), &s)
		if got := ms.Error(); want == "" && len(ms) > 0 || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	var s shape
	DecodeYAML("f", []byte("\n  any: { a: [1, 2.5, true, x, null] }"), &s)
	if got := fmt.Sprint(s.Any, s.Pos); got != "map[a:[1 2.5 true x <nil>]] f:2:3" {
		t.Errorf("got %s", got)
	}
}

type shapeDeep struct {
	When At[time.Time] `yaml:"when"`
}
