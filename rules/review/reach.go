package review

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Enumerator lists the objects of a type: each once, with all that its row says and,
// where decisions on the type read it, the row of its parent, in the same order each time and all of one generation. A row that cannot be used
// comes as a *rules.Fault with reason catalog_bad_row in its place; any other
// error ends the listing.
type Enumerator interface {
	Objects(ctx context.Context, typ *rules.Type) iter.Seq2[*rules.Object, error]
}

// Options say what is reviewed.
type Options struct {
	Policy        string // hash of the version
	Set           *rules.Set
	Source        *rules.Source // of the set
	Env           rules.Env
	Lines         []Line
	Objects       Enumerator
	TokenPurposes map[string]bool // issuers whose tokens name a purpose
	Identities    []string        // only these; all by default
	Pairs         bool            // list the pairs too
	Now           time.Time
}

// review is one run.
type review struct {
	o            *Options
	schema       *rules.Schema
	request      rules.Request
	uncounted    map[string]string // by type
	badRows      map[string]int
	objects      map[string]int
	exposed      plan
	any          tally
	readsSubject bool
	readsClient  bool
	spelt        []string // texts in conditions on the subject
	seed         maphash.Seed
}

// Run counts what identities reach. Its error is about the options or the
// context; what cannot be counted is part of the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	o.Set = o.Set.Supposing()
	r := &review{
		o: &o, schema: o.Set.Schema(), request: rules.Request{Now: o.Now},
		uncounted: make(map[string]string), badRows: make(map[string]int), objects: make(map[string]int),
		exposed: plan{index: make(map[string]int)}, any: tally{}, seed: maphash.MakeSeed(),
	}
	r.reads()
	surveys, err := r.surveys()
	if err != nil {
		return nil, err
	}
	for i := range o.Lines {
		r.exposed.add(r.schema, &o.Lines[i], "")
	}
	err = r.each(ctx, func(obj *rules.Object) {
		r.objects[obj.Type.Name]++
		r.expose(obj)
		for _, s := range surveys {
			s.explore(obj, false)
			s.places(obj)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, s := range surveys {
		s.anywhere()
		s.settle()
	}
	first := maps.Clone(r.objects)
	clear(r.objects)
	clear(r.badRows) // the second look meets them again
	err = r.each(ctx, func(obj *rules.Object) {
		r.objects[obj.Type.Name]++
		for _, s := range surveys {
			s.count(obj)
		}
	})
	if err == nil && !maps.Equal(first, r.objects) {
		err = errors.New("the catalog changed while it was counted: run the review again")
	}
	if err != nil {
		return nil, err
	}
	return r.report(surveys), nil
}

// surveys makes one for each identity and set of claims.
func (r *review) surveys() (out []*survey, err error) {
	known := make(map[string]bool)
	for _, id := range r.o.Set.Identities() {
		known[id.Name] = true
		if len(r.o.Identities) > 0 && !slices.Contains(r.o.Identities, id.Name) {
			continue
		}
		for _, s := range r.callers(id) {
			s.prepare()
			out = append(out, s)
		}
	}
	if len(r.o.Identities) == 0 {
		for _, s := range r.unregistered() {
			if s.prepare(); slices.Contains(s.could, true) {
				out = append(out, s)
			}
		}
	}
	for _, name := range r.o.Identities {
		if !known[name] {
			return nil, fmt.Errorf("no identity is named %q; %s", name, rules.DidYouMean(name, slices.Sorted(maps.Keys(known))))
		}
	}
	return out, nil
}

// each hands every object of every exposed type to see, in the order of the
// types' names.
func (r *review) each(ctx context.Context, see func(*rules.Object)) error {
	for _, name := range slices.Sorted(maps.Keys(r.schema.Types)) {
		typ := r.schema.Types[name]
		if typ.Catalog == "" {
			r.uncounted[name] = "the type has no catalog"
			continue
		}
		if err := r.list(ctx, typ, see); err != nil {
			return err
		}
	}
	return nil
}

func (r *review) list(ctx context.Context, typ *rules.Type, see func(*rules.Object)) error {
	seen := false
	for o, err := range r.o.Objects.Objects(ctx, typ) {
		switch f, isFault := errors.AsType[*rules.Fault](err); {
		case err == nil:
			seen = true
			see(o)
		case isFault && f.Reason == rules.CatalogBadRow:
			r.badRows[typ.Name]++
		case seen || ctx.Err() != nil: // half a listing is no count
			return fmt.Errorf("list the objects of type %s: %w", typ.Name, err)
		default:
			r.uncounted[typ.Name] = err.Error()
			return nil
		}
	}
	return nil
}

// cell is where a pair counts; with the action "" the object by its own tier.
func (r *review) cell(o *rules.Object, action string) cell {
	tier, _ := r.schema.TierOf(&rules.Target{Action: action, Object: *o})
	return cell{o.Type.Name, action, tier}
}

// expose counts what any valid token reaches.
func (r *review) expose(o *rules.Object) {
	var done []string
	for i := range r.exposed.units {
		u := &r.exposed.units[i]
		if u.typ != o.Type || u.New || slices.Contains(done, u.Action) {
			continue
		}
		if _, ok := u.target(o); ok {
			done = append(done, u.Action)
			r.any[r.cell(o, u.Action)]++
		}
	}
	if len(done) > 0 {
		r.any[r.cell(o, "")]++
	}
}
