package diff

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Options are what the configuration says, and the time.
type Options struct {
	Issuers       map[string]rules.IssuerEnv // nil where there is no configuration
	PurposeClaims map[string]string          // by issuer, the claim that names a purpose
	Now           time.Time
	Progress      func(done, all int) // of callers, nil for nobody who wants to know
}

// pass is one comparison, of one caller after the other.
type pass struct {
	o     *Options
	sides [2]*side            // old and new
	alike bool                // the versions differ in rules and identities at most
	known map[string]*catalog // of one identity, by shape and what else tells things apart
	rows  map[row]*tally
	tried int // objects, again for each caller and purpose
	notes set[string]

	ofIssuer map[string]*set[string] // clients that identities name

	varied  *rules.Identity // whose variety is kept
	various *variety

	doubt   doubt // that is being tried
	met     *met  // by the caller, of all that is demanded; nil for everything
	doubted []Unjudged
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

// Compare says what changes from one version to the other. Its error is that of
// the context.
func Compare(ctx context.Context, before, after Side, o Options) (*Report, error) {
	p := &pass{o: &o, sides: [2]*side{newSide(before), newSide(after)}, rows: make(map[row]*tally)}
	for _, s := range p.sides {
		s.supposing = p.demanding(s, s.supposing)
		s.doubting, s.certain = s.supposing.Doubting(p.doubt.settle), s.supposing
	}
	p.alike = p.sides[0].around() == p.sides[1].around()
	shapes := maps.Clone(p.sides[0].shapes)
	maps.Copy(shapes, p.sides[1].shapes)
	keys := slices.Sorted(maps.Keys(shapes))
	identities := p.identities()
	for i, id := range identities {
		if o.Progress != nil {
			o.Progress(i+1, len(identities))
		}
		p.known = make(map[string]*catalog)
		for _, now := range p.moments(id) {
			for _, w := range p.callers(id, now) {
				if p.unchanged(w) {
					continue
				}
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
	r := &Report{Changes: append(p.changes(), opened(&before, &after)...), Unjudged: append(p.unjudged(), p.doubted...)}
	r.Changes = append([]Change{}, r.Changes...)
	r.Notes = append([]string{}, p.notes.list...)
	return r, nil
}

func (p *pass) note(text string) { p.notes.add(text) }

// look tries everything of a shape for a caller, for each purpose that it can have.
func (p *pass) look(w *who, sh shape) {
	var purposes set[string]
	var ways [2][]way
	could := false
	for i, s := range p.sides {
		ways[i] = s.ways(w, sh)
		for _, y := range ways[i] {
			purposes.add(y.caller.Purpose)
			could = could || s.Set.CouldAllow(y.caller, s.schema.Types[sh.typ], sh.action)
		}
	}
	if !could {
		return
	}
	things := p.things(w, sh)
	if !things.complete {
		p.note(w.name + ", " + sh.key() + ": attributes in more combinations than are tried")
	}
	p.tried += len(purposes.list) * len(things.list)
	for _, purpose := range purposes.list {
		for n := range things.list {
			before, after := p.reaches(0, ways[0], w, things, n, purpose), p.reaches(1, ways[1], w, things, n, purpose)
			switch {
			case before == nil && after == nil:
			case before == nil && p.allowsLine(0, ways[0], w, things, n, after), after == nil && p.allowsLine(1, ways[1], w, things, n, before):
				// the same request is allowed by both, for another purpose
			default:
				p.count(w, sh, things.list[n], purpose, before, after)
			}
		}
	}
	p.doubts(w, sh, ways, things, purposes.list)
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
