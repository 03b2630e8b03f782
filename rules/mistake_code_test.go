package rules

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

var codeRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (.+) \\| `(.+)` \\|$")

// TestCodesPage compares the table of docs/tools.md with the code, and each of its
// examples with what the cases of testdata report: a message that is worded anew
// keeps its code.
func TestCodesPage(t *testing.T) {
	page, err := os.ReadFile("../docs/tools.md")
	if err != nil {
		t.Fatal(err)
	}
	reported := make(map[Code][]string)
	for _, dir := range []string{"mistakes", "warnings"} {
		for _, c := range cases(t, dir) {
			src, ms := Parse(c.beside(t))
			set, more := Compile(src, testEnv())
			for _, m := range slices.Concat(ms, more, set.Warnings()) {
				reported[m.Code] = append(reported[m.Code], m.Text)
			}
		}
	}
	var listed []Code
	for _, row := range codeRow.FindAllStringSubmatch(string(page), -1) {
		code := Code(row[1])
		listed = append(listed, code)
		if row[2] != code.About() {
			t.Errorf("%s is %q, and on the page %q", code, code.About(), row[2])
		}
		if !slices.Contains(reported[code], row[3]) {
			t.Errorf("no case reports %q with the code %s", row[3], code)
		}
	}
	if !slices.Equal(listed, Codes()) {
		t.Errorf("the page lists %v, want %v", listed, Codes())
	}
	for code := range reported {
		if code.About() == "" {
			t.Errorf("a case reports the code %q, which nothing explains", code)
		}
	}
}
