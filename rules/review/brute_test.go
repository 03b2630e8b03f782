package review

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// bruteForce finds out what an identity reaches by deciding on every line with
// every choice of objects for its targets, for everybody whom anything names.
func bruteForce(t testing.TB, w *world, id *rules.Identity, claims map[string]any) (union map[Pair]bool, largest int) {
	subjects := map[string]bool{"somebody else": true, "ada": true}
	objects := map[string][]*rules.Object{}
	for _, typ := range w.set.Schema().Types {
		if typ.Catalog == "" {
			continue
		}
		for o, err := range w.o.Objects.Objects(t.Context(), typ) {
			if err != nil {
				t.Fatal(err)
			}
			objects[typ.Name] = append(objects[typ.Name], o)
			subjects[o.ID], subjects[o.Parent] = true, true
			for _, v := range slices.Concat(o.Attributes, o.ParentAttributes) {
				switch v := v.(type) {
				case string:
					subjects[v] = true
				case []string:
					for _, s := range v {
						subjects[s] = true
					}
				}
			}
		}
	}
	if id.Subject != "" {
		subjects = map[string]bool{id.Subject: true}
	}
	union = map[Pair]bool{}
	for subject := range subjects {
		if subject == "" || id.Subject == "" && (subject == "root" || strings.HasPrefix(subject, "svc-")) {
			continue
		}
		reached := map[Pair]bool{}
		for _, op := range w.routes.Operations() {
			purpose := op.Purpose
			if purpose == "" && len(id.Purposes) == 1 {
				purpose = id.Purposes[0]
			}
			if op.Open || purpose != "" && !slices.Contains(id.Purposes, purpose) {
				continue
			}
			c := &rules.Caller{
				Verified: &rules.Verified{Issuer: id.Issuer, Subject: subject, ClientID: "web", IssuedAt: w.o.Now, Claims: claims},
				Kind:     id.Kind, Identity: id, Peer: id.Workload, Purpose: purpose,
			}
			if id.Workload != "" {
				c.Bound = rules.ByWorkload
			}
			choose(w, c, op.Touches, objects, nil, nil, reached)
		}
		maps.Copy(union, reached)
		radius := 0
		for p := range reached {
			for _, o := range objects[p.Type] {
				if o.ID == p.ID {
					tier, _ := w.set.Schema().TierOf(&rules.Target{Action: p.Action, Object: *o})
					radius += []int{0, 1, 5, 25}[tier] * w.set.Schema().Weights[p.Action]
				}
			}
		}
		largest = max(largest, radius)
	}
	return union, largest
}

// choose tries every object for the next touch of a line, then decides on all
// targets at once.
func choose(w *world, c *rules.Caller, rest []resolver.Touch, objects map[string][]*rules.Object, targets []rules.Target, pairs []Pair, reached map[Pair]bool) {
	if len(rest) == 0 {
		if len(targets) > 0 {
			if d := w.set.Decide(&rules.Request{Now: w.o.Now}, c, targets); d.Effect == rules.Allow {
				for _, p := range pairs {
					if p.ID != "" {
						reached[p] = true
					}
				}
			}
		}
		return
	}
	touch, rest := rest[0], rest[1:]
	next := func(target rules.Target, p Pair) {
		choose(w, c, rest, objects, append(slices.Clone(targets), target), append(slices.Clone(pairs), p), reached)
	}
	if touch.Optional || touch.Upsert && touch.Action == "create" {
		choose(w, c, rest, objects, targets, pairs, reached)
		if !touch.Optional {
			return
		}
	}
	typ := w.set.Schema().Types[touch.Type]
	for _, o := range objects[touch.Type] {
		switch {
		case touch.New:
			for _, parent := range objects["customer"] {
				next(rules.Target{Action: "create", Object: rules.Object{
					Type: typ, Parent: parent.ID, State: rules.New, RowTier: rules.NoTier, ParentState: parent.State, ParentAttributes: parent.Attributes,
				}}, Pair{})
			}
		case touch.Collection:
			t := rules.Target{Action: touch.Action, Collection: true, Unbounded: touch.Unbounded, Object: rules.Object{Type: typ, RowTier: rules.NoTier, Attributes: make([]any, len(typ.Attributes))}}
			fits := true
			for _, b := range touch.Bounds {
				if b.Attribute == "parent" {
					t.Object.Parent, fits = o.Parent, fits && o.Parent != ""
					t.Object.ParentState, t.Object.ParentAttributes = o.ParentState, o.ParentAttributes
					continue
				}
				v, ok := o.Attribute(typ.Slot(b.Attribute))
				fits = fits && ok && (b.Fixed == "" || b.Fixed == v)
				t.Object.Attributes[typ.Slot(b.Attribute)] = v
			}
			if fits {
				next(t, Pair{touch.Type, o.ID, touch.Action})
			}
		case touch.FixedID == "" || touch.FixedID == o.ID:
			next(rules.Target{Action: touch.Action, Object: *o}, Pair{touch.Type, o.ID, touch.Action})
		}
	}
}

// TestReachEqualsBruteForce compares with every choice of objects, over random
// catalogs and rules.
func TestReachEqualsBruteForce(t *testing.T) {
	names := slices.Concat(slices.Sorted(maps.Keys(some)), slices.Sorted(maps.Keys(others)))
	people := []string{"ada", "bob", "eve", "root", ""}
	rapid.Check(t, func(rt *rapid.T) {
		var rows []catalog.Row
		for i := range rapid.IntRange(0, 5).Draw(rt, "accounts") {
			who := rapid.SampledFrom(people)
			more := map[string]any{"frozen": rapid.SampledFrom([]any{true, false, nil}).Draw(rt, "frozen")}
			if sharer := who.Draw(rt, "sharer"); sharer != "" {
				more["sharers"] = []any{sharer, "zoe"}
			}
			row := acct([]string{"A1", "A2", "MAIN", "ada", "B7"}[i], "", "", who.Draw(rt, "parent"), more)
			row.Tier = rapid.SampledFrom([]string{"", "restricted"}).Draw(rt, "tier")
			for column, values := range map[string][]string{"owner": people, "tenant": {"eu", "acme", ""}} {
				row.Columns[column] = nil
				if v := rapid.SampledFrom(values).Draw(rt, column); v != "" {
					row.Columns[column] = v
				}
			}
			rows = append(rows, row)
		}
		for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom(people[:4]), rapid.ID[string]).Draw(rt, "customers") {
			row := person(id)
			row.Columns = map[string]any{"tenant": nil}
			if of := rapid.SampledFrom(people).Draw(rt, "customer's tenant"); of != "" {
				row.Columns["tenant"] = of
			}
			rows = append(rows, row)
		}
		w := build(t, rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(rt, "rules"), rows, nil)
		r := run(t, w)
		for i := range r.Identities {
			row := &r.Identities[i]
			claims := map[string]any{}
			for k, v := range row.Claims {
				claims[k] = v
			}
			ids := w.set.Identities()
			id := ids[slices.IndexFunc(ids, func(id *rules.Identity) bool { return id.Name == row.Identity })]
			union, largest := bruteForce(t, w, id, claims)
			want := words(slices.Collect(maps.Keys(union)))
			if diff := cmp.Diff(want, words(row.Pairs)); diff != "" {
				rt.Fatalf("%s (-brute force +review):\n%s", row.Name(), diff)
			}
			if row.Reach.Pairs != len(want) {
				rt.Fatalf("%s: %d pairs counted, %d listed", row.Name(), row.Reach.Pairs, len(want))
			}
			got := row.Reach.BlastRadius
			if row.Largest != nil {
				got = row.Largest.Reach.BlastRadius
			}
			if got != largest {
				rt.Fatalf("%s: one token weighs %d (%+v), brute force says %d", row.Name(), got, row.Largest, largest)
			}
		}
	})
}
