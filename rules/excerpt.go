package rules

import (
	"strings"
	"unicode/utf8"
)

// maxShown is how much is shown of a line, and of what is said about it, in code points:
// a file of one line must not be printed with each of its mistakes.
const maxShown = 400

// excerpts finds lines of files. Lines that are asked for in their order are found
// without reading any text twice.
type excerpts struct {
	source func(file string) string
	file   string
	n      int    // lines that were read
	line   string // the last of them
	rest   string
}

// at is what is shown of the line of a place, and the column that the place has in it.
func (e *excerpts) at(p Pos) (line string, col int) {
	if p.File != e.file || p.Line < e.n || e.n == 0 {
		e.file, e.n, e.line, e.rest = p.File, 0, "", e.source(p.File)
	}
	for ; e.n < p.Line; e.n++ {
		if e.rest == "" {
			return "", p.Col
		}
		end := strings.IndexByte(e.rest, '\n') + 1
		if end == 0 {
			end = len(e.rest)
		}
		e.line, e.rest = strings.TrimRight(e.rest[:end], "\r\n"), e.rest[end:]
	}
	return around(e.line, p.Col)
}

// around cuts out of a long line what stands about a column.
func around(line string, col int) (part string, at int) {
	if len(line) <= utf8.UTFMax*maxShown && utf8.RuneCountInString(line) <= maxShown {
		return line, col
	}
	first, n := 0, 1 // the byte that is shown first, and which code point of the line comes
	for i := range line {
		if n == col-maxShown/2 {
			first = i
		}
		if n == max(col, maxShown/2)+maxShown/2 {
			line = line[:i] + "…"
			break
		}
		n++
	}
	if first == 0 {
		return line, col
	}
	return "…" + line[first:], maxShown/2 + 2
}

// shortened is a text of which the middle is left out if it is very long.
func shortened(text string) string {
	if len(text) <= 2*maxShown {
		return text
	}
	head, tail := maxShown, len(text)-maxShown
	for head > 0 && text[head]&0xC0 == 0x80 { // within a code point
		head--
	}
	for tail < len(text) && text[tail]&0xC0 == 0x80 {
		tail++
	}
	return text[:head] + " … " + text[tail:]
}
