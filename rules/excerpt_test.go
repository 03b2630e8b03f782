package rules

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestExcerptOfALongLine: of a line that nobody could read the part about the place is
// shown, and the caret stands under the same character.
func TestExcerptOfALongLine(t *testing.T) {
	line := strings.Repeat("é", 10_000)
	for _, col := range []int{1, 199, 200, 201, 202, 203, 400, 5_000, 9_999, 10_000} {
		marked := []rune(line)
		marked[col-1] = 'X'
		text := "first\n" + string(marked) + "\r\nlast"
		ms := Mistakes{{Pos: Pos{"a.yaml", 2, col}, Text: "wrong"}}
		lines := strings.Split(ms.Report(func(string) string { return text }), "\n")
		shown, caret := lines[1], lines[2]
		if n := utf8.RuneCountInString(shown); n > 6+1+maxShown+1 { // the indent, and two marks
			t.Errorf("column %d: %d characters are shown", col, n)
		}
		before, _, _ := strings.Cut(shown, "X")
		if at := utf8.RuneCountInString(before); at != strings.Index(caret, "^") {
			t.Errorf("column %d: the caret stands under %d, want %d", col, strings.Index(caret, "^"), at)
		}
		if begins := strings.HasPrefix(shown, "      …"); begins != (col > 201) {
			t.Errorf("column %d: cut at its start: %v", col, begins)
		}
		if ends := strings.HasSuffix(shown, "…"); ends != (col <= 9_800) {
			t.Errorf("column %d: cut at its end: %v", col, ends)
		}
	}
}

// TestExcerptsInAnyOrder: lines are found whatever was asked for before.
func TestExcerptsInAnyOrder(t *testing.T) {
	texts := map[string]string{"a": "one\r\ntwo\n\nfour", "b": "five\nsix\n", "": ""}
	lines := excerpts{source: func(file string) string { return texts[file] }}
	for _, tt := range []struct {
		file string
		line int
		want string
	}{{"", 0, ""}, {"a", 1, "one"}, {"a", 1, "one"}, {"a", 4, "four"}, {"a", 5, ""}, {"a", 2, "two"}, {"a", 3, ""}, {"b", 2, "six"}, {"b", 9, ""}, {"b", 0, ""}, {"a", 2, "two"}, {"c", 1, ""}} {
		if got, _ := lines.at(Pos{tt.file, tt.line, 1}); got != tt.want {
			t.Errorf("%s:%d is %q, want %q", tt.file, tt.line, got, tt.want)
		}
	}
}

// TestLongTextsAreShortened: a mistake repeats a value, and a value may be a whole file.
func TestLongTextsAreShortened(t *testing.T) {
	for n := range 4 { // wherever in a code point it is cut
		var ms Mistakes
		ms.AddHint(Pos{}, strings.Repeat("y", 10_000), "unknown %s %q", strings.Repeat("x", n), strings.Repeat("€", 10_000))
		m := ms[0]
		if len(m.Text) > 3*maxShown || len(m.Hint) > 3*maxShown || !utf8.ValidString(m.Text) || !strings.HasPrefix(m.Text, "unknown ") || !strings.HasSuffix(m.Text, `€"`) {
			t.Errorf("%d bytes, %q", len(m.Text), m.Text)
		}
	}
}

// TestWarningsAreCounted: of very many warnings a thousand are kept, and the number of the others.
func TestWarningsAreCounted(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, maxMistakes: maxMistakes, maxMistakes + 1: maxMistakes + 1, 5 * maxMistakes: maxMistakes + 1} {
		ms := make(Mistakes, n)
		got := ms.few()
		if len(got) != want || n > maxMistakes && got[maxMistakes].Text != fmt.Sprintf("and %d more warnings", n-maxMistakes) {
			t.Errorf("%d: %d, the last %v", n, len(got), got[max(0, len(got)-1):])
		}
	}
}
