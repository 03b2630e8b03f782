package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// Side is one version of rules, compiled.
type Side struct {
	Set    *rules.Set
	Source *rules.Source
	Lines  []*resolver.Operation
}

// side is a version with what is asked of it often.
type side struct {
	Side
	supposing  *rules.Set // for callers who bring what is demanded
	schema     *rules.Schema
	recogniser *identity.Recogniser
	rules      []rules.RuleInfo
	decls      map[string]*rules.RuleDecl
	units      map[string][]unit // by shape
	shapes     map[string]shape
	open       map[place]*thing // for each place something that is allowed there, nil for nothing
}

// place is where somebody meets something for a purpose.
type place struct {
	who     *who
	shape   string
	purpose string
}

// shape is what is done to what: everything that a target is but its object.
type shape struct {
	action, typ string
	collection  bool
	fresh       bool // an object without an id yet
	absent      bool // one whose id is free: the create of an upsert
	bounds      string
}

// key is the shape as text; it is shown too.
func (s shape) key() string { return s.action + " " + s.typ + " " + s.on() }

func (s shape) on() string {
	bounds := ""
	if s.bounds != "" {
		bounds = "[" + s.bounds + "]"
	}
	switch {
	case s.collection && s.bounds == "":
		return "collection, unbounded"
	case s.collection:
		return "collection" + bounds
	case s.fresh:
		return "new object" + bounds
	case s.absent:
		return "new object by id"
	}
	return "object"
}

func (s shape) bound(name string) bool { return slices.Contains(strings.Split(s.bounds, ","), name) }

// unit is a touch of a line in one of its shapes.
type unit struct {
	op    *resolver.Operation
	touch int
	shape shape
}

func newSide(s Side) *side {
	out := &side{
		Side: s, supposing: s.Set.Supposing(), schema: s.Set.Schema(), recogniser: identity.NewRecogniser(s.Set.Identities()),
		rules: s.Set.Rules(), decls: make(map[string]*rules.RuleDecl), units: make(map[string][]unit), shapes: make(map[string]shape),
		open: make(map[place]*thing),
	}
	for i := range s.Source.Rules {
		out.decls[s.Source.Rules[i].ID.V] = &s.Source.Rules[i]
	}
	for _, op := range s.Lines {
		for i := range op.Touches {
			for _, sh := range shapesOf(&op.Touches[i]) {
				out.shapes[sh.key()] = sh
				out.units[sh.key()] = append(out.units[sh.key()], unit{op, i, sh})
			}
		}
	}
	return out
}

// shapesOf are those that a touch can have: bounds that a request may leave out
// are there or not.
func shapesOf(t *resolver.Touch) (out []shape) {
	s := shape{
		action: t.Action, typ: t.Type, collection: t.Collection, fresh: t.New && !t.Upsert, absent: t.Upsert && t.Action == "create",
	}
	if !s.collection && !s.fresh {
		return []shape{s}
	}
	dims := make([]int, len(t.Bounds))
	for i, b := range t.Bounds {
		if dims[i] = 1; b.Optional {
			dims[i] = 2
		}
	}
	spread(dims, func(at []int) {
		var names []string
		for i, b := range t.Bounds {
			if at[i] == 0 {
				names = append(names, b.Attribute)
			}
		}
		slices.Sort(names)
		s.bounds = strings.Join(names, ",")
		out = append(out, s)
	})
	return out
}

// names reports whether the line's own words, if it has some, name this thing.
func (u *unit) names(th *thing) bool {
	t := &u.op.Touches[u.touch]
	if t.FixedID != "" && t.FixedID != th.id {
		return false
	}
	return !slices.ContainsFunc(t.Bounds, func(b resolver.Bound) bool {
		return b.Fixed != "" && u.shape.bound(b.Attribute) && b.Fixed != th.bound(b.Attribute)
	})
}

// needs reports whether a touch must be allowed for another one of the line to be.
func (s *side) needs(op *resolver.Operation, i, other int) bool {
	t := &op.Touches[other]
	if i == other || t.Optional {
		return false
	}
	if t.Upsert { // what exists is updated; of a type without a catalog nobody knows
		typ := s.schema.Types[t.Type]
		return typ != nil && typ.Catalog == "" || t.Action == "update" && !op.Touches[i].Upsert
	}
	return true
}

// caller is who somebody is to this version on a line of that purpose.
func (s *side) caller(w *who, purpose string) (*rules.Caller, bool) {
	c, err := s.recogniser.Recognise(w.evidence, &w.request, purpose)
	return c, err == nil
}

// decide decides on a thing alone.
func (s *side) decide(w *who, c *rules.Caller, sh shape, th *thing) (rules.Decision, rules.Tier, bool) {
	t, ok := s.target(sh, th)
	if !ok {
		return rules.Decision{}, rules.NoTier, false
	}
	d := s.supposing.Decide(&w.request, c, []rules.Target{t})
	tier, _ := s.schema.TierOf(&t)
	return d, tier, d.Effect == rules.Allow
}

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
