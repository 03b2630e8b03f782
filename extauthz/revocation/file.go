package revocation

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// FileOptions are what a File is opened with.
type FileOptions struct {
	Path    string
	Issuers func(name string) bool // says whether the configuration has an issuer of this name
	// StateDir remembers what names meant, "" for nowhere; only who Serves writes there.
	StateDir string
	Serves   bool
	Log      *slog.Logger
	Now      func() time.Time // nil is time.Now
}

// File holds the entries of a file that people write, and reads it again when it
// changes. A file that cannot be read or has a mistake leaves its last good
// entries in force.
type File struct {
	o        FileOptions
	entries  atomic.Pointer[[]Entry]
	written  atomic.Pointer[[]entryText]
	taking   sync.Mutex // entries and written change together
	failures atomic.Uint64
	seen     [sha256.Size]byte // what was read last, good or bad
	meant    map[string]string // what names meant, by the key of the entry; the List's alone
}

const (
	maxFile   = 8 << 20
	filePoll  = 250 * time.Millisecond
	fileCalms = 100 * time.Millisecond // a writer may be at it: half of a file can be a valid one with fewer entries
)

// OpenFile reads the file for the first time. The error is rules.Mistakes where
// it is about what the file says.
func OpenFile(o FileOptions) (*File, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	f := &File{o: o}
	var err error
	if f.meant, err = readMeant(o.StateDir); err != nil && (o.Serves || !errors.Is(err, fs.ErrPermission)) {
		return nil, fmt.Errorf("revocations: %w", err)
	}
	text, err := regular.ReadFile(o.Path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("revocations: %w", err)
	}
	f.seen = sha256.Sum256(text)
	return f, f.take(text)
}

// take puts in force what the file says, whole or not at all.
func (f *File) take(text []byte) error {
	entries, written, err := f.parse(text)
	if err != nil {
		return err
	}
	f.taking.Lock()
	f.entries.Store(&entries)
	f.written.Store(&written)
	f.taking.Unlock()
	if over := f.Over(f.o.Now()); len(over) > 0 {
		f.o.Log.Warn("revocation file has entries that are over", slog.String("file", f.o.Path), slog.Int("entries", len(over)), slog.String("first", over[0].Pos.String()))
	}
	return nil
}

// Over returns a warning for each entry whose end has come, so that it stops nobody.
func (f *File) Over(now time.Time) rules.Mistakes {
	var ms rules.Mistakes
	for _, x := range *f.written.Load() {
		if e := (Entry{Until: x.Until.V}); e.ended(now) {
			ms.Add(x.Until.Pos, "until %s is over: the entry stops nobody", x.Until.V.Format(time.RFC3339))
		}
	}
	return ms
}

// Entries returns those in force.
func (f *File) Entries() []Entry { return *f.entries.Load() }

// Failures counts the changes of the file that could not be taken over.
func (f *File) Failures() uint64 { return f.failures.Load() }

// run reads the file again whenever it changes, until ctx ends.
func (f *File) run(ctx context.Context, changed func()) error {
	tick := time.NewTicker(filePoll)
	defer tick.Stop()
	var last fs.FileInfo
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		info, err := os.Stat(f.o.Path)
		if err == nil && last != nil && sameFile(last, info, f.o.Now()) {
			continue
		}
		if f.reload(ctx) {
			changed()
			f.o.Log.Info("revocation file loaded", slog.String("file", f.o.Path), slog.Int("entries", len(f.Entries())))
		}
		last = info
	}
}

// sameFile says whether a file surely holds what it held: file systems count
// time in steps, so that a young date proves nothing.
func sameFile(a, b fs.FileInfo, now time.Time) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && now.Sub(b.ModTime()) > 2*time.Second
}

// reload takes over what the file says once it has stayed the same for a moment.
// The same fault at each look is told once.
func (f *File) reload(ctx context.Context) bool {
	text, err := regular.ReadFile(f.o.Path, maxFile)
	seen := fingerprint(text, err)
	if seen == f.seen {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(fileCalms):
	}
	text, err = regular.ReadFile(f.o.Path, maxFile)
	if fingerprint(text, err) != seen {
		return false // the next look finds it
	}
	f.seen = seen
	if err == nil {
		err = f.take(text)
	}
	if err != nil {
		f.failures.Add(1)
		f.o.Log.Error("revocation file not loaded, its last good entries stay in force", slog.String("file", f.o.Path), slog.String("error", err.Error()))
		return false
	}
	return true
}

func fingerprint(text []byte, err error) [sha256.Size]byte {
	if err != nil {
		return sha256.Sum256([]byte("error: " + err.Error()))
	}
	return sha256.Sum256(text)
}

// The file as written; docs/identity.md shows one.
type fileText struct {
	Revocations *[]entryText `yaml:"revocations"`
}

type entryText struct {
	Pos     rules.Pos
	ID      rules.At[string]    `yaml:"id"`
	By      byText              `yaml:"by"`
	Because rules.At[string]    `yaml:"because"`
	Who     rules.At[string]    `yaml:"who"`
	At      rules.At[time.Time] `yaml:"at"`
	Until   rules.At[time.Time] `yaml:"until"`

	next *rules.Pos // of the entry behind it
}

type byText struct {
	Pos          rules.Pos
	Issuer       rules.At[string]    `yaml:"issuer"`
	Token        rules.At[string]    `yaml:"token_id"`
	Session      rules.At[string]    `yaml:"session"`
	Subject      rules.At[string]    `yaml:"subject"`
	Client       rules.At[string]    `yaml:"client"`
	Key          rules.At[string]    `yaml:"key"`
	All          rules.At[bool]      `yaml:"all"`
	Identity     rules.At[string]    `yaml:"identity"`
	IssuedBefore rules.At[time.Time] `yaml:"issued_before"`
}

func (f *File) parse(text []byte) ([]Entry, []entryText, error) {
	var file fileText
	ms := rules.DecodeYAML(f.o.Path, text, &file)
	if file.Revocations == nil {
		if len(ms) == 0 {
			ms.AddHint(rules.Pos{File: f.o.Path, Line: 1, Col: 1}, "revocations: [] where there are none", "no revocations")
		}
		return nil, nil, ms.Err()
	}
	modified := f.o.Now()
	if info, err := os.Stat(f.o.Path); err == nil {
		modified = info.ModTime()
	}
	first := map[string]rules.Pos{}
	entries := make([]Entry, 0, len(*file.Revocations))
	for i := range *file.Revocations {
		x := &(*file.Revocations)[i]
		if i+1 < len(*file.Revocations) {
			x.next = &(*file.Revocations)[i+1].Pos
		}
		e := x.entry(modified)
		if at, twice := first[e.ID]; twice {
			ms.Add(x.ID.Pos, "entry %q is already defined at %v", e.ID, at)
		}
		first[e.ID] = x.Pos
		x.written(&ms)
		err := e.check()
		if err == nil {
			err = e.legible()
		}
		if err != nil && !x.broken(ms) {
			ms.Add(x.Pos, "%v", err)
		} else if b := x.By.Issuer; err == nil && b.V != "" && f.o.Issuers != nil && !f.o.Issuers(b.V) {
			ms.AddHint(b.Pos, "its name in the configuration, not its URL", "no issuer %q", b.V)
		}
		entries = append(entries, e)
	}
	if len(entries) > maxEntries {
		ms.Add(rules.Pos{File: f.o.Path, Line: 1, Col: 1}, "%d entries, the limit is %d", len(entries), maxEntries)
	}
	return entries, *file.Revocations, ms.Err()
}

// written refuses a key that is there and says nothing, which would make an
// entry of another form than the one that was meant.
func (x *entryText) written(ms *rules.Mistakes) {
	for _, v := range []rules.At[string]{x.ID, x.Because, x.Who, x.By.Issuer, x.By.Token, x.By.Session, x.By.Subject, x.By.Client, x.By.Key, x.By.Identity} {
		if v.Pos != (rules.Pos{}) && v.V == "" {
			ms.Add(v.Pos, "a value without anything in it")
		}
	}
	for _, v := range []rules.At[time.Time]{x.At, x.Until, x.By.IssuedBefore} {
		if v.Pos != (rules.Pos{}) && v.V.IsZero() {
			ms.Add(v.Pos, "a time in the year 1, which is none")
		}
	}
	if all := x.By.All; all.Pos != (rules.Pos{}) && !all.V {
		ms.Add(all.Pos, "all is true, or not there")
	}
}

// broken says whether a mistake is about this entry already: what was not read
// looks as if it were not there.
func (x *entryText) broken(ms rules.Mistakes) bool {
	return slices.ContainsFunc(ms, func(m rules.Mistake) bool {
		return !m.Pos.Less(x.Pos) && (x.next == nil || m.Pos.Less(*x.next))
	})
}

// entry is what was written, named by its place unless it has a name.
func (x *entryText) entry(modified time.Time) Entry {
	e := Entry{
		ID: x.ID.V, At: x.At.V, Who: x.Who.V, Because: x.Because.V, Until: x.Until.V,
		By: By{
			Issuer: x.By.Issuer.V, Token: x.By.Token.V, Session: x.By.Session.V, Subject: x.By.Subject.V, Client: x.By.Client.V,
			Key: x.By.Key.V, All: x.By.All.V, Identity: x.By.Identity.V, IssuedBefore: x.By.IssuedBefore.V,
		},
	}
	if e.ID == "" {
		e.ID = fmt.Sprintf("%s:%d:%d", filepath.Base(x.Pos.File), x.Pos.Line, x.Pos.Col)
	}
	if e.Who == "" {
		e.Who = filepath.Base(x.Pos.File)
	}
	if e.At.IsZero() {
		e.At = modified
	}
	return e
}
