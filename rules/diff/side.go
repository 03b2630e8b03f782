package diff

import (
	"slices"

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
	doubting   *rules.Set // the same, as some conditions are supposed to hold or not
	certain    *rules.Set // the same, as they do
	schema     *rules.Schema
	recogniser *identity.Recogniser
	rules      []rules.RuleInfo
	binds      bool // it matters whether a token is bound
	decls      map[string]*rules.RuleDecl
	units      map[string][]unit // by shape
	shapes     map[string]shape
	kin        map[string]*kin
	nobody     map[string]*rules.Identity // by issuer, who is none of the identities
	spellings  []string                   // of rules, in words
	open       map[place]*thing           // for each place something that is allowed there, nil for nothing
}

// place is where somebody meets something for a purpose.
type place struct {
	who     *who
	shape   string
	purpose string
}

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
		open: make(map[place]*thing), kin: make(map[string]*kin), nobody: make(map[string]*rules.Identity), spellings: make([]string, len(s.Set.Rules())),
	}
	for i := range s.Source.Rules {
		out.decls[s.Source.Rules[i].ID.V] = &s.Source.Rules[i]
	}
	out.binds = out.bindings()
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

// sees is a thing as the line tells it from others: one that reads no members takes
// any for the plain one, and on one that says which are asked for all are meant
// where none is named.
func (u *unit) sees(th *thing) *thing {
	writes, asks := u.op.Members(u.touch)
	property := ""
	switch {
	case u.shape.writes() && writes, !u.shape.writes() && asks && th.property != "":
		property = th.property
	case !u.shape.writes() && asks:
		property = rules.Everything
	}
	if property == th.property {
		return th
	}
	as := *th
	as.property = property
	return &as
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

// decide decides on a thing alone, as the target of a line.
func (s *side) decide(w *who, c *rules.Caller, u unit, th *thing) (rules.Decision, rules.Tier, bool) {
	t, ok := s.target(u.shape, u.sees(th))
	if !ok {
		return rules.Decision{}, rules.NoTier, false
	}
	d := s.supposing.Decide(&w.request, c, []rules.Target{t})
	tier, _ := s.schema.TierOf(&t)
	return d, tier, d.Effect == rules.Allow
}
