package diff

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/suite"
)

var start = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

func bench(text string) (*suite.Bench, *side, error) {
	b, _, err := suite.NewBench(fstest.MapFS{"rules.yaml": {Data: []byte(text)}}, suite.Options{
		Env: rules.Env{Partial: true, Now: start}, Resolve: resolver.Options{MaxBody: 1 << 16}, Now: start,
	})
	if err != nil {
		return nil, nil, err
	}
	p := b.Policy()
	return b, newSide(Side{p.Set(), p.Source(), p.Routes().Operations()}), nil
}

// What random pairs of rules change is what deciding on everything in a small
// universe says, and each request that is shown is allowed by one and denied by the
// other. A hundredth of the pairs is tried, in a smaller universe, unless all is wanted.
func TestDiffEqualsBruteForce(t *testing.T) {
	pairs, callers, things := uint64(10), 20, 30
	if os.Getenv("TIERGATE_FULL") == "1" {
		pairs, callers, things = 1000, 100, 100
	}
	changes, found, loaded := 0, 0, 0
	for seed := range pairs {
		d := drawing{rand.New(rand.NewPCG(seed, 6)), start}
		before, after := d.pair()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			said, real := compareBoth(t, d, before, after, callers, things)
			if changes, found = changes+said, found+real; said >= 0 {
				loaded++
			}
		})
	}
	t.Logf("%d of %d pairs, %d changes, of which brute force met %d", loaded, pairs, changes, found)
	if loaded < int(pairs)*8/10 || changes < 3*int(pairs) || found < int(pairs) {
		t.Error("the generator draws too little")
	}
}

func compareBoth(t *testing.T, d drawing, before, after *draft, callers, things int) (said, found int) {
	var benches [2]*suite.Bench
	var sides [2]*side
	for i, v := range []*draft{before, after} {
		var err error
		if benches[i], sides[i], err = bench(v.text()); err != nil {
			t.Logf("does not load: %v\n%s", err, v.text())
			return -1, 0
		}
	}
	r, err := Compare(t.Context(), sides[0].Side, sides[1].Side, Options{Now: start})
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]bool)
	for _, c := range r.Changes {
		rows[strings.Join([]string{c.Effect, c.Identity, c.Purpose, c.Action, c.Type, c.On, c.Tier}, "|")] = true
		if c.Witness == nil {
			t.Errorf("%s %s: no witness", c.Effect, c.says())
		}
	}
	flips(t, r, benches)
	u := universe{d, [2]*draft{before, after}, [2]*rules.Set{sides[0].Set, sides[1].Set}, [2]*identity.Recogniser{sides[0].recogniser, sides[1].recogniser}}
	for what, names := range u.flips(callers, things) {
		found++
		if !slices.ContainsFunc(names, func(name string) bool { return rows[strings.Replace(what, "%", name, 1)] }) {
			t.Errorf("brute force finds %s of %s, the comparison does not", what, strings.Join(names, " or "))
		}
	}
	if len(r.Notes) > 0 {
		t.Errorf("not exact: %v", r.Notes)
	}
	if t.Failed() {
		t.Logf("old\n%s\nnew\n%s", before.text(), after.text())
	}
	return len(r.Changes), found
}

// flips reports each witness that does not do what its change says.
func flips(t *testing.T, r *Report, benches [2]*suite.Bench) {
	t.Helper()
	for _, c := range r.Changes {
		for i, b := range benches {
			if c.Witness == nil {
				continue
			}
			o, err := b.Decide(t.Context(), c.Witness.Case)
			allowed := err == nil && o.Effect == rules.Allow
			if want := (c.Effect == Gained) == (i == 1); allowed != want {
				t.Errorf("%s %s: version %d says %v (%v) to\n%s", c.Effect, c.says(), i, o, err, c.Witness.Case)
			}
		}
	}
}

// compared is what is said of two versions, and these.
func compared(t *testing.T, before, after string) (*Report, [2]*suite.Bench) {
	t.Helper()
	var benches [2]*suite.Bench
	var sides [2]*side
	for i, text := range []string{before, after} {
		var err error
		if benches[i], sides[i], err = bench(text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	r, err := Compare(t.Context(), sides[0].Side, sides[1].Side, Options{Now: start})
	if err != nil {
		t.Fatal(err)
	}
	return r, benches
}

// universe is everything that brute force tries. Nothing of it is taken from what
// is under test.
type universe struct {
	d     drawing
	texts [2]*draft
	sets  [2]*rules.Set
	known [2]*identity.Recogniser
}

// object is something that a request touches: in each version with what it knows.
type object struct {
	id, parent, tier, property string
	attrs                      map[string]any
}

// flips are what some of the callers do to some of the things in one version only,
// with the identities that it may be said of in place of %.
func (u *universe) flips(callers, things int) map[string][]string {
	out := make(map[string][]string)
	objects := make(map[string][]object)
	for _, l := range drawnLines {
		for _, what := range l.touches {
			for range things {
				objects[what] = append(objects[what], u.object(what))
			}
		}
	}
	for _, days := range []int{0, 16, 22, 27, 35, 45} {
		req := &rules.Request{Now: start.AddDate(0, 0, days)}
		for range callers {
			e := u.evidence(req.Now)
			req.ClientIP = netip.Addr{}
			if u.d.IntN(2) == 0 {
				req.ClientIP = netip.MustParseAddr("10.1.2.3")
			}
			for _, l := range drawnLines {
				var who [2]*rules.Caller
				for v := range who {
					if c, err := u.known[v].Recognise(e, req, l.purpose); err == nil {
						who[v] = c
					}
				}
				for _, what := range l.touches {
					if who == [2]*rules.Caller{} {
						break
					}
					for _, o := range objects[what] {
						u.flip(out, req, u.names(e), who, &l, what, &o, objects)
					}
				}
			}
		}
	}
	return out
}

func (u *universe) flip(out map[string][]string, req *rules.Request, names []string, who [2]*rules.Caller, l *drawnLine, what string, o *object, objects map[string][]object) {
	var allowed [2]bool
	var tiers, purposes [2]string
	for v := range 2 {
		allowed[v], tiers[v], purposes[v] = u.allowed(v, req, who[v], l, what, o)
	}
	if allowed[0] == allowed[1] {
		return
	}
	v, effect := 0, Lost
	if allowed[1] {
		v, effect = 1, Gained
	}
	for _, other := range l.touches {
		may := func(o object) bool { ok, _, _ := u.allowed(v, req, who[v], l, other, &o); return ok }
		if other != what && !slices.ContainsFunc(objects[other], may) {
			return
		}
	}
	key := strings.Join([]string{effect, "%", purposes[v], what, tiers[v]}, "|")
	for _, name := range names {
		if !slices.Contains(out[key], name) {
			out[key] = append(out[key], name)
		}
	}
}
