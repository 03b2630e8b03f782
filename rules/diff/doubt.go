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

// supposed reports whether a version may allow somebody who meets so much something
// that the other denies, if conditions hold as nobody can rule out, and names these. Who
// would be denied by the other whatever he meets gains it in any case.
func (p *pass) supposed(m *met, ways [2][]way, w *who, things *catalog, n int, purpose string) (gain Unjudged, gains bool) {
	p.doubt = doubt{}
	for tries := 0; ; tries++ {
		if tries == maxDoubts {
			p.note(fmt.Sprintf("%s: more conditions on one thing than are supposed to hold or not", w.name))
			return gain, false
		}
		p.meets(m)
		after := p.reaches(1, ways[1], w, things, n, purpose)
		if after != nil && p.reaches(0, ways[0], w, things, n, purpose) == nil && !p.allowsLine(0, ways[0], w, things, n, after) {
			if m == nil {
				return Unjudged{What: "what conditions decide", New: ", where " + p.doubt.says()}, len(p.doubt.texts) > 0
			}
			p.meets(nil)
			if before := p.reaches(0, ways[0], w, things, n, purpose); before != nil {
				if gain = m.less(before, after); len(p.doubt.texts) > 0 {
					gain.New += ", where " + p.doubt.says()
				}
				return gain, true
			}
		}
		if !p.doubt.next() {
			return gain, false
		}
	}
}

// meets has all decisions be on a caller who meets so much of what is demanded.
func (p *pass) meets(m *met) {
	p.met = m
	clear(p.sides[0].open)
	clear(p.sides[1].open)
}

// doubts looks at what somebody may gain of a shape where nobody knows whether
// conditions hold, or how much of what is demanded is met, and names each once.
func (p *pass) doubts(w *who, sh shape, ways [2][]way, things *catalog, purposes []string) {
	all := p.lesser(w, sh)
	if p.sides[0].doubtful(w, sh) || p.sides[1].doubtful(w, sh) {
		all = append([]*met{nil}, all...)
	}
	if len(all) == 0 {
		return
	}
	for _, s := range p.sides {
		s.supposing = s.doubting
	}
	defer func() {
		for _, s := range p.sides {
			s.supposing = s.certain
		}
		p.meets(nil)
	}()
	for _, m := range all {
		p.doubtsOf(m, w, sh, ways, things, purposes)
	}
}

// doubtsOf looks at what somebody who meets so much may gain, as far as it is new.
func (p *pass) doubtsOf(m *met, w *who, sh shape, ways [2][]way, things *catalog, purposes []string) {
	about := "identity \"" + w.name + "\""
	for _, u := range p.doubted {
		if u.Of == about && (u.Old == "") == (m == nil) && strings.HasPrefix(u.New, sh.key()+",") {
			return
		}
	}
	for _, purpose := range purposes {
		for n := range things.list {
			if m != nil && things.aims[1][n].tier != m.tier {
				continue
			}
			if u, gains := p.supposed(m, ways, w, things, n, purpose); gains {
				u.Of, u.New, u.MayGain = about, sh.key()+u.New, true
				if u.Old != "" {
					u.Old = sh.key() + u.Old
				}
				p.doubted = append(p.doubted, u)
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
