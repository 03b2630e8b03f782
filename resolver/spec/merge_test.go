package spec

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/rules"
)

const (
	first = `{"openapi":"3.0.0","servers":[{"url":"https://a.example.com"}],"paths":{
		"/pets/{id}":{"get":{},"delete":{}},"/pets/{id}/feed":{"post":{}},"/owners/{id}":{"get":{}},"/toys/{id}":{"get":{}}}}`
	second = `{"openapi":"3.0.0","servers":[{"url":"https://a.example.com"}],"paths":{
		"/pets/{id}":{"get":{},"patch":{}},"/pets/{id}/feed":{"post":{}},"/pets/{id}/walk":{"post":{}},"/owners/{id}":{"get":{}},"/barns/{id}":{"get":{}}}}`
)

// imported is a rules directory of one file that import keeps.
type imported struct {
	t      *testing.T
	text   string
	memory *Memory
	report *Report
}

func (i *imported) take(source string) *imported {
	i.t.Helper()
	doc, err := ReadOpenAPI("pets.json", []byte(source))
	if err != nil {
		i.t.Fatal(err)
	}
	existing := &Existing{}
	if i.text != "" {
		existing = Known(i.parse(), "a.example.com")
	}
	p := doc.Propose(Options{Names: i.memory.Names()})
	if i.text, i.memory, i.report, err = p.Merge(i.text, i.memory, existing); err != nil {
		i.t.Fatal(err)
	}
	memory, err := ReadMemory(i.memory.Text()) // as it comes back from disk
	if err != nil {
		i.t.Fatal(err)
	}
	i.memory = memory
	return i
}

func (i *imported) parse() *rules.Source {
	i.t.Helper()
	src, ms := rules.Parse(fstest.MapFS{"pets.yaml": {Data: []byte(i.text)}, "tiers.yaml": {Data: []byte(Tiers)}})
	if len(ms) > 0 {
		i.t.Fatalf("%s\n%s", ms.Error(), i.text)
	}
	return src
}

func (i *imported) edit(old, new string) {
	i.t.Helper()
	if !strings.Contains(i.text, old) {
		i.t.Fatalf("no %q in\n%s", old, i.text)
	}
	i.text = strings.Replace(i.text, old, new, 1)
}

func (i *imported) has(want bool, line string) {
	i.t.Helper()
	found := slices.ContainsFunc(strings.Split(i.text, "\n"), func(l string) bool {
		before, _, _ := strings.Cut(l, " # ")
		return strings.TrimSpace(before) == line
	})
	if found != want {
		i.t.Errorf("line %q: got %v, want %v, in\n%s", line, found, want, i.text)
	}
}

func start(t *testing.T) *imported {
	t.Helper()
	return (&imported{t: t, memory: &Memory{}}).take(first)
}

func TestImportAgainChangesNothing(t *testing.T) {
	i := start(t)
	before := i.text
	if i.take(first); i.text != before || len(i.report.Added)+len(i.report.Changed)+len(i.report.Removed)+len(i.report.Kept)+len(i.report.Deleted) > 0 {
		t.Errorf("%+v\n%s", i.report, i.text)
	}
}

func TestImportOfANewVersion(t *testing.T) {
	i := start(t).take(second)
	i.has(true, "- PATCH /pets/{id} -> update pet/{id}")
	i.has(true, "- GET /barns/{id} -> read barn/{id}")
	i.has(false, "- DELETE /pets/{id} -> delete pet/{id}")
	i.has(false, "- GET /toys/{id} -> read toy/{id}")
	i.has(false, "- { type: toy }")
	i.has(true, "- { type: pet, actions: { feed: {}, walk: {} } }")
	i.parse()
}

// What somebody wrote stays to the letter, whatever the specification says.
func TestImportLeavesEditedLinesAlone(t *testing.T) {
	i := start(t)
	i.edit("- GET /pets/{id} -> read pet/{id}", "- GET /pets/{pet} -> read pet/{pet}   # mine")
	i.edit("- { type: owner }", "- { type: owner, tier: internal }\n  # a remark")
	i.edit("- GET /toys/{id} -> read toy/{id}", "- GET /toys/{toy} -> read toy/{toy}")
	edited := i.text
	i.take(second)
	for line := range strings.Lines(edited) {
		if strings.Contains(line, "mine") || strings.Contains(line, "remark") || strings.Contains(line, "internal") || strings.Contains(line, "{toy}") {
			if !strings.Contains(i.text, line) {
				t.Errorf("lost %q", line)
			}
		}
	}
	i.has(false, "- GET /pets/{id} -> read pet/{id}")
	if !slices.Contains(i.report.Kept, "GET /pets/{}") || !slices.Contains(i.report.Kept, "owner") || !slices.Contains(i.report.Stale, "GET /toys/{}") {
		t.Errorf("%+v", i.report)
	}
}

// A route that somebody took out does not come back by itself: that would open it.
func TestImportLeavesDeletedLinesOut(t *testing.T) {
	i := start(t)
	i.edit("      - DELETE /pets/{id} -> delete pet/{id}\n", "")
	for range 3 {
		i.take(first)
		i.has(false, "- DELETE /pets/{id} -> delete pet/{id}")
		if !slices.Contains(i.report.Deleted, "DELETE /pets/{}") {
			t.Errorf("%+v", i.report)
		}
	}
}

// Without its memory, import takes all that is there for somebody's own.
func TestImportWithoutMemory(t *testing.T) {
	i := start(t)
	i.memory = &Memory{}
	before := i.text
	if i.take(first); i.text != before {
		t.Errorf("got\n%s", i.text)
	}
	i.memory = &Memory{}
	i.take(second)
	i.has(true, "- DELETE /pets/{id} -> delete pet/{id}")
	i.has(true, "- PATCH /pets/{id} -> update pet/{id}")
}

// A line that maps several methods, or has a query, is still the same operation's.
func TestImportKnowsMergedLines(t *testing.T) {
	i := start(t)
	i.edit("- GET /owners/{id} -> read owner/{id}", "- GET|PUT /owners/{o}?tenant={t} -> read owner/{o}, list toy[tenant={t}]")
	i.edit("- { type: toy }", "- { type: toy, attributes: { tenant: string } }")
	i.take(first)
	i.has(false, "- GET /owners/{id} -> read owner/{id}")
}

// A type keeps its name when a new path would claim it: rules speak of the name.
func TestTypesKeepTheirNames(t *testing.T) {
	const one = `{"openapi":"3.0.0","servers":[{"url":"https://a.example.com"}],"paths":{"/posts/{p}/comments/{c}":{"get":{}}}}`
	const two = `{"openapi":"3.0.0","servers":[{"url":"https://a.example.com"}],"paths":{"/posts/{p}/comments/{c}":{"get":{}},"/comments/{id}":{"get":{}}}}`
	i := (&imported{t: t, memory: &Memory{}}).take(one)
	i.has(true, "- GET /posts/{p}/comments/{c} -> read comment/{p}/{c}")
	i.take(two)
	i.has(true, "- GET /posts/{p}/comments/{c} -> read comment/{p}/{c}")
	i.has(false, "- GET /comments/{id} -> read comment/{id}")
}

func TestMergeWantsItsSections(t *testing.T) {
	doc, err := ReadOpenAPI("pets.json", []byte(first))
	if err != nil {
		t.Fatal(err)
	}
	p := doc.Propose(Options{})
	for text, want := range map[string]string{
		"rules: []\n": "no sections objects: and routes:",
		"objects:\nroutes:\n  - host: b.example.com\n    map:\n": `no routes of the host "a.example.com"`,
		"objects:\nroutes:\n  - host: a.example.com\n":           "has no key map",
	} {
		if _, _, _, err := p.Merge(text, &Memory{}, &Existing{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestMemoryThatIsNone(t *testing.T) {
	for _, text := range []string{"{", `{"version":2,"types":{},"lines":{}}`, `{"version":1,"types":null,"lines":{}}`} {
		if _, err := ReadMemory([]byte(text)); err == nil {
			t.Errorf("%s was taken for a memory", text)
		}
	}
}
