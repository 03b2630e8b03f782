package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Mistake is one fault in what a user wrote: where it is, what is wrong with
// the value that stands there, and, where we know, what to write instead.
type Mistake struct { //nolint:errname // a mistake of who wrote the file; Err says when it is an error
	Pos  Pos
	Text string
	Hint string // one line, shown under the caret; may be empty
	Code Code   // what kind of mistake it is
}

func (m Mistake) Error() string {
	if m.Hint == "" {
		return fmt.Sprintf("%v: %s", m.Pos, m.Text)
	}
	return fmt.Sprintf("%v: %s (%s)", m.Pos, m.Text, m.Hint)
}

// Mistakes are all faults of one load, reported together: one edit, one rerun.
type Mistakes []Mistake //nolint:errname // see Mistake

// Add appends a mistake with a formatted text.
func (ms *Mistakes) Add(pos Pos, format string, args ...any) {
	ms.AddHint(pos, "", format, args...)
}

// AddHint appends a mistake together with what to do about it.
func (ms *Mistakes) AddHint(pos Pos, hint, format string, args ...any) {
	ms.addCode(codeOf(format), pos, hint, fmt.Sprintf(format, args...))
}

// addCode appends a mistake whose text is not ours, or says less than its code.
func (ms *Mistakes) addCode(code Code, pos Pos, hint, text string) {
	*ms = append(*ms, Mistake{Pos: pos, Text: shortened(text), Hint: shortened(hint), Code: code})
}

// Err returns the mistakes in file order as an error, or nil when there is none.
func (ms Mistakes) Err() error {
	if len(ms) == 0 {
		return nil
	}
	ms.sort()
	return ms
}

// sort brings them into file order.
func (ms Mistakes) sort() {
	slices.SortStableFunc(ms, func(a, b Mistake) int {
		switch {
		case a.Pos.Less(b.Pos):
			return -1
		case b.Pos.Less(a.Pos):
			return 1
		}
		return 0
	})
}

func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Report writes every mistake with the source line it is about and a caret.
// source returns the text of a file, or "" when it is not at hand.
func (ms Mistakes) Report(source func(file string) string) string {
	var b strings.Builder
	lines := excerpts{source: source}
	for _, m := range ms {
		fmt.Fprintf(&b, "%v: %s\n", m.Pos, m.Text)
		line, col := lines.at(m.Pos)
		line = visible(line)
		if line == "" {
			if m.Hint != "" {
				fmt.Fprintf(&b, "      %s\n", m.Hint)
			}
			continue
		}
		fmt.Fprintf(&b, "      %s\n      %s^", line, caretIndent(line, col))
		if m.Hint != "" {
			b.WriteString(" " + m.Hint)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func sourceLine(text string, n int) string {
	if n < 1 {
		return ""
	}
	i := 0
	for line := range strings.Lines(text) {
		if i++; i == n {
			return strings.TrimRight(line, "\r\n")
		}
	}
	return ""
}

// caretIndent keeps tabs, so that the caret stands under its column however
// wide the terminal shows them.
func caretIndent(line string, col int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		if i >= col-1 {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
