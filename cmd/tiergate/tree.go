package main

import (
	"fmt"
	"io"
	"strings"
)

// branch is a line of a tree, and what hangs on it.
type branch struct {
	label, text string
	kids        []*branch
}

// add hangs a line on a branch, and returns it.
func (b *branch) add(label, format string, args ...any) *branch {
	kid := &branch{label: label, text: fmt.Sprintf(format, args...)}
	b.kids = append(b.kids, kid)
	return kid
}

// strokes are how a tree is drawn: a line that others follow, the last one, and what goes
// on below each.
type strokes struct{ fork, end, down, gap string }

var (
	drawn  = strokes{"├─ ", "└─ ", "│  ", "   "}
	dashed = strokes{"|- ", "`- ", "|  ", "   "}
)

// write draws what hangs on a branch. A text of several lines stays behind its label.
func (b *branch) write(w io.Writer, s *strokes, indent string) {
	for i, kid := range b.kids {
		at, below := s.fork, indent+s.down
		if i == len(b.kids)-1 {
			at, below = s.end, indent+s.gap
		}
		more := below + strings.Repeat(" ", 10)
		if len(kid.kids) > 0 {
			more = below + s.down + strings.Repeat(" ", 7)
		}
		fmt.Fprintf(w, "%s%s%-9s %s\n", indent, at, kid.label, strings.ReplaceAll(kid.text, "\n", "\n"+more))
		kid.write(w, s, below)
	}
}
