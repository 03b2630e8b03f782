package revocation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// stored1 is a journal that holds entries.
func stored1(t testing.TB, entries ...Entry) *Journal {
	t.Helper()
	j := journal(t, t.TempDir())
	for i := range entries { // as one that was read: syncing each would take long
		if err := j.put(entries[i], 1); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

func journal(t testing.TB, dir string) *Journal {
	t.Helper()
	j, err := OpenJournal(JournalOptions{Dir: dir, Log: slog.New(slog.DiscardHandler), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func subject(name string) *rules.Caller {
	return &rules.Caller{Verified: &rules.Verified{Issuer: "corp", Subject: name, IssuedAt: noon}}
}

func (l *List) wants(t *testing.T, name, entry string) {
	t.Helper()
	if got, _ := l.Revoked(subject(name)); got != entry {
		t.Errorf("%s is revoked by %q, want %q", name, got, entry)
	}
}

// A listing says what is in force: who reads an entry there may count on it, and on
// the end of one that is gone.
func TestAListShowsNothingBeforeItIsInForce(t *testing.T) {
	f := open(t, revoked(t, `revocations: [ { id: f1, by: { issuer: corp, subject: eve }, because: test } ]`))
	l := New(nil, f, clock)
	if err := f.take([]byte(`revocations: [ { id: f2, by: { issuer: corp, subject: ada }, because: test } ]`)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"f1", "f2"} {
		entries, _ := l.Entries()
		if len(entries) != 1 || entries[0].ID != id {
			t.Fatalf("listed are %v, want %s", entries, id)
		}
		l.wants(t, map[string]string{"f1": "eve", "f2": "ada"}[id], id)
		l.wants(t, map[string]string{"f1": "ada", "f2": "eve"}[id], "")
		l.reload()
	}
}

func TestAListIsTheUnionOfStoreAndFile(t *testing.T) {
	file := revoked(t, `revocations: [ { id: f1, by: { issuer: corp, subject: eve }, because: test } ]`)
	l := New(stored1(t, made("s1", By{Issuer: "corp", Subject: "ada"})), open(t, file), clock)
	l.wants(t, "ada", "s1")
	l.wants(t, "eve", "f1")
	l.wants(t, "bob", "")
	if epoch, err := l.Add(t.Context(), made("s2", By{Issuer: "corp", Subject: "bob"})); err != nil || epoch != 1 {
		t.Fatalf("Add: %d, %v", epoch, err)
	}
	l.wants(t, "ada", "s1")
	l.wants(t, "eve", "f1")
	l.wants(t, "bob", "s2")
	if entries, epoch := l.Entries(); len(entries) != 3 || epoch != 1 || entries[0].ID != "f1" {
		t.Errorf("entries %v at epoch %d, want 3 at 1, those of the file first", entries, epoch)
	}
	if _, err := l.Restore(t.Context(), Undo{ID: "f1", Who: "test", Because: "test"}); !errors.Is(err, errInFile) {
		t.Errorf("Restore of the file's: %v", err)
	}
	if epoch, err := l.Restore(t.Context(), Undo{ID: "s1", Who: "test", Because: "test"}); err != nil || epoch != 2 {
		t.Fatalf("Restore: %d, %v", epoch, err)
	}
	l.wants(t, "ada", "")
	l.wants(t, "bob", "s2")
	l.wants(t, "eve", "f1")
	if s := l.Stats(); s.Entries[BySubject] != 2 || s.Epoch != 2 || !s.Changed.Equal(noon) || len(s.Entries) != len(Forms()) {
		t.Errorf("stats %+v", s)
	}
}

// Entries that are added go through a layer of their own and out of it again.
func TestAddedEntriesStayInForceAsTheirLayersAreFolded(t *testing.T) {
	store := &memory{}
	l := New(store, nil, clock)
	for i := range 2*maxRecent + 10 {
		if _, err := l.Add(t.Context(), made(fmt.Sprint(i), By{Issuer: "corp", Subject: fmt.Sprint(i)})); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2*maxRecent + 10 {
		l.wants(t, fmt.Sprint(i), fmt.Sprint(i))
	}
	if got := l.Stats().Entries[BySubject]; got != 2*maxRecent+10 {
		t.Errorf("%d entries are counted", got)
	}
}

// memory is a Store that keeps nothing and can be told to fail.
type memory struct {
	mu      sync.Mutex
	entries []Entry
	epoch   uint64
	fails   error
	changed func()
}

func (m *memory) Entries() ([]Entry, uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Entry(nil), m.entries...), m.epoch
}

func (m *memory) Add(_ context.Context, e Entry) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil {
		return 0, m.fails
	}
	m.entries = append(m.entries, e)
	m.epoch++
	return m.epoch, nil
}

func (m *memory) Restore(context.Context, Undo) (uint64, error) { return 0, m.fails }

func (m *memory) Run(ctx context.Context, changed func()) error {
	m.changed = changed
	<-ctx.Done()
	return m.fails
}

func (m *memory) Close() error { return nil }

// A write that cannot be made durable is an error, and shows nowhere.
func TestAChangeThatIsNotDurableIsAnError(t *testing.T) {
	full := errors.New("disk full")
	store := &memory{entries: []Entry{made("s1", By{Issuer: "corp", Subject: "ada"})}, fails: full}
	l := New(store, nil, clock)
	if _, err := l.Add(t.Context(), made("s2", By{Issuer: "corp", Subject: "bob"})); !errors.Is(err, full) {
		t.Errorf("Add: %v, want %v", err, full)
	}
	if _, err := l.Restore(t.Context(), Undo{ID: "s1", Who: "test", Because: "test"}); !errors.Is(err, full) {
		t.Errorf("Restore: %v, want %v", err, full)
	}
	l.wants(t, "bob", "")
	l.wants(t, "ada", "s1")
}

func TestAListWithoutAStoreTakesNoChanges(t *testing.T) {
	l := New(nil, nil, nil)
	if _, err := l.Add(t.Context(), made("a", By{Issuer: "corp", All: true})); !errors.Is(err, errNoStore) {
		t.Errorf("Add: %v", err)
	}
	if _, err := l.Restore(t.Context(), Undo{ID: "a"}); !errors.Is(err, errNoStore) {
		t.Errorf("Restore: %v", err)
	}
	l.wants(t, "ada", "")
}

// What another replica puts into a shared store arrives here.
func TestAListFollowsItsStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		l := New(store, nil, clock)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		synctest.Wait()
		store.entries = []Entry{made("other", By{Issuer: "corp", Subject: "ada"})}
		l.wants(t, "ada", "")
		store.changed()
		l.wants(t, "ada", "other")
		store.fails = errors.New("connection lost")
		stop()
		if err := <-done; err == nil {
			t.Error("a store that failed ended quietly")
		}
	})
}

// I8: every look-up sees the entries before a change or after it, none of a
// mixture, and an entry that is never touched is always in force.
func TestLookUpsWhileEntriesChange(t *testing.T) {
	l := New(&memory{}, nil, clock)
	if _, err := l.Add(t.Context(), made("always", By{Issuer: "corp", Subject: "ada"})); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if entry, _ := l.Revoked(subject("ada")); entry != "always" {
					t.Errorf("ada is revoked by %q", entry)
					return
				}
			}
		})
	}
	for i := range 700 { // past one fold
		id := fmt.Sprint(i)
		if _, err := l.Add(t.Context(), made(id, By{Issuer: "corp", Subject: id})); err != nil {
			t.Error(err)
		}
		l.wants(t, id, id)
	}
	close(done)
	all.Wait()
}

func revoked(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "revoked.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := OpenFile(FileOptions{Path: path, Issuers: corpOnly, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func corpOnly(name string) bool { return name == "corp" }

// The file is watched, its bad versions are counted and change nothing.
func TestAFileIsReadAgain(t *testing.T) {
	path := revoked(t, "revocations: []\n")
	f := open(t, path)
	l := New(nil, f, time.Now)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	replace := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	until := func(what string, holds func() bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("not seen in a minute: %s", what)
			}
		}
	}
	stops := func(name string) func() bool {
		return func() bool { _, ok := l.Revoked(subject(name)); return ok }
	}
	l.wants(t, "ada", "")
	replace("revocations:\n  - { by: { issuer: corp, subject: ada }, because: test }\n")
	until("the new entry", stops("ada"))
	l.wants(t, "ada", "revoked.yaml:2:5")
	for i, bad := range []string{"", "revocations:\n", "revocations: {}\n", "revocations:\n  - { by: { issuer: corp, subjet: ada }, because: test }\n",
		// M3: of an issuer that was renamed
		"revocations:\n  - { by: { issuer: corporate, subject: ada }, because: test }\n",
	} {
		replace(bad)
		until("the failure", func() bool { return f.Failures() == uint64(i)+1 })
		l.wants(t, "ada", "revoked.yaml:2:5")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	until("the failure", func() bool { return f.Failures() == 6 })
	l.wants(t, "ada", "revoked.yaml:2:5")
	replace("revocations: []\n")
	until("the end of the entry", func() bool { return !stops("ada")() })
}
