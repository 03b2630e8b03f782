package catalog

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// teller is a source without versions that learns of changes: a test makes it tell them.
type teller struct {
	unversioned
	*spy
	watches atomic.Int64
	watch   func(ctx context.Context, to Changes) error // nil: tells that it watches, until ctx ends
	to      atomic.Pointer[Changes]
}

func newTeller(rows ...Row) *teller {
	s := &spy{Memory: NewMemory(rows...)}
	return &teller{unversioned: unversioned{s}, spy: s}
}

func (w *teller) Lookup(ctx context.Context, keys []Key) ([]Row, error) {
	rows, err := w.spy.Lookup(ctx, keys)
	for i := range rows {
		rows[i].Generation = 0 // as of a database, whose rows are each of their own time
	}
	return rows, err
}

func (w *teller) Watch(ctx context.Context, to Changes) error {
	w.watches.Add(1)
	w.to.Store(&to)
	if w.watch != nil {
		return w.watch(ctx, to)
	}
	to.Watched()
	<-ctx.Done()
	return ctx.Err()
}

// Version hides that the memory source has one.
func (w *teller) Version() (uint64, time.Time) { return 0, time.Time{} }

// tells is a source that learns of changes and has no version.
type tells struct {
	Source
	Watcher
}

func (w *teller) source() Source { return tells{w, w} }

func (w *teller) changed(ids ...string) {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = Key{"account", id}
	}
	(*w.to.Load()).Changed(keys)
}

// listening runs the catalog's watches until the test ends, and waits for the first word.
func listening(t *testing.T, d *desk) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	synctest.Wait()
}

func TestChangedRowIsReadAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newTeller(tenant("a", "eu"), tenant("b", "eu"))
		d := open(t, src.source(), nil)
		listening(t, d)
		d.fill(t, "a", "b", "none")
		src.Set(tenant("a", "us"), tenant("b", "us"), tenant("none", "us"))
		src.changed("a", "none")
		if d.view.Ready(d.targets("a"), nil) {
			t.Error("Ready says that the cache answers with a row that changed")
		}
		for id, want := range map[string]string{"a": "us", "none": "us", "b": "eu"} { // b: nobody said so
			if got := d.tenantOf(t, id); got != want {
				t.Errorf("%s: %q, want %q", id, got, want)
			}
		}
		if h := d.Health("bank"); !h.Watches || !h.Watched || h.Changed != 2 || h.Lost != 0 {
			t.Errorf("%+v", h)
		}
	})
}

// Every declaration of a type forgets the row, and no other type does.
func TestChangedRowIsForgottenByEveryDeclaration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := account()
		card.Name = "card"
		src := newTeller(tenant("a", "eu"), Row{Key: Key{"card", "a"}, Columns: map[string]any{"tenant": "eu"}})
		d := open(t, src.source(), nil)
		listening(t, d)
		other := account()
		other.Attributes = other.Attributes[:1]
		views := []struct {
			view *View
			typ  *rules.Type
		}{{d.view, d.typ}, {d.Bind(bank(other, card)), other}}
		views = append(views, struct {
			view *View
			typ  *rules.Type
		}{views[1].view, card})
		read := func(i int) Stats {
			targets := []rules.Target{{Object: rules.Object{Type: views[i].typ, ID: "a"}}}
			stats, err := views[i].view.Fill(t.Context(), targets, nil)
			if err != nil {
				t.Fatal(err)
			}
			return stats
		}
		for i := range views {
			read(i)
		}
		src.changed("a")
		for i, want := range []int{0, 0, 1} {
			if got := read(i).Hits; got != want {
				t.Errorf("view %d: %d hits, want %d", i, got, want)
			}
		}
	})
}

// slowly lets a test hold an answer that was read, for look-ups of a number.
func slowly(src *spy, call int64) (release func()) {
	g := make(gate)
	src.after = func(rows []Row) []Row {
		if src.calls.Load() == call {
			<-g
		}
		return rows
	}
	return func() { close(g) }
}

func TestC5AnswerUnderWayWhenARowChangesIsNeitherServedNorKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newTeller(tenant("a", "eu"))
		release := slowly(src.spy, 1)
		d := open(t, src.source(), nil)
		listening(t, d)
		var waiting sync.WaitGroup
		ask := func() {
			waiting.Go(func() {
				if got := d.tenantOf(t, "a"); got != "us" {
					t.Errorf("tenant %q, want us", got)
				}
			})
			synctest.Wait()
		}
		ask() // its look-up is under way, and has read eu
		ask() // shares it
		src.Set(tenant("a", "us"))
		src.changed("a")
		ask() // does not share it, and is answered first
		if n := src.calls.Load(); n != 2 {
			t.Errorf("%d look-ups, want one more after the change", n)
		}
		release()
		waiting.Wait()
		if got := d.tenantOf(t, "a"); got != "us" || src.calls.Load() != 2 {
			t.Errorf("then %q after %d look-ups, want us from the cache", got, src.calls.Load())
		}
	})
}

func TestC5LostChannelFlushesBeforeItServesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newTeller(tenant("a", "eu"), tenant("b", "eu"))
		other := NewMemory(tenant("x", "eu"))
		d := open(t, src.source(), func(o *Options) { o.Sources["other"] = other })
		elsewhere := account()
		elsewhere.Name, elsewhere.Catalog = "elsewhere", "other"
		d.view = d.Bind(bank(d.typ, elsewhere))
		listening(t, d)
		d.fill(t, "a", "b")
		apart := []rules.Target{{Object: rules.Object{Type: elsewhere, ID: "x"}}}
		if _, err := d.view.Fill(t.Context(), apart, nil); err != nil {
			t.Fatal(err)
		}
		src.Set(tenant("a", "us"), tenant("b", "us")) // unseen: the connection is gone
		(*src.to.Load()).Lost(errors.New("connection reset"))
		targets, stats := d.fill(t, "a", "b")
		if got, _ := targets[1].Object.Attribute(0); got != "us" || stats.Hits != 0 {
			t.Errorf("after the loss: %v, %+v; want both rows read again", got, stats)
		}
		if stats, err := d.view.Fill(t.Context(), apart, nil); err != nil || stats.Hits != 1 {
			t.Errorf("%+v, %v: another source's rows went, too", stats, err)
		}
		if h := d.Health("bank"); h.Watched || h.Lost != 1 {
			t.Errorf("%+v, want it known that changes pass unseen", h)
		}
		src.Set(tenant("a", "jp"), tenant("b", "jp")) // still unseen
		(*src.to.Load()).Watched()
		if got := d.tenantOf(t, "a"); got != "jp" {
			t.Errorf("once changes are told again: %q, want jp", got)
		}
		if !d.Health("bank").Watched {
			t.Error("the health does not say that changes are told again")
		}
	})
}

func TestC5LossDuringALookupIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newTeller(tenant("a", "eu"))
		release := slowly(src.spy, 1)
		d := open(t, src.source(), nil)
		listening(t, d)
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if got := d.tenantOf(t, "a"); got != "us" {
				t.Errorf("tenant %q, want us", got)
			}
		})
		synctest.Wait()
		src.Set(tenant("a", "us"))
		(*src.to.Load()).Lost(errors.New("connection reset"))
		release()
		waiting.Wait()
	})
}

func TestRowThatKeepsChangingIsRefusedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newTeller(tenant("a", "eu"))
		d := open(t, src.source(), nil)
		listening(t, d)
		src.after = func(rows []Row) []Row {
			if src.calls.Load() <= maxReads {
				src.changed("a")
			}
			return rows
		}
		_, err := d.view.Fill(t.Context(), d.targets("a"), nil)
		wantFault(t, err, rules.CatalogUnavailable)
		if n := src.calls.Load(); n != maxReads {
			t.Errorf("%d look-ups, want %d", n, maxReads)
		}
		d.fill(t, "a") // twin: it rests
	})
}

func TestC5WatchThatEndsBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newTeller(tenant("a", "eu"))
		var begun []time.Duration
		start := time.Now()
		src.watch = func(ctx context.Context, to Changes) error {
			begun = append(begun, time.Since(start))
			switch src.watches.Load() {
			case 2:
				panic("a fault of the source")
			case 3:
				return nil
			case 7:
				to.Watched()
				return errors.New("connection reset")
			case 9:
				to.Watched()
				<-ctx.Done()
				return ctx.Err()
			}
			return errors.New("connection refused")
		}
		d := open(t, src.source(), nil)
		listening(t, d)
		time.Sleep(5 * time.Minute) // the bubble's clock
		synctest.Wait()
		seconds := []int{0, 1, 3, 7, 15, 31, 61, 62, 64} // doubled, at most 30 s, and from the start once it heard something
		if len(begun) != len(seconds) {
			t.Fatalf("begun at %v, want %v", begun, seconds)
		}
		for i, want := range seconds {
			if begun[i] != time.Duration(want)*time.Second {
				t.Errorf("begun at %v, want %v", begun, seconds)
				break
			}
		}
		if h := d.Health("bank"); !h.Watched || h.Lost != 1 {
			t.Errorf("%+v, want one loss: of the watch that had heard something", h)
		}
	})
}

func TestSourceThatTellsNothingHasNoCounts(t *testing.T) {
	d := open(t, NewMemory(), nil)
	if h := d.Health("bank"); h != (Health{}) {
		t.Errorf("%+v", h)
	}
	if h := d.Health("nowhere"); h != (Health{}) {
		t.Errorf("unknown: %+v", h)
	}
	if err := d.Run(t.Context()); err != nil { // returns: there is nothing to listen to
		t.Error(err)
	}
}

// While changes are told from many sides and rows are read, nobody ever gets a row of before a change that had
// returned when it began to read.
func TestC5NoRowOfBeforeAChangeIsServed(t *testing.T) {
	src := newTeller()
	rows := func(n int64) Row { return tenant("a", strconv.FormatInt(n, 10)) }
	src.Set(rows(0))
	d := open(t, src.source(), nil)
	to := Changes(d.sources["bank"].changes)
	var told atomic.Int64
	var all sync.WaitGroup
	all.Go(func() {
		for n := int64(1); n <= 2000; n++ {
			src.Set(rows(n))
			if n%100 == 0 {
				to.Lost(errors.New("cut"))
			} else {
				to.Changed([]Key{{"account", "a"}})
			}
			told.Store(n)
		}
	})
	for range 4 {
		all.Go(func() {
			for told.Load() < 2000 {
				least := told.Load()
				targets := d.targets("a")
				if _, err := d.view.Fill(t.Context(), targets, nil); err != nil {
					continue // it changes faster than it is read
				}
				v, _ := targets[0].Object.Attribute(0)
				text, _ := v.(string)
				if got, err := strconv.ParseInt(text, 10, 64); err != nil || got < least {
					t.Errorf("read %q after change %d was told", text, least)
					return
				}
			}
		})
	}
	all.Wait()
}
