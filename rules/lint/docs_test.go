package lint

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const page = "../../docs/lint.md"

// The page lists every shipped check with its sort and reference, and no other.
func TestPageListsTheChecks(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var listed, shipped []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| (rule|identity|type|line) \\| .* \\| (OWASP [A-Z]+[0-9]+:[0-9]+) \\|$").FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, m[1]+" "+m[2]+" "+m[3])
	}
	for _, c := range compiledOf(t).All() {
		see := strings.Join(strings.Fields(c.See.V)[:2], " ")
		shipped = append(shipped, c.ID.V+" "+c.Each.V+" "+see)
	}
	if !slices.Equal(listed, shipped) {
		t.Errorf("the page lists\n%s\nwant\n%s", strings.Join(listed, "\n"), strings.Join(shipped, "\n"))
	}
}

// The page names every member that a condition can read, and no other.
func TestPageListsTheMembers(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, sort := range sorts {
		m := regexp.MustCompile("(?m)^\\| `" + sort + "` \\| (.*) \\|$").FindStringSubmatch(string(text))
		if m == nil {
			t.Errorf("no row for %s", sort)
			continue
		}
		outside := regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(m[1], "")
		var named []string
		for _, word := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(outside, -1) {
			named = append(named, word[1])
		}
		slices.Sort(named)
		if want := members(views[sort]); !slices.Equal(named, want) {
			t.Errorf("%s: the page has %v, want %v", sort, named, want)
		}
	}
}
