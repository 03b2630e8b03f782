package spec

import (
	"cmp"
	"net/http"
	"strings"
)

// Start is the line by which one begins to understand the API: it reads one object
// by an id with as few parts as there are, of the type that most lines are about.
// nil where nothing is read by its id.
func (p *Proposal) Start() *Line {
	lines := map[string]int{} // by type
	for i := range p.Lines {
		lines[p.Lines[i].Type]++
	}
	var best *Line
	for i := range p.Lines {
		l := &p.Lines[i]
		if l.Operation.Method != http.MethodGet || l.Action != "read" || !l.object() {
			continue
		}
		if best == nil || cmp.Or(
			cmp.Compare(l.parts(), best.parts()),
			cmp.Compare(lines[best.Type], lines[l.Type]),
			cmp.Compare(strings.Count(l.Operation.Path, "/"), strings.Count(best.Operation.Path, "/")),
		) < 0 {
			best = l
		}
	}
	return best
}

// object reports whether the line is about one object that the path names, and
// nothing else.
func (l *Line) object() bool { return l.only && !strings.Contains(l.Text, "/only") }

func (l *Line) parts() int { return strings.Count(l.Operation.Key, "{}") }
