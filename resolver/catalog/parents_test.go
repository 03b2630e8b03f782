package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/rules"
)

// house is a catalog in which accounts have a customer as their parent. The
// customers are of a source of their own, unless they share that of the accounts.
type house struct {
	*desk
	customer *rules.Type
}

func openHouse(t testing.TB, accounts, customers Source, change func(*Options)) *house {
	t.Helper()
	h := &house{customer: &rules.Type{Name: "customer", Catalog: "crm", Tier: 1, MaxRowTier: 1, Attributes: []rules.Attribute{{Name: "tenant", Kind: rules.String}}}}
	h.desk = open(t, accounts, func(o *Options) {
		if customers == nil {
			h.customer.Catalog = "bank"
		} else {
			o.Sources["crm"] = customers
		}
		if change != nil {
			change(o)
		}
	})
	h.typ.Parent, h.typ.Above = "customer", h.customer
	h.customer.Children = []*rules.Type{h.typ}
	h.view = h.Bind(bank(h.typ, h.customer))
	return h
}

func in(id, parent string) Row {
	return Row{Key: Key{"account", id}, Parent: parent, Columns: map[string]any{"tenant": "eu"}}
}

func customer(id, tenant string) Row {
	return Row{Key: Key{"customer", id}, Columns: map[string]any{"tenant": tenant}}
}

func both(*rules.Target) Want { return WantRow | WantParent }

// tenantAbove is what a target's parent says, or why it says nothing.
func tenantAbove(o *rules.Object) string {
	if v, ok := o.ParentAttribute(0); ok {
		return fmt.Sprint(v)
	}
	return fmt.Sprint("nothing: ", o.ParentState)
}

func TestFillLooksUpParentsInOneBatch(t *testing.T) {
	accounts, customers := &spy{Memory: NewMemory(in("a", "c1"), in("b", "c2"), in("c", "gone"), in("d", ""))}, &spy{Memory: NewMemory(customer("c1", "eu"), customer("c2", "us"))}
	h := openHouse(t, accounts, customers, nil)
	targets := append(h.targets("a", "b", "c", "d", "missing"),
		rules.Target{Action: "list", Collection: true, Object: rules.Object{Type: h.typ, Parent: "c1"}},
		rules.Target{Action: "create", Object: rules.Object{Type: h.typ, Parent: "c2", State: rules.New}},
		rules.Target{Action: "list", Collection: true, Object: rules.Object{Type: h.typ}},
		rules.Target{Action: "read", Object: rules.Object{Type: h.customer, ID: "c1"}})
	if h.view.Ready(targets, both) {
		t.Error("ready before anything was read")
	}
	stats, err := h.view.Fill(t.Context(), targets, both)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range targets {
		got = append(got, tenantAbove(&targets[i].Object))
	}
	want := []string{"eu", "us", "nothing: 2", "nothing: 0", "nothing: 0", "eu", "us", "nothing: 0", "nothing: 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tenants of the parents (-want +got):\n%s", diff)
	}
	if accounts.calls.Load() != 1 || customers.calls.Load() != 2 { // of the customer itself, and of all parents
		t.Errorf("%d and %d look-ups, want one batch a source and round", accounts.calls.Load(), customers.calls.Load())
	}
	if stats.Hits+stats.Misses != 11 {
		t.Errorf("%+v, want each row counted once", stats)
	}
	if !h.view.Ready(targets, both) {
		t.Error("not ready once everything is cached")
	}
	// The twin: nobody reads the parents.
	customers.calls.Store(0)
	h.clock.advance(time.Hour)
	fresh := h.targets("a")
	if _, err := h.view.Fill(t.Context(), fresh, nil); err != nil || customers.calls.Load() != 0 || fresh[0].Object.ParentState != rules.Unchecked {
		t.Errorf("%v, %d look-ups, %+v: want no look-up of a parent that nobody reads", err, customers.calls.Load(), fresh[0].Object)
	}
}

func TestParentsOfASourceThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		customers Source
		want      rules.Reason
	}{
		"down":    {&spy{Memory: NewMemory(), before: fails(ErrUnavailable)}, rules.CatalogUnavailable},
		"stale":   {&spy{Memory: NewMemory(), before: fails(ErrStale)}, rules.CatalogStale},
		"bad row": {NewMemory(customer("c1", "eu"), Row{Key: Key{"customer", "c1"}, Bad: "twice"}), rules.CatalogBadRow},
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t, NewMemory(in("a", "c1")), c.customers, nil)
			_, err := h.view.Fill(t.Context(), h.targets("a"), both)
			wantFault(t, err, c.want)
			if _, err := h.view.Fill(t.Context(), h.targets("a"), nil); err != nil {
				t.Errorf("where nobody reads the parent: %v", err)
			}
		})
	}
	h := openHouse(t, NewMemory(in("a", "c1")), NewMemory(customer("c1", "eu")), nil)
	h.customer.Catalog = "elsewhere"
	h.view = h.Bind(bank(h.typ, h.customer))
	_, err := h.view.Fill(t.Context(), h.targets("a"), both)
	wantFault(t, err, rules.CatalogUnavailable)
}

// A row and its parent's, of one source, are of one generation: what was read
// before the source moved on is read again, and then the parent that it names now.
func TestParentAndChildAreOfOneGeneration(t *testing.T) {
	for name, c := range map[string]struct {
		moves int // how many look-ups of parents the source moves on before
		want  string
	}{
		"the source stands":     {0, "tenant 0"},
		"it moves once":         {1, "tenant 1"},
		"it never stands still": {1000, ""},
	} {
		t.Run(name, func(t *testing.T) {
			version := func(n int) []Row { // each has another parent
				return []Row{in("a", fmt.Sprint("c", n)), customer(fmt.Sprint("c", n), fmt.Sprint("tenant ", n)), customer(fmt.Sprint("c", n-1), "never")}
			}
			src := &spy{Memory: NewMemory(version(0)...)}
			moved := 0
			src.before = func(_ context.Context, keys []Key) error {
				parents := slices.ContainsFunc(keys, func(k Key) bool { return k.Type == "customer" })
				if parents && moved < c.moves {
					moved++
					src.Set(version(moved)...)
				}
				return nil
			}
			h := openHouse(t, src, nil, nil)
			targets := h.targets("a")
			_, err := h.view.Fill(t.Context(), targets, both)
			if c.want == "" {
				wantFault(t, err, rules.CatalogUnavailable)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tenantAbove(&targets[0].Object); got != c.want {
				t.Errorf("the parent's tenant is %q, want %q", got, c.want)
			}
		})
	}
}

// A row that decides on objects below it is as fresh as theirs must be.
func TestParentsAgeLikeTheirChildren(t *testing.T) {
	ttl := func(o *Options) {
		o.TTL = map[string]time.Duration{"internal": time.Minute, "confidential": 20 * time.Second, "restricted": 2 * time.Second}
	}
	h := openHouse(t, NewMemory(), NewMemory(), ttl)
	h.typ.MaxRowTier = 2
	for _, c := range []struct {
		name       string
		children   []*rules.Type
		classified rules.Tier
		want       time.Duration
	}{
		{"nobody reads them", nil, rules.NoTier, time.Minute},
		{"confidential accounts do", []*rules.Type{h.typ}, rules.NoTier, 20 * time.Second},
		{"and are classified as restricted", []*rules.Type{h.typ}, 3, 2 * time.Second},
	} {
		h.customer.Children, h.typ.Classified = c.children, c.classified
		if got := h.Bind(bank(h.typ, h.customer)).Bound(h.customer); got != c.want {
			t.Errorf("%s: bound %v, want %v", c.name, got, c.want)
		}
	}
}

func TestObjectsComeWithTheirParents(t *testing.T) {
	rows := []Row{in("a", "c1"), in("b", "c9"), in("c", "bad"), in("d", "")}
	for i := range 2 * listed {
		rows = append(rows, in(fmt.Sprint("x", i), "c1"))
	}
	customers := &spy{Memory: NewMemory(customer("c1", "eu"), Row{Key: Key{"customer", "bad"}, Bad: "twice"})}
	h := openHouse(t, NewMemory(rows...), customers, nil)
	n, faults := map[string]int{}, 0
	for o, err := range h.view.Objects(t.Context(), h.typ) {
		if err != nil {
			wantFault(t, err, rules.CatalogBadRow)
			faults++
			continue
		}
		n[tenantAbove(o)]++
	}
	want := map[string]int{"eu": 2*listed + 1, "nothing: 2": 1, "nothing: 0": 1}
	if diff := cmp.Diff(want, n); diff != "" || faults != 1 || customers.calls.Load() != 3 {
		t.Errorf("%d faults, %d look-ups, objects by their parents' tenant (-want +got):\n%s", faults, customers.calls.Load(), diff)
	}
	customers.before = fails(errors.New("down"))
	for _, err := range h.view.Objects(t.Context(), h.typ) {
		wantFault(t, err, rules.CatalogUnavailable)
	}
}

func TestWarmParentsDoNotAllocate(t *testing.T) {
	h := openHouse(t, NewMemory(in("a", "c1"), in("b", "c1")), NewMemory(customer("c1", "eu")), nil)
	targets := h.targets("a", "b")
	if _, err := h.view.Fill(t.Context(), targets, both); err != nil {
		t.Fatal(err)
	}
	n := testing.AllocsPerRun(1000, func() {
		if stats, err := h.view.Fill(t.Context(), targets, both); err != nil || stats.Misses > 0 || stats.Hits != 4 {
			t.Fatal(stats, err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
