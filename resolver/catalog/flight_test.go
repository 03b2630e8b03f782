package catalog

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// gate makes look-ups wait until it is opened, or until their context ends.
type gate chan struct{}

func (g gate) wait(ctx context.Context, _ []Key) error {
	select {
	case <-g:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestK3ConcurrentMissesAreOneLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := make(gate)
		src := &spy{Memory: NewMemory(tenant("a", "eu")), before: g.wait}
		d := open(t, src, nil)
		leader, cancel := context.WithCancel(t.Context())
		var followers, leading sync.WaitGroup
		leading.Go(func() {
			_, err := d.view.Fill(leader, d.targets("a"), nil)
			wantFault(t, err, rules.DeadlineExceeded)
		})
		synctest.Wait() // the leader's look-up is under way
		for range 10_000 {
			followers.Go(func() {
				targets := d.targets("a")
				if _, err := d.view.Fill(t.Context(), targets, nil); err != nil || targets[0].Object.State != rules.Stored {
					t.Errorf("a follower got %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		leading.Wait() // the leader gave up at once, the source still being asked
		close(g)
		followers.Wait()
		if n := src.calls.Load(); n != 1 {
			t.Errorf("%d look-ups, want 1", n)
		}
	})
}

func TestLookupOutlivesItsCheckToFillTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := make(gate)
		src := &spy{Memory: NewMemory(tenant("a", "eu")), before: g.wait}
		d := open(t, src, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := d.view.Fill(ctx, d.targets("a"), nil)
		wantFault(t, err, rules.DeadlineExceeded)
		if d.view.Ready(d.targets("a"), nil) {
			t.Error("Ready before the row was read")
		}
		if got, want := d.Lookups("bank"), (Lookups{Pending: 1}); got != want {
			t.Errorf("under way: %+v, want %+v", got, want)
		}
		close(g)
		synctest.Wait()
		if !d.view.Ready(d.targets("a"), nil) {
			t.Error("the row that was read meanwhile is not in the cache")
		}
		if _, err := d.view.Fill(ctx, d.targets("a"), nil); err != nil {
			t.Errorf("an answer from the cache needs no time, got %v", err)
		}
		_, err = d.view.Fill(ctx, d.targets("b"), nil)
		wantFault(t, err, rules.DeadlineExceeded)
		if n := src.calls.Load(); n != 1 {
			t.Errorf("%d look-ups: one was begun for a Check that had ended", n)
		}
		if got, want := d.Lookups("bank"), (Lookups{Answered: 1}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

func TestC2SlowSourceIsCutOffAndCachesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &spy{Memory: NewMemory(tenant("a", "eu")), before: make(gate).wait}
		d := open(t, src, func(o *Options) { o.Timeout = time.Second })
		began := time.Now()
		_, err := d.view.Fill(t.Context(), d.targets("a"), nil)
		wantFault(t, err, rules.DeadlineExceeded)
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
		if c := d.Counts(); c.Entries+c.Absent > 0 {
			t.Errorf("a look-up that was cut off left %+v", c)
		}
		if got, want := d.Lookups("bank"), (Lookups{Failed: 1}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if got := d.Lookups("nowhere"); got != (Lookups{}) {
			t.Errorf("an unknown source: %+v", got)
		}
	})
}

func TestC2LookupsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := make(gate)
		var mu sync.Mutex
		running, most := 0, 0
		src := &spy{Memory: NewMemory()}
		src.before = func(ctx context.Context, keys []Key) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			defer func() { mu.Lock(); running--; mu.Unlock() }()
			return g.wait(ctx, keys)
		}
		d := open(t, src, func(o *Options) { o.InFlight = 2 })
		var all sync.WaitGroup
		ask := func(id string, want rules.Reason) {
			_, err := d.view.Fill(t.Context(), d.targets(id), nil)
			if want == "" && err != nil || want != "" && rules.Denial(err).Reason != want {
				t.Errorf("%s: %v, want %q", id, err, want)
			}
		}
		for i := range 2 * maxPending {
			all.Go(func() { ask(fmt.Sprint(i), "") })
		}
		synctest.Wait()
		ask("one more", rules.CatalogUnavailable) // at once, for its clock does not move
		close(g)
		all.Wait()
		ask("one more", "")
		if most != 2 {
			t.Errorf("%d look-ups at a time, want 2", most)
		}
	})
}

func TestZeroTTLNeverSharesALookupThatBeganEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := make(gate)
		src := &spy{Memory: NewMemory(tenant("a", "eu"))}
		d := open(t, unversioned{src}, func(o *Options) { o.TTL = map[string]time.Duration{"default": 0} })
		src.after = func(rows []Row) []Row { // the first answer was read and is slow on its way
			if src.calls.Load() == 1 {
				<-g
			}
			return rows
		}
		var first sync.WaitGroup
		first.Go(func() { d.fill(t, "a") })
		synctest.Wait()
		src.Set(tenant("a", "us"))
		if got := d.tenantOf(t, "a"); got != "us" {
			t.Errorf("tenant %q, want us: the row changed before this Check began", got)
		}
		close(g)
		first.Wait()
	})
}

func TestAnswerUnderWayDuringAReloadIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := make(gate)
		src := &spy{Memory: NewMemory(tenant("a", "eu"))}
		src.after = func(rows []Row) []Row {
			if src.calls.Load() == 1 {
				<-g
			}
			return rows
		}
		d := open(t, src, nil)
		var both sync.WaitGroup
		both.Go(func() { d.fill(t, "a") })
		synctest.Wait()
		src.Set(tenant("a", "us"))
		both.Go(func() { // joins the look-up of generation 1 when 2 is there already
			if got := d.tenantOf(t, "a"); got != "us" {
				t.Errorf("tenant %q, want us", got)
			}
		})
		synctest.Wait()
		close(g)
		both.Wait()
		if got := d.tenantOf(t, "a"); got != "us" {
			t.Errorf("then the cache says %q, want us", got)
		}
	})
}
