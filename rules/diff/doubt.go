package diff

import (
	"fmt"
	"slices"
	"strings"
)

// doubt supposes of each condition that trying values does not settle that it holds,
// or that it does not, the same in both versions: what is structured is judged whatever
// conditions do. Classes of values that exclude each other may be supposed together;
// then somebody seems to gain who cannot.
type doubt struct {
	texts []string // of the conditions, in the order in which they were asked
	holds []bool
}

// settle is whether a condition is supposed to hold. One that is new is, at first.
func (d *doubt) settle(text string) bool {
	i := slices.Index(d.texts, text)
	if i < 0 {
		i = len(d.texts)
		d.texts, d.holds = append(d.texts, text), append(d.holds, true)
	}
	return d.holds[i]
}

// next is the next supposition; false behind the last.
func (d *doubt) next() bool {
	for i := len(d.holds) - 1; i >= 0; i-- {
		if d.holds[i] {
			d.holds[i] = false
			return true
		}
		d.texts, d.holds = d.texts[:i], d.holds[:i]
	}
	return false
}

// says is a supposition in words.
func (d *doubt) says() string {
	var all []string
	for i, text := range d.texts {
		if !d.holds[i] {
			text = "not (" + text + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, " and ")
}

// maxDoubts bounds how many suppositions are tried for one thing.
const maxDoubts = 64

// supposed reports whether a version may allow somebody something that the other
// denies, if conditions hold as nobody can rule out, and names these.
func (p *pass) supposed(ways [2][]way, w *who, things *catalog, n int, purpose string) (where string, gains bool) {
	p.doubt = doubt{}
	for tries := 0; ; tries++ {
		if tries == maxDoubts {
			p.note(fmt.Sprintf("%s: more conditions on one thing than are supposed to hold or not", w.name))
			return "", false
		}
		clear(p.sides[0].open)
		clear(p.sides[1].open)
		after := p.reaches(1, ways[1], w, things, n, purpose)
		if after != nil && p.reaches(0, ways[0], w, things, n, purpose) == nil && !p.allowsLine(0, ways[0], w, things, n, after) {
			return p.doubt.says(), len(p.doubt.texts) > 0
		}
		if !p.doubt.next() {
			return "", false
		}
	}
}

// doubts looks at what somebody may gain of a shape where nobody knows whether
// conditions hold, and names it once.
func (p *pass) doubts(w *who, sh shape, ways [2][]way, things *catalog, purposes []string) {
	if !p.sides[0].doubtful(w, sh) && !p.sides[1].doubtful(w, sh) {
		return
	}
	about := "identity \"" + w.name + "\""
	for _, u := range p.doubted {
		if u.Of == about && strings.HasPrefix(u.New, sh.key()+", ") {
			return
		}
	}
	for _, s := range p.sides {
		s.supposing = s.doubting
		clear(s.open)
	}
	defer func() {
		for _, s := range p.sides {
			s.supposing = s.certain
			clear(s.open)
		}
	}()
	for _, purpose := range purposes {
		for n := range things.list {
			if where, gains := p.supposed(ways, w, things, n, purpose); gains {
				p.doubted = append(p.doubted, Unjudged{Of: about, What: "what conditions decide", New: sh.key() + ", where " + where, MayGain: true})
				return
			}
		}
	}
}

// doubtful reports whether conditions that trying values does not settle bear on what
// somebody may do.
func (s *side) doubtful(w *who, sh shape) bool {
	for i := range s.Source.Objects {
		if d := &s.Source.Objects[i]; d.Type.V == sh.typ && len(d.Classify) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(s.kinOf(w).rules, func(i int) bool { return s.rules[i].Doubtful })
}
