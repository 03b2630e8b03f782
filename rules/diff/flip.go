package diff

import (
	"time"

	"github.com/tiergate/tiergate/resolver"
)

// flip is something that one version allows and the other does not.
type flip struct {
	who    *who
	thing  *thing
	by     *access
	others []*thing  // for what else the line touches
	asked  []demand  // of the request, for each of them
	later  time.Time // when it begins to differ, zero for now
}

// flipped keeps a witness with what the rest of its line needs.
func (p *pass) flipped(s *side, w *who, th *thing, purpose string, by *access) *flip {
	f := &flip{who: w, thing: th, by: by, others: make([]*thing, len(by.unit.op.Touches))}
	if w.request.Now.After(p.o.Now) {
		f.later = w.request.Now
	}
	for i := range by.unit.op.Touches {
		if at, other := s.other(p, w, by.unit, i, purpose); other != nil {
			f.others[at] = s.apart(w, by.unit.op, at, other, th)
		}
	}
	f.others[by.unit.touch] = th
	for i, other := range f.others {
		if other != nil {
			f.asked = append(f.asked, s.demands(w, by.unit.op, i, other))
		}
	}
	return f
}

// apart is a thing under another id than the one that differs, where both are of
// one type and two objects.
func (s *side) apart(w *who, op *resolver.Operation, i int, th, from *thing) *thing {
	u := unit{op, i, shapesOf(&op.Touches[i])[0]}
	c, ok := s.caller(w, op.Purpose)
	if th == from || th.id != from.id || !ok {
		return th
	}
	for _, tail := range []string{"2", "b", "B"} {
		other := *th
		other.id = th.id[:max(len(th.id)-1, 0)] + tail
		if _, _, ok := s.decide(w, c, u, &other); ok && other.id != from.id {
			return &other
		}
	}
	return th
}
