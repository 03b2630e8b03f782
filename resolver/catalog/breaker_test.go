package catalog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

var errDown = errors.New("connection refused")

// faulty is a source of rows that a test turns on and off.
type faulty struct {
	*spy
	mu  sync.Mutex
	err error
}

func newFaulty(rows ...Row) *faulty {
	f := &faulty{spy: &spy{Memory: NewMemory(rows...)}}
	f.before = func(context.Context, []Key) error {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.err
	}
	return f
}

func (f *faulty) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (d *desk) refused(t *testing.T, id string) {
	t.Helper()
	_, err := d.view.Fill(t.Context(), d.targets(id), nil)
	wantFault(t, err, rules.CatalogUnavailable)
}

func down(err error) error { return fmt.Errorf("%w: %w", ErrUnavailable, err) }

func TestC1BreakerOpensAndProbesOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFaulty(tenant("a", "eu"))
		src.fail(down(errDown))
		d := open(t, unversioned{src}, func(o *Options) { o.Now = time.Now })
		for i := range mostBad {
			if d.Health("bank").Open {
				t.Fatalf("open after %d failures", i)
			}
			d.refused(t, "a")
		}
		for range 100 {
			d.refused(t, "a")
		}
		if n := src.calls.Load(); n != mostBad || !d.Health("bank").Open || d.Lookups("bank").Refused != 100 {
			t.Errorf("%d look-ups, %+v, %+v; want it left alone after %d", n, d.Health("bank"), d.Lookups("bank"), mostBad)
		}
		time.Sleep(cooldown)
		g := make(gate)
		src.before = func(ctx context.Context, _ []Key) error { _ = g.wait(ctx, nil); return down(errDown) }
		var probe sync.WaitGroup
		probe.Go(func() { d.refused(t, "a") })
		synctest.Wait()
		d.refused(t, "b") // at once, for the gate is shut
		close(g)
		probe.Wait()
		d.refused(t, "a") // the pause is counted anew
		if n := src.calls.Load(); n != mostBad+1 {
			t.Errorf("%d look-ups, want one probe", n)
		}
		time.Sleep(cooldown)
		src.before = nil
		d.fill(t, "a")
		d.fill(t, "b")
		if h := d.Health("bank"); h.Open || h.Opened != 1 {
			t.Errorf("%+v, want it closed by the probe", h)
		}
	})
}

func TestC1SourceThatFlapsServesAsSoonAsItAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFaulty(tenant("a", "eu"))
		d := open(t, unversioned{src}, func(o *Options) { o.TTL = map[string]time.Duration{"default": 0}; o.Now = time.Now })
		served, latest := 0, time.Duration(0)
		for range 10 { // two seconds down, two seconds up
			src.fail(down(errDown))
			for range 200 {
				if _, err := d.view.Fill(t.Context(), d.targets("a"), nil); err == nil {
					t.Fatal("a source that is down answered")
				}
				time.Sleep(10 * time.Millisecond)
			}
			src.fail(nil)
			up, first := time.Now(), true
			for range 200 {
				if _, err := d.view.Fill(t.Context(), d.targets("a"), nil); err == nil {
					if served++; first {
						first, latest = false, max(latest, time.Since(up))
					}
				}
				time.Sleep(10 * time.Millisecond)
			}
		}
		if latest > cooldown || served < 1000 {
			t.Errorf("served %d of 2000, the first %v after the source was up; want at most %v", served, latest, cooldown)
		}
		if n := src.calls.Load() - int64(served); n > 10*(mostBad+3) {
			t.Errorf("a source that was down was asked %d times in 20 s", n)
		}
	})
}

func TestC2SlowSourceIsLeftAloneAndNothingPilesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &spy{Memory: NewMemory(tenant("a", "eu"))}
		src.before = func(ctx context.Context, _ []Key) error {
			select {
			case <-time.After(1900 * time.Millisecond): // within the time limit
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		d := open(t, unversioned{src}, func(o *Options) { o.InFlight = 2; o.Now = time.Now })
		most := 0
		for i := range 1000 { // a hundred a second, each of which waits for 50 ms
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			began := time.Now()
			_, err := d.view.Fill(ctx, d.targets(fmt.Sprint(i)), nil)
			if took := time.Since(began); err == nil || took > 50*time.Millisecond {
				t.Fatalf("check %d: %v after %v", i, err, took)
			}
			cancel()
			most = max(most, d.Lookups("bank").Pending)
			time.Sleep(10 * time.Millisecond)
		}
		h, asked := d.Health("bank"), src.calls.Load()
		if !h.Open || asked > mostBad+2+20 || most > maxPending*2 {
			t.Errorf("%+v; asked %d times, %d look-ups pending at most", h, asked, most)
		}
	})
}

// What began before the breaker opened says nothing about the source now.
func TestLateAnswerDoesNotCloseTheBreaker(t *testing.T) {
	b := &breaker{name: "bank", log: discard, slow: time.Second}
	early, _ := b.admit(0)
	for range mostBad {
		p, err := b.admit(0)
		if err != nil {
			t.Fatal(err)
		}
		b.told(p, bad, 0, 0)
	}
	b.told(early, good, 0, 0)
	if open, _ := b.state(); !open || b.stands(early) {
		t.Error("an answer of before it opened closed it")
	}
	if p, err := b.admit(cooldown - 1); err == nil {
		t.Errorf("let %+v through before the pause was over", p)
	}
	probe, err := b.admit(cooldown)
	if err != nil || !probe.probe {
		t.Fatal(probe, err)
	}
	b.told(probe, unasked, 0, cooldown) // it found no slot
	if probe, err = b.admit(cooldown); err != nil {
		t.Fatal("a probe that asked nothing keeps others away")
	}
	b.told(probe, good, 2*time.Second, 3*time.Second)
	if open, _ := b.state(); !open {
		t.Error("a slow probe closed it")
	}
	probe, _ = b.admit(4 * time.Second)
	b.told(probe, good, time.Second, 5*time.Second)
	if open, opened := b.state(); open || opened != 1 {
		t.Error("a probe in time did not close it")
	}
}

func TestGoodAnswersBetweenKeepTheBreakerClosed(t *testing.T) {
	b := &breaker{name: "bank", log: discard, slow: time.Second}
	for i := range 10 * mostBad {
		p, err := b.admit(0)
		if err != nil {
			t.Fatal(err)
		}
		a := bad
		if i%mostBad == 0 {
			a = good
		}
		b.told(p, a, 0, 0)
	}
}

// A source that answers that its rows are too old is well, and its reason stays its own.
func TestStaleSourceDoesNotOpenTheBreaker(t *testing.T) {
	src := newFaulty()
	src.fail(fmt.Errorf("%w: replica is behind", ErrStale))
	d := open(t, unversioned{src}, nil)
	for range 3 * mostBad {
		_, err := d.view.Fill(t.Context(), d.targets("a"), nil)
		wantFault(t, err, rules.CatalogStale)
	}
}
