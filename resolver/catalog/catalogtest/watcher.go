package catalogtest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// Watchable is a source that is a catalog.Watcher, too, with a test's hands on what it
// reads from. What the functions did is done, and can be read, when they return.
type Watchable struct {
	catalog.Source
	Put    func(t *testing.T, row catalog.Row) // takes the place of the row of its key, if there is one
	Remove func(t *testing.T, key catalog.Key)
	Cut    func(t *testing.T) // breaks the channel that tells, so that changes may pass unseen
}

// RunWatcher checks everything that catalog.Watcher demands.
func RunWatcher(t *testing.T, open func(t *testing.T, rows ...catalog.Row) Watchable) {
	for name, check := range map[string]func(*testing.T, *listener){
		"every change is told":         everyChangeIsTold,
		"others are not told":          othersAreNotTold,
		"C5 no change passes in a cut": noChangePassesInACut,
		"ends with its context":        endsWithItsContext,
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, named("a", "b")...)
			watcher, ok := w.Source.(catalog.Watcher)
			if !ok {
				t.Fatalf("a %T does not watch", w.Source)
			}
			check(t, listen(t, w, watcher))
		})
	}
}

// listener hears what a watcher tells, and keeps rows as whoever caches them would:
// until it is told that they are others.
type listener struct {
	Watchable
	end func() // ends the watch, and waits until it has

	mu    sync.Mutex
	rows  map[catalog.Key]catalog.Row
	told  []catalog.Key
	hears bool
	lost  int
	drops int // times that rows were dropped
}

// listen starts to watch, and waits until every change is told.
func listen(t *testing.T, w Watchable, watcher catalog.Watcher) *listener {
	t.Helper()
	l := &listener{Watchable: w, rows: make(map[catalog.Key]catalog.Row)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			if err := watcher.Watch(ctx, l); ctx.Err() == nil {
				l.Lost(err) // it could not go on: begun anew
			}
		}
	})
	l.end = func() { cancel(); running.Wait() }
	t.Cleanup(l.end)
	l.until(t, "every change is told", func() bool { return l.hears })
	return l
}

// Changed implements catalog.Changes.
func (l *listener) Changed(keys []catalog.Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, slices.Clone(keys)...)
	l.drops++
	for _, k := range keys {
		delete(l.rows, k)
	}
}

// Lost implements catalog.Changes.
func (l *listener) Lost(error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hears = false
	l.lost++
	l.drops++
	clear(l.rows)
}

// Watched implements catalog.Changes.
func (l *listener) Watched() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hears = true
	l.drops++
	clear(l.rows)
}

// Heard implements catalog.Changes.
func (l *listener) Heard(time.Time) {}

// get is the row that is kept, or that is read now, and then kept unless rows were
// dropped meanwhile.
func (l *listener) get(t *testing.T, id string) catalog.Row {
	t.Helper()
	key := Keys(id)[0]
	l.mu.Lock()
	kept, ok := l.rows[key]
	drops := l.drops
	l.mu.Unlock()
	if ok {
		return kept
	}
	row := lookup(t, l.Source, Keys(id))[0]
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hears && l.drops == drops {
		l.rows[key] = row
	}
	return row
}

// until waits for what becomes true, which is asked under the lock.
func (l *listener) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	asked := func() bool { l.mu.Lock(); defer l.mu.Unlock(); return ok() }
	for deadline := time.Now().Add(30 * time.Second); !asked(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never comes to this: %s", what)
		}
	}
}

// follows waits until a row says so, "" for one that is not there.
func (l *listener) follows(t *testing.T, id, name string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		row := l.get(t, id)
		if row.Found == (name != "") && (!row.Found || text(row, "name") == name) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: the row that is kept says %q, want %q", id, text(row, "name"), name)
		}
	}
}

func everyChangeIsTold(t *testing.T, l *listener) {
	for _, step := range []struct {
		name, id, want string
		do             func()
	}{
		{"a row changes", "a", "new", func() { l.Put(t, row("a", map[string]any{"name": "new"})) }},
		{"a row comes", "c", "row c", func() { l.Put(t, named("c")[0]) }},
		{"a row goes", "b", "", func() { l.Remove(t, Keys("b")[0]) }},
		{"it comes again", "b", "again", func() { l.Put(t, row("b", map[string]any{"name": "again"})) }},
	} {
		t.Run(step.name, func(t *testing.T) {
			l.get(t, step.id) // kept from now on
			l.mu.Lock()
			l.told = nil
			lost := l.lost
			l.mu.Unlock()
			step.do()
			l.until(t, "the change is told", func() bool { return slices.Contains(l.told, Keys(step.id)[0]) || l.lost > lost && l.hears })
			if r := l.get(t, step.id); r.Found != (step.want != "") || r.Found && text(r, "name") != step.want {
				t.Errorf("once told, %s is %+v, want %q", step.id, r, step.want)
			}
		})
	}
}

func othersAreNotTold(t *testing.T, l *listener) {
	for range 10 {
		l.Put(t, row("a", map[string]any{"name": "new"}))
		l.Put(t, named("a")[0])
	}
	l.until(t, "a change is told", func() bool { return len(l.told) > 0 || l.lost > 0 })
	l.Put(t, named("last")[0])
	l.until(t, "the last change is told", func() bool { return slices.Contains(l.told, Keys("last")[0]) || l.lost > 0 && l.hears })
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.told, Keys("b")[0]) {
		t.Error("b never changed, and was told")
	}
}

func noChangePassesInACut(t *testing.T, l *listener) {
	for _, want := range []string{"first", "second", "third"} {
		l.get(t, "a")
		l.get(t, "b")
		l.mu.Lock()
		lost := l.lost
		l.mu.Unlock()
		l.Cut(t)
		l.Put(t, row("a", map[string]any{"name": want}))
		l.Put(t, row("b", map[string]any{"name": want}))
		l.until(t, "the cut is told, and its end", func() bool { return l.lost > lost && l.hears })
		l.follows(t, "a", want)
		l.follows(t, "b", want)
		l.Put(t, row("a", map[string]any{"name": "after"})) // the new channel tells
		l.follows(t, "a", "after")
	}
}

func endsWithItsContext(t *testing.T, l *listener) {
	l.end()
	l.mu.Lock()
	told, lost := len(l.told), l.lost
	l.mu.Unlock()
	l.Put(t, row("a", map[string]any{"name": "new"}))
	if r := lookup(t, l.Source, Keys("a"))[0]; text(r, "name") != "new" {
		t.Errorf("after the watch the row reads %q", text(r, "name"))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.told) != told || l.lost != lost {
		t.Error("something is told after Watch returned")
	}
}
