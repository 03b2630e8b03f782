package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/resolver/alike"
)

// pattern is a segment of text and captures in turn. A capture is never empty,
// and two captures have text between them.
type pattern struct {
	text    []string // before the first capture, between two, behind the last one
	folded  []string // the same as the most lenient server compares it
	anyCase bool     // the text is in small letters, and matches any
}

func newPattern(text ...string) *pattern {
	p := &pattern{text: text}
	for _, t := range text {
		p.folded = append(p.folded, string(alike.Append(nil, t)))
	}
	return p
}

// maxCaptures bounds those of one segment.
const maxCaptures = 8

// cuts are where each text of a pattern begins in a segment, but for the first.
type cuts [maxCaptures]int

// first divides a segment so that each capture in turn is as short as can be, of
// at least so many bytes.
func first(text []string, seg string, least int) (at cuts, ok bool) {
	last := len(text) - 1
	from, end := len(text[0]), len(seg)-len(text[last])
	if end < from+least || !strings.HasPrefix(seg, text[0]) || !strings.HasSuffix(seg, text[last]) {
		return at, false
	}
	for i := 1; i < last; i++ {
		n := -1
		if from+least <= end {
			n = strings.Index(seg[from+least:end], text[i])
		}
		if n < 0 {
			return at, false
		}
		at[i-1] = from + least + n
		from = at[i-1] + len(text[i])
	}
	at[last-1] = end
	return at, from+least <= end
}

// last divides a segment that matches so that each capture is as short as can
// be, the last one first.
func last(text []string, seg string, least int) (at cuts) {
	n := len(text) - 1
	end := len(seg) - len(text[n])
	at[n-1] = end
	for i := n - 1; i > 0; i-- {
		end = strings.LastIndex(seg[:end-least], text[i])
		at[i-1] = end
	}
	return at
}

// matches reports whether a segment is of this form.
func matches(text []string, seg string) bool {
	_, ok := first(text, seg, 1)
	return ok
}

// once reports whether there is but one way to divide a segment that matches:
// what the texts leave to each capture is then what every server reads. If there
// are two, the first and the last way differ. The same is asked of the segment
// without case.
func (p *pattern) once(seg string) bool {
	if len(p.text) == 2 {
		return true
	}
	if p.anyCase {
		seg = lower(seg)
	}
	if !onlyOnce(p.text, seg) {
		return false
	}
	return alike.Folded(seg) || onlyOnce(p.folded, string(alike.Append(nil, seg)))
}

// onlyOnce counts empty captures, too: a server that takes them reads a...b... by
// the text ... as a and b..., or as a...b and nothing.
func onlyOnce(text []string, seg string) bool {
	at, ok := first(text, seg, 0)
	return ok && at == last(text, seg, 0)
}

// part is one capture of a segment that matches.
func (p *pattern) part(seg string, i int) string {
	plain := seg
	if p.anyCase {
		plain = lower(seg) // of the same length
	}
	at, _ := first(p.text, plain, 1)
	from := len(p.text[0])
	if i > 0 {
		from = at[i-1] + len(p.text[i]) //nolint:gosec // a pattern has a place for each of its captures
	}
	return seg[from:at[i]]
}

// inText reports whether a byte of a segment that matches is of the text.
func (p *pattern) inText(seg string, at int) bool {
	if p.anyCase {
		seg = lower(seg)
	}
	cuts, _ := first(p.text, seg, 1)
	for i, text := range p.text {
		from := 0
		if i > 0 {
			from = cuts[i-1] //nolint:gosec // a text has a cut before it, but for the first
		}
		if from <= at && at < from+len(text) {
			return true
		}
	}
	return false
}

// shape is the pattern without the names of its captures.
func (p *pattern) shape() string { return strings.Join(p.text, "{}") }

// lower is a text in small letters, as servers agree on them: those of ASCII.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
