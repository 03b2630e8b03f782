package revocation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tiergate/tiergate/rules"
)

// List is everything that is revoked: the union of a store and a file, either of
// which may be missing. It never shows less than both.
type List struct {
	store Store // nil for none
	file  *File // nil for none
	now   func() time.Time

	current atomic.Pointer[[]*layer] // one or more; looked up one after another
	changes sync.Mutex               // one change at a time
	fixed   *layer                   // of the file
	inForce atomic.Pointer[[]Entry]  // of the file, those that the layers have
	base    *layer                   // of the store, but for
	recent  []Entry                  // those added since the base was made
	epoch   uint64                   // of the store
	stats   atomic.Pointer[Stats]

	names Names // that there are
	log   *slog.Logger
	vain  atomic.Pointer[[]Listed] // those that are mistaken, also when they have ended since
}

// Stats say what a List holds.
type Stats struct {
	Entries  map[Form]int // of store and file together
	Epoch    uint64       // of the store
	Changed  time.Time    // when entries last changed; zero when there never was one
	Failures uint64       // changes of the file that could not be taken over
	Vain     int          // entries that stop nobody, or go by a name that means another now

	Tampered uint64 // times that another hand was found at the store
	Lost     bool   // the store takes no changes, for its place is not ours
}

// tampered is what a Store may know besides.
type tampered interface {
	Tampered() (times uint64, lost bool)
}

// maxRecent bounds the layer that is made anew for every entry that is added, so
// that adding many does not cost the square of their number.
const maxRecent = 512

// New makes a list. Run keeps it true to its sources.
func New(store Store, file *File, now func() time.Time) *List {
	if now == nil {
		now = time.Now
	}
	l := &List{store: store, file: file, now: now}
	l.reload()
	var latest time.Time // a restart changes nothing
	entries, _ := l.Entries()
	for i := range entries {
		if entries[i].At.After(latest) {
			latest = entries[i].At
		}
	}
	l.stats.Load().Changed = latest
	return l
}

// Revoked says whether the caller, or whoever acts for it, is revoked, and by
// which entry. A credential of which nobody knows when it was issued is older
// than any moment.
func (l *List) Revoked(c *rules.Caller) (entry string, revoked bool) {
	layers := *l.current.Load()
	if len(layers) == 0 {
		return "", false
	}
	now := l.now()
	for _, layer := range layers {
		if entry, ok := layer.revoked(c, now); ok {
			return entry, true
		}
	}
	return "", false
}

// Entries returns all entries that are in force, those of the file first.
func (l *List) Entries() (entries []Entry, epoch uint64) {
	var all []Entry
	if written := l.inForce.Load(); written != nil { // the file may have others by now, which stop nobody yet
		all = append(all, *written...)
	}
	if l.store != nil {
		stored, at := l.store.Entries()
		all, epoch = append(all, stored...), at
	}
	now := l.now()
	for i := range all {
		if !all[i].ended(now) {
			entries = append(entries, all[i])
		}
	}
	return entries, epoch
}

var (
	errNoStore = errors.New("there is no store to change: revocations are in the file alone")
	errInFile  = errors.New("the entry is in the file: take it out there")
)

// Add puts an entry in force. When it returns without an error the entry is
// durable, and the next request is judged by it.
func (l *List) Add(ctx context.Context, e Entry) (epoch uint64, err error) {
	if l.store == nil {
		return 0, errNoStore
	}
	if err := e.check(); err != nil {
		return 0, err
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	if epoch, err = l.store.Add(ctx, e); err != nil {
		return 0, err
	}
	l.epoch = epoch
	if l.recent = append(l.recent, e); len(l.recent) > maxRecent {
		l.fold()
	}
	l.publish()
	if x := l.names.listed(&e); x.mistaken() { // the name went away since it was asked for
		vain := append(l.Vain(), x)
		l.vain.Store(&vain)
	}
	return epoch, nil
}

// Restore takes an entry of the store back.
func (l *List) Restore(ctx context.Context, u Undo) (epoch uint64, err error) {
	if l.store == nil {
		return 0, errNoStore
	}
	l.changes.Lock()
	defer l.changes.Unlock()
	epoch, err = l.store.Restore(ctx, u)
	if errors.Is(err, ErrNotFound) && l.inFile(u.ID) {
		return 0, errInFile
	}
	if err != nil {
		return 0, err
	}
	l.fold()
	l.publish()
	l.findVain()
	return epoch, nil
}

func (l *List) inFile(id string) bool {
	if l.file == nil {
		return false
	}
	for _, e := range l.file.Entries() {
		if e.ID == id {
			return true
		}
	}
	return false
}

// Run follows what other hands change, until ctx ends.
func (l *List) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if l.store != nil {
		g.Go(func() error { return l.guarded("store", func() error { return l.store.Run(ctx, l.reload) }) })
	}
	if l.file != nil {
		g.Go(func() error { return l.guarded("file", func() error { return l.file.run(ctx, l.reload) }) })
	}
	return g.Wait()
}

// guarded makes a panic in a goroutine of ours an error that stops the server.
func (l *List) guarded(name string, run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("revocations, %s: panic: %v", name, p)
		}
	}()
	return run()
}

// Stats returns what the list holds.
func (l *List) Stats() Stats {
	s := *l.stats.Load()
	if l.file != nil {
		s.Failures = l.file.Failures()
	}
	if t, ok := l.store.(tampered); ok {
		s.Tampered, s.Lost = t.Tampered()
	}
	s.Vain = len(l.Vain())
	return s
}

// reload takes over everything as the sources have it now.
func (l *List) reload() {
	l.changes.Lock()
	defer l.changes.Unlock()
	l.rebuild()
	l.compare()
}

// rebuild makes the layers of all that the sources have, under the names of now.
func (l *List) rebuild() {
	var written []Entry
	l.fixed = nil
	if l.file != nil {
		l.file.remember(l.names)
		written = l.file.Entries()
		l.fixed = newLayer(written, l.names)
	}
	l.fold()
	l.publish()
	l.inForce.Store(&written)
}

// fold makes one layer of all that the store has.
func (l *List) fold() {
	l.base, l.recent = nil, nil
	if l.store != nil {
		entries, epoch := l.store.Entries()
		l.base, l.epoch = newLayer(entries, l.names), epoch
	}
}

// publish puts the layers in force, all in one step.
func (l *List) publish() {
	var layers []*layer
	for _, layer := range []*layer{l.fixed, l.base} {
		if layer != nil && layer.count != [forms]int{} {
			layers = append(layers, layer)
		}
	}
	if len(l.recent) > 0 {
		layers = append(layers, newLayer(l.recent, l.names))
	}
	l.current.Store(&layers)
	l.count()
}

func (l *List) count() {
	s := &Stats{Entries: map[Form]int{}, Changed: l.now(), Epoch: l.epoch}
	for _, form := range Forms() {
		s.Entries[form] = 0 // so that every form is shown
	}
	for _, layer := range *l.current.Load() {
		for form, n := range layer.count {
			if form > 0 {
				s.Entries[Form(form)] += n
			}
		}
	}
	l.stats.Store(s)
}
