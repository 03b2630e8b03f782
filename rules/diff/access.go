package diff

import (
	"cmp"

	"github.com/tiergate/tiergate/rules"
)

// access is how a version lets somebody at a thing.
type access struct {
	side *side
	unit unit
	tier string
	rule string
}

// above is the type of a type's parents that have rows, "" for none.
func (a *access) above(typ string) string {
	if t := a.side.schema.Types[typ]; t != nil && t.Above != nil && t.Above.Catalog != "" {
		return t.Parent
	}
	return ""
}

// stored reports whether objects of a type have rows.
func (a *access) stored(typ string) bool {
	t := a.side.schema.Types[typ]
	return t != nil && t.Catalog != ""
}

// way is a line by which somebody may get at things of a shape, for some purpose.
type way struct {
	unit   unit
	caller *rules.Caller
}

// ways are those of a shape that a version has for somebody.
func (s *side) ways(w *who, sh shape) (out []way) {
	for _, u := range s.units[sh.key()] {
		if c, ok := s.caller(w, u.op.Purpose); ok {
			out = append(out, way{u, c})
		}
	}
	return out
}

// reaches says by which line, if by any, a version lets somebody at a thing for a
// purpose.
func (p *pass) reaches(version int, ways []way, w *who, things *catalog, n int, purpose string) *access {
	s, th := p.sides[version], things.list[n]
	for _, y := range ways {
		if y.caller.Purpose != purpose || !y.unit.names(th) {
			continue
		}
		to := &things.aims[version][n]
		if as := y.unit.sees(th); as != th {
			to = s.aim(y.unit.shape, as)
		}
		if !to.ok {
			continue
		}
		d := s.supposing.Decide(&w.request, y.caller, to.targets[:])
		if d.Effect == rules.Allow && s.usable(p, w, y.unit, purpose) {
			return &access{s, y.unit, to.tier, cmp.Or(d.Targets[0].Rule, "?")}
		}
	}
	return nil
}

// allowsLine reports whether a version allows on the very line by which the other
// does, whatever the purpose is to it.
func (p *pass) allowsLine(version int, ways []way, w *who, things *catalog, n int, by *access) bool {
	for _, y := range ways {
		a, b := y.unit.op, by.unit.op
		if a.Host == b.Host && a.Method == b.Method && a.Template == b.Template &&
			p.reaches(version, []way{y}, w, things, n, y.caller.Purpose) != nil {
			return true
		}
	}
	return false
}

// usable reports whether all else that a line cannot do without can be allowed.
func (s *side) usable(p *pass, w *who, u unit, purpose string) bool {
	for i := range u.op.Touches {
		if _, th := s.other(p, w, u, i, purpose); th == nil && s.needs(u.op, u.touch, i) {
			return false
		}
	}
	return true
}

// other is a thing for another touch of a unit's line, and the touch: of what is
// updated or created, either will do.
func (s *side) other(p *pass, w *who, u unit, i int, purpose string) (int, *thing) {
	if !s.needs(u.op, u.touch, i) {
		return i, nil
	}
	of := func(k int) *thing { return s.something(p, w, unit{u.op, k, shapesOf(&u.op.Touches[k])[0]}, purpose) }
	th := of(i)
	if t := &u.op.Touches[i]; th == nil && t.Upsert && t.Action == "update" && i > 0 && s.schema.Types[t.Type].Catalog != "" {
		return i - 1, of(i - 1)
	}
	return i, th
}

// something is a thing that a touch is allowed on, nil for none.
func (s *side) something(p *pass, w *who, u unit, purpose string) *thing {
	c, ok := s.caller(w, u.op.Purpose)
	if !ok || c.Purpose != purpose {
		return nil
	}
	at := place{w, u.shape.key() + "\x00" + u.op.Touches[u.touch].FixedID, purpose}
	found, known := s.open[at]
	if known {
		return found
	}
	for _, th := range p.things(w, u.shape).list {
		if _, _, ok := s.decide(w, c, u, th); ok && u.names(th) {
			found = th
			break
		}
	}
	s.open[at] = found
	return found
}
