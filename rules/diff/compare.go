package diff

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// Options are what the configuration says, and the time.
type Options struct {
	Issuers       map[string]rules.IssuerEnv // nil where there is no configuration
	PurposeClaims map[string]string          // by issuer, the claim that names a purpose
	Now           time.Time
}

// pass is one comparison, at one moment after the other.
type pass struct {
	o     *Options
	sides [2]*side // old and new
	reads map[string]*reads
	known map[string]catalog // by shape and the words of callers
	rows  map[row]*tally
	notes set[string]
}

// row is what a change is about.
type row struct {
	identity, purpose string
	shape             shape
	tier              string
	at                int64 // the moment, in Unix time
}

// tally counts what is tried for a row, and keeps the first that differs each way.
type tally struct {
	tried        int
	allowed      [2]int
	gained, lost *flip
}

// flip is something that one version allows and the other does not.
type flip struct {
	who    *who
	thing  *thing
	by     *access
	others []*thing  // for what else the line touches
	later  time.Time // when it begins to differ, zero for now
}

// Compare says what changes from one version to the other. Its error is that of
// the context.
func Compare(ctx context.Context, before, after Side, o Options) (*Report, error) {
	p := &pass{
		o: &o, sides: [2]*side{newSide(before), newSide(after)}, reads: make(map[string]*reads),
		known: make(map[string]catalog), rows: make(map[row]*tally),
	}
	shapes := maps.Clone(p.sides[0].shapes)
	maps.Copy(shapes, p.sides[1].shapes)
	keys := slices.Sorted(maps.Keys(shapes))
	for _, now := range p.moments() {
		for _, id := range p.identities() {
			for _, w := range p.callers(id, now) {
				for _, key := range keys {
					if err := ctx.Err(); err != nil {
						return nil, err
					}
					p.look(w, shapes[key])
				}
			}
			for _, s := range p.sides {
				clear(s.open) // of callers who do not come again
			}
		}
	}
	r := &Report{Changes: append(p.changes(), opened(&before, &after)...), Unjudged: p.unjudged()}
	r.Notes = append([]string{}, p.notes.list...)
	return r, nil
}

func (p *pass) note(text string) { p.notes.add(text) }

// maxMoments bounds how many moments are looked at.
const maxMoments = 12

// moments are now and when rules and identities begin or end behind it.
func (p *pass) moments() []time.Time {
	all := []time.Time{p.o.Now}
	add := func(times ...time.Time) {
		for _, t := range times {
			if t.After(p.o.Now) && !slices.ContainsFunc(all, t.Equal) {
				all = append(all, t)
			}
		}
	}
	for _, s := range p.sides {
		for i := range s.rules {
			add(s.rules[i].NotBefore, s.rules[i].End)
		}
		for _, id := range s.Set.Identities() {
			add(id.NotBefore, id.Expires, id.Overdue)
		}
		if s.Source.Overdue.V == "deny" {
			for i := range s.rules {
				if by := s.rules[i].ReviewBy; !by.IsZero() {
					add(by, by.AddDate(0, 0, 1))
				}
			}
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	if len(all) > maxMoments {
		p.note(fmt.Sprintf("what begins or ends after %s is not looked at", all[maxMoments-1].Format(time.RFC3339)))
		all = all[:maxMoments]
	}
	return all
}

// look tries everything of a shape for a caller, for each purpose that it can have.
func (p *pass) look(w *who, sh shape) {
	var purposes set[string]
	could := false
	for _, s := range p.sides {
		for _, u := range s.units[sh.key()] {
			if c, ok := s.caller(w, u.op.Purpose); ok {
				purposes.add(c.Purpose)
				could = could || s.Set.CouldAllow(c, s.schema.Types[sh.typ], sh.action)
			}
		}
	}
	if !could {
		return
	}
	things, complete := p.things(w, sh)
	if !complete {
		p.note(sh.key() + ": attributes in more combinations than are tried")
	}
	for _, purpose := range purposes.list {
		for _, th := range things {
			before, after := p.sides[0].reaches(p, w, sh, th, purpose), p.sides[1].reaches(p, w, sh, th, purpose)
			if before != nil || after != nil {
				p.count(w, sh, th, purpose, before, after)
			}
		}
	}
}

// count keeps what came of a thing. Allowed in both versions, it counts where the
// new one has it.
func (p *pass) count(w *who, sh shape, th *thing, purpose string, before, after *access) {
	by := cmp.Or(after, before)
	key := row{w.name, purpose, sh, by.tier, w.request.Now.Unix()}
	t := p.rows[key]
	if t == nil {
		t = new(tally)
		p.rows[key] = t
	}
	t.tried++
	if before != nil {
		t.allowed[0]++
	}
	if after != nil {
		t.allowed[1]++
	}
	switch {
	case before == nil && t.gained == nil:
		t.gained = p.flipped(p.sides[1], w, th, purpose, after)
	case after == nil && t.lost == nil:
		t.lost = p.flipped(p.sides[0], w, th, purpose, before)
	}
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
	return f
}

// apart is a thing under another id than the one that differs, where both are of
// one type and two objects.
func (s *side) apart(w *who, op *resolver.Operation, i int, th, from *thing) *thing {
	sh := shapesOf(&op.Touches[i])[0]
	c, ok := s.caller(w, op.Purpose)
	if th == from || th.id != from.id || !ok {
		return th
	}
	for _, tail := range []string{"2", "b", "B"} {
		other := *th
		other.id = th.id[:max(len(th.id)-1, 0)] + tail
		if _, _, ok := s.decide(w, c, sh, &other); ok && other.id != from.id {
			return &other
		}
	}
	return th
}

// changes are the rows in which something differs, each at the first moment at
// which it does.
func (p *pass) changes() (out []Change) {
	type said struct {
		effect string
		row    row
	}
	known := make(map[said]bool)
	inTime := slices.SortedFunc(maps.Keys(p.rows), func(a, b row) int { return cmp.Compare(a.at, b.at) })
	for _, key := range inTime {
		t := p.rows[key]
		key.at = 0
		add := func(effect string, f *flip) {
			if known[said{effect, key}] {
				return // it is so since an earlier moment
			}
			known[said{effect, key}] = true
			c := Change{
				Effect: effect, Identity: key.identity, Purpose: key.purpose, Action: key.shape.action, Type: key.shape.typ,
				On: key.shape.on(), Tier: key.tier, Before: p.amount(t, 0), After: p.amount(t, 1), Rule: f.by.rule, Witness: f.witness(),
			}
			if !f.later.IsZero() {
				c.From = &f.later
			}
			out = append(out, c)
		}
		if t.gained != nil {
			add(Gained, t.gained)
		}
		if t.lost != nil {
			add(Lost, t.lost)
		}
	}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(
			strings.Compare(a.Effect, b.Effect), strings.Compare(a.Identity, b.Identity), strings.Compare(a.Type, b.Type),
			strings.Compare(a.Action, b.Action), strings.Compare(a.On, b.On), strings.Compare(a.Tier, b.Tier), strings.Compare(a.Purpose, b.Purpose),
		)
	})
	return out
}

// amount says of how much of what either version allows a version allows.
func (p *pass) amount(t *tally, version int) string {
	switch t.allowed[version] {
	case 0:
		return "none"
	case t.tried:
		return "all"
	}
	return "some"
}

// opened are the lines that are open in one version only.
func opened(before, after *Side) (out []Change) {
	open := func(s *Side) (names set[string]) {
		for _, op := range s.Lines {
			if op.Open {
				names.add(op.String())
			}
		}
		return names
	}
	old, now := open(before), open(after)
	each := func(effect string, of, but set[string], was, is string) {
		for _, name := range of.list {
			if !but.has(name) {
				out = append(out, Change{Effect: effect, Identity: "everybody", Action: "request", Type: name, On: "open line", Before: was, After: is})
			}
		}
	}
	each(Gained, now, old, "none", "all")
	each(Lost, old, now, "all", "none")
	return out
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
