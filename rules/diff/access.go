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

// reaches says by which line, if by any, somebody gets at a thing for a purpose.
func (s *side) reaches(p *pass, w *who, sh shape, th *thing, purpose string) *access {
	var decided *rules.Decision
	tier := rules.NoTier
	for _, u := range s.units[sh.key()] {
		c, ok := s.caller(w, u.op.Purpose)
		if !ok || c.Purpose != purpose || !u.names(th) {
			continue
		}
		if decided == nil {
			d, t, ok := s.decide(w, c, sh, th)
			if !ok {
				return nil
			}
			decided, tier = &d, t
		}
		if s.usable(p, w, u, purpose) {
			return &access{s, u, s.schema.TierName(tier), cmp.Or(decided.Targets[0].Rule, "?")}
		}
	}
	return nil
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
	things, _ := p.things(w, u.shape)
	for _, th := range things {
		if _, _, ok := s.decide(w, c, u.shape, th); ok && u.names(th) {
			found = th
			break
		}
	}
	s.open[at] = found
	return found
}
