package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// FileOptions describe a file source. Only Path has no default.
type FileOptions struct {
	Path    string           // ends in .csv, .jsonl or .yaml
	MaxAge  time.Duration    // counted from the file's modification time; 0 is no limit
	MaxSize int64            // bytes; 512 MiB by default, 8 MiB for YAML
	Poll    time.Duration    // 1 s by default
	Now     func() time.Time // time.Now by default

	Name     string // of the catalog, by which StateDir knows it
	StateDir string // remembers over restarts what was in force, and has what was accepted; "" for neither
	Serves   bool   // this process says what is in force; others only read that

	Log    *slog.Logger    // silent by default
	Guard  Guard           // against versions that take too much
	Loaded func(err error) // told of each load of a changed file: nil, or why the last good one stays
}

// File is a source that holds a file in memory and reads it again when it
// changes. A file that cannot be used, or that lost a column which is read, leaves
// the rows as they were.
type File struct {
	options FileOptions
	format  func(file string, text []byte) (*table, rules.Mistakes)
	table   atomic.Pointer[table] // nil until a load succeeded
	kept    atomic.Pointer[kept]  // nil until somebody reads the rows

	mu   sync.Mutex
	seen seen
	had  held // the columns that a new version must not lose
	gate *Gate
	err  error // of the last load
}

// seen is what the last load read, to tell whether the file changed.
type seen struct {
	info     fs.FileInfo // nil when the file could not be read
	at       time.Time   // when it was read
	modified time.Time   // its date
	asOf     time.Time   // how old it is at least: never after at, whatever its date
	content  [sha256.Size]byte
	fault    error // of the content, for those who read it then
	kept     *kept
}

// sum is the SHA-256 of the content, in hex.
func (s *seen) sum() string { return hex.EncodeToString(s.content[:]) }

const (
	defaultMaxSize = 512 << 20
	maxYAML        = 8 << 20 // a YAML tree needs about fifty times its text
	defaultPoll    = time.Second
)

// OpenFile makes a file source and loads the file once. The error is about the
// options only: when the file itself cannot be used, Err says why, look-ups are
// ErrUnavailable, and Run keeps trying.
func OpenFile(o FileOptions) (*File, error) {
	f := &File{options: o}
	limit := int64(defaultMaxSize)
	switch ext := filepath.Ext(f.options.Path); ext {
	case ".csv":
		f.format = readCSV
	case ".jsonl":
		f.format = readJSONL
	case ".yaml", ".yml":
		f.format, limit = readYAML, maxYAML
	default:
		return nil, fmt.Errorf("catalog: file %q ends in %q, want .csv, .jsonl or .yaml", f.options.Path, ext)
	}
	if f.options.MaxAge < 0 || f.options.MaxSize < 0 || f.options.Poll < 0 {
		return nil, fmt.Errorf("catalog: file %q: MaxAge %v, MaxSize %d and Poll %v must not be below 0",
			f.options.Path, f.options.MaxAge, f.options.MaxSize, f.options.Poll)
	}
	if f.options.StateDir != "" && f.options.Name == "" {
		return nil, fmt.Errorf("catalog: file %q: a StateDir, and no Name to be known by there", f.options.Path)
	}
	f.options.MaxSize = orDefault(f.options.MaxSize, limit)
	f.options.Poll = orDefault(f.options.Poll, defaultPoll)
	if f.options.Now == nil {
		f.options.Now = time.Now
	}
	if f.options.Log == nil {
		f.options.Log = slog.New(slog.DiscardHandler)
	}
	f.gate = NewGate(GateOptions{
		Path: f.options.Path, Guard: f.options.Guard, Name: f.options.Name, StateDir: f.options.StateDir, Serves: f.options.Serves,
		Now: f.options.Now, Log: f.options.Log, Loaded: f.options.Loaded,
	})
	f.reload()
	return f, nil
}

// Err returns why the file as it is now cannot be used, or nil when its rows are
// those that are served. It holds a place in the file where there is one.
func (f *File) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// Version implements Versioned.
func (f *File) Version() (generation uint64, freshUntil time.Time) {
	t := f.table.Load()
	if t == nil {
		return 0, time.Time{}
	}
	if f.options.MaxAge > 0 {
		freshUntil = t.asOf.Add(f.options.MaxAge)
	}
	return t.generation, freshUntil
}

// Age is the time since the served file was written, and false before a load.
func (f *File) Age() (time.Duration, bool) {
	t := f.table.Load()
	if t == nil {
		return 0, false
	}
	return f.options.Now().Sub(t.asOf), true
}

// Len is the number of rows that are served.
func (f *File) Len() int {
	t := f.table.Load()
	if t == nil {
		return 0
	}
	return len(t.records)
}

// Lookup implements Source.
func (f *File) Lookup(ctx context.Context, keys []Key) ([]Row, error) {
	t := f.table.Load()
	if t == nil {
		return nil, fmt.Errorf("%w: %q was not loaded yet", ErrUnavailable, f.options.Path)
	}
	if f.options.MaxAge > 0 && f.options.Now().After(t.asOf.Add(f.options.MaxAge)) {
		return nil, fmt.Errorf("%w: %q is older than %v", ErrStale, f.options.Path, f.options.MaxAge)
	}
	return t.lookup(ctx, keys)
}

// Rows implements Enumerator. It lists stale rows too.
func (f *File) Rows(ctx context.Context, typ string) iter.Seq2[Row, error] {
	t := f.table.Load()
	if t == nil {
		return func(yield func(Row, error) bool) {
			yield(Row{}, fmt.Errorf("%w: %q was not loaded yet", ErrUnavailable, f.options.Path))
		}
	}
	return t.rows(ctx, typ)
}

// reload reads the file if it changed since the last time. The same fault again,
// at each poll, is no news.
func (f *File) reload() {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.err
	news, err := f.load()
	f.err = err
	f.gate.Tell(before, news, err)
}

// load replaces the table; news says that the rows may be other ones.
func (f *File) load() (news bool, err error) {
	now, kept := f.options.Now(), f.kept.Load()
	judged := f.seen.fault == nil || f.seen.kept == kept && !f.gate.Accepted() // a fault may be gone with who read the column
	if info, err := os.Stat(f.options.Path); err == nil && judged && f.seen.same(info) {
		return false, f.seen.fault
	}
	text, info, err := readRegular(f.options.Path, f.options.MaxSize)
	if err != nil {
		f.seen.info = nil
		return false, err
	}
	content, last := sha256.Sum256(text), f.table.Load()
	again := content == f.seen.content
	modified := info.ModTime()
	asOf := earlier(modified, now) // a date in the future must not stretch max_age,
	if again && modified.Equal(f.seen.modified) {
		asOf = earlier(asOf, f.seen.asOf) // not even a little at each look
	}
	f.seen = seen{info: info, at: now, modified: modified, asOf: asOf, content: content, fault: f.seen.fault, kept: kept}
	if again && judged {
		if f.seen.fault == nil {
			touched := *last // written anew with the same rows: fresh again, and the cache stays warm
			touched.asOf = asOf
			f.table.Store(&touched)
		}
		return false, f.seen.fault
	}
	t, ms := f.format(f.options.Path, text)
	if len(ms) == 0 {
		if ms = t.held.slips(f.options.Path); len(ms) == 0 {
			ms = kept.slips(f.options.Path, t)
		}
		ms = append(ms, kept.lost(f.options.Path, f.had, t)...)
	}
	f.gate.Forget()
	if f.seen.fault = ms.Err(); f.seen.fault == nil && kept != nil { // else the first who reads the rows has them judged
		f.seen.fault = f.guard(t)
	}
	if f.seen.fault != nil {
		return true, f.seen.fault
	}
	f.had = kept.next(f.had, t)
	t.generation, t.asOf = 1, asOf
	if last != nil {
		t.generation = last.generation + 1
	}
	f.table.Store(t)
	if kept != nil {
		f.gate.InForce(f.seen.sum(), t.census())
	}
	f.options.Log.Info("catalog file loaded", slog.String("file", f.options.Path),
		slog.Int("rows", len(t.records)), slog.Uint64("generation", t.generation))
	return true, nil
}

// settled is how old a modification must be before an equal time stamp proves
// that nothing was written after it: file systems count in steps. A clock that
// is ahead of ours moves on as ours does, so that much after the first look will do.
const settled = 2 * time.Second

// same reports whether a file with this information holds what was read last.
func (s *seen) same(now fs.FileInfo) bool {
	return s.info != nil && os.SameFile(s.info, now) && s.info.Size() == now.Size() &&
		s.info.ModTime().Equal(now.ModTime()) && s.at.Sub(s.asOf) > settled
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// readRegular reads a regular file of at most limit bytes that nobody changed
// meanwhile.
func readRegular(path string, limit int64) ([]byte, fs.FileInfo, error) {
	file, err := regular.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	before, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	if before.Size() > limit {
		return nil, nil, fmt.Errorf("%s: %d bytes, at most %d are read", path, before.Size(), limit)
	}
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	after, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	if int64(len(text)) != before.Size() || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return nil, nil, fmt.Errorf("%s: changed while it was read", path)
	}
	return text, after, nil
}
