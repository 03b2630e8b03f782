package graphql

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	pageBlock = regexp.MustCompile("(?ms)^```(graphql|yaml)\n(.*?)^```$")
	pageLine  = regexp.MustCompile(`- GRAPHQL (\S+) +-> \S+ +(\S+)`)
	pageArg   = regexp.MustCompile(`\{args\.([^}]+)\}`)
	pageCode  = regexp.MustCompile("`([^`]*)`")
)

// TestPage: the schema of docs/graphql.md loads, its lines are about what the
// schema has, and its table says what becomes of requests.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/graphql.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := pageBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d examples, want a schema and lines", len(blocks))
	}
	lines := pageLine.FindAllStringSubmatch(blocks[1][2], -1)
	s, ms := Compile(blocks[0][2], "bank.graphql", Options{
		Mapped: func(name string) bool {
			return slices.ContainsFunc(lines, func(l []string) bool { return l[1] == name })
		},
		Free: func(name string) bool { return strings.Contains(blocks[1][2], "free: ["+name+"]") },
	})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	captures := 0
	for _, l := range lines {
		for _, arg := range pageArg.FindAllStringSubmatch(l[2], -1) {
			captures++
			path := strings.Split(strings.ReplaceAll(arg[1], "[]", ".[]"), ".")
			if problem := s.Problem(l[1], path...); problem != "" {
				t.Errorf("%s: %s", l[0], problem)
			}
		}
	}
	_, table, _ := strings.Cut(string(text), "| document | variables | calls |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 {
			cells = strings.Split(strings.Replace(line, " | | ", " | `` | ", 1), " | ")
		}
		rows++
		document, variables, want := code(cells[0]), code(cells[1]), code(cells[2])
		if is := got(s, ask(document, variables)); is != want {
			t.Errorf("%s with %s\n got %s\nwant %s", document, variables, is, want)
		}
	}
	if len(lines) < 7 || captures < 5 || rows < 10 {
		t.Errorf("%d lines, %d captures, %d rows: the page moved, or the test does not see it", len(lines), captures, rows)
	}
}

func code(cell string) string {
	if m := pageCode.FindStringSubmatch(cell); m != nil {
		return m[1]
	}
	return ""
}
