package revocation

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules/regular"
)

// The files of a Journal in its directory.
const (
	journalName = "revocations.jsonl"
	markName    = "revocations.mark"
)

// Bounds of a Journal.
const (
	maxEntries = 100_000
	maxBytes   = 64 << 20 // of the lines of all entries
	// endedFor is how long an entry whose end has come is still kept: a clock
	// that was ahead must not have taken it away for good.
	endedFor   = 24 * time.Hour
	lookEvery  = 2 * time.Second // at whether the file is still ours
	fewChanges = 1000            // below that a journal is not written anew
)

// JournalOptions are what a Journal is opened with.
type JournalOptions struct {
	Dir string // exists, or is made
	// ReadOnly leaves the directory alone. Run follows what another process writes
	// there: so does a server that takes no changes.
	ReadOnly bool
	Log      *slog.Logger
	Now      func() time.Time // nil is time.Now
}

// Journal is the embedded Store: a file of JSON lines to which each change is
// appended and synced before it is acknowledged.
type Journal struct {
	o    JournalOptions
	path string

	writing sync.Mutex // one change at a time
	file    *os.File   // nil when read only or closed
	hold    *hold      // nil when read only or closed
	mark    *mark
	suspect bool      // the file may hold what it should not: write it anew before it is used
	wrote   time.Time // the file's date after our last write
	sync    func(*os.File) error

	tampered atomic.Uint64 // times that another hand was noticed
	lost     atomic.Bool   // the place is another process's, or gone

	mu sync.Mutex // for the content; never held while the disk is waited for
	content
}

var (
	errReadOnly = errors.New("the journal was opened to be read only")
	errHeld     = errors.New("another process writes the revocations of this state_dir")
)

// OpenJournal reads the journal of a directory. The error says why nobody may be
// answered without it: a damaged line, or a mark that says that the journal was
// longer once. Without the mark the journal is accepted as it is.
func OpenJournal(o JournalOptions) (*Journal, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	j := &Journal{o: o, path: filepath.Join(o.Dir, journalName), sync: (*os.File).Sync}
	var err error
	if o.ReadOnly {
		j.mark, err = readMark(filepath.Join(o.Dir, markName))
	} else {
		err = j.claim()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("revocations: %w", err), j.Close())
	}
	if err := j.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("revocations: %w", err), j.Close())
	}
	return j, nil
}

// claim makes the directory this process's.
func (j *Journal) claim() (err error) {
	if err = os.MkdirAll(j.o.Dir, 0o700); err != nil {
		return err
	}
	if j.hold, err = holdDir(j.o.Dir); err != nil {
		return err
	}
	j.mark, err = openMark(filepath.Join(j.o.Dir, markName))
	return err
}

func (j *Journal) open() error {
	f, err := regular.Open(j.path)
	if errors.Is(err, os.ErrNotExist) {
		return j.create()
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	c, err := readJournal(f)
	if err != nil {
		return fmt.Errorf("%s: %w; bring a whole one back, as a revocation may be in what cannot be read", j.path, err)
	}
	if err := j.witnessed(c); err != nil {
		return err
	}
	j.content = *c
	if j.o.ReadOnly {
		return nil
	}
	return j.adopt()
}

// create starts a journal where there never was one.
func (j *Journal) create() error {
	j.content = content{live: map[string]stored{}, store: j.mark.store}
	switch {
	case j.mark.epoch > 0:
		return fmt.Errorf("%s is gone, and held %d changes: bring it back, or remove %s to begin without them", j.path, j.mark.epoch, markName)
	case j.o.ReadOnly:
		return nil
	case j.store == "":
		j.store = strings.ToLower(rand.Text())
	}
	// The mark comes first: a journal without one is what somebody brought.
	err := errors.Join(j.mark.write(j.store, 0), j.mark.file.Sync(), regular.SyncDir(j.o.Dir))
	if err != nil {
		return err
	}
	return j.rewrite()
}

// witnessed compares the journal with its mark.
func (j *Journal) witnessed(c *content) error {
	switch {
	case j.mark.store == "":
		j.o.Log.Warn("revocation journal accepted without its mark", slog.String("file", j.path), slog.Uint64("epoch", c.epoch))
		return nil
	case j.mark.store != c.store:
		return fmt.Errorf("%s is not the journal that %s was written with: bring that one back, or remove the mark to accept this one", j.path, markName)
	case j.mark.epoch > c.epoch:
		return fmt.Errorf("%s is at epoch %d and was at %d: it was rolled back or cut; bring the newer one back, or remove %s to accept this one",
			j.path, c.epoch, j.mark.epoch, markName)
	}
	return nil
}

// adopt makes the journal that was read ours to write.
func (j *Journal) adopt() error {
	f, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	j.file = f
	if j.torn {
		if err := errors.Join(f.Truncate(j.size), f.Sync()); err != nil {
			return err
		}
		j.torn = false
		j.o.Log.Warn("torn line taken from the revocation journal", slog.String("file", j.path))
	}
	if err := j.mark.write(j.store, j.epoch); err != nil {
		return err
	}
	return j.noted()
}

// Entries implements Store.
func (j *Journal) Entries() ([]Entry, uint64) {
	j.mu.Lock()
	all := slices.Collect(maps.Values(j.live))
	epoch := j.epoch
	j.mu.Unlock()
	slices.SortFunc(all, func(a, b stored) int { return cmp.Compare(a.number, b.number) })
	out := make([]Entry, len(all))
	for i := range all {
		out[i] = all[i].Entry
	}
	return out, epoch
}

// Run implements Store. It changes nothing but the file: what this process knows
// is never less than what the file should hold. One that is read only follows the
// file instead.
func (j *Journal) Run(ctx context.Context, changed func()) error {
	if j.o.ReadOnly {
		return j.follow(ctx, changed)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		j.look()
	}
}

// look mends what another hand did to the files, without a change to make.
func (j *Journal) look() {
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.file == nil {
		return
	}
	suspect := j.suspect // the next change writes it anew, or says why not
	if j.holds() != nil || suspect {
		return
	}
	if err := j.whole(); err != nil {
		j.o.Log.Error("revocation journal not written anew", slog.Any("error", err))
	}
}

// Close implements Store.
func (j *Journal) Close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	var err error
	if j.file != nil {
		err = j.file.Close()
		j.file = nil
	}
	err = errors.Join(err, j.mark.close())
	if j.hold != nil {
		err = errors.Join(err, j.hold.dir.Close())
		j.hold = nil
	}
	return err
}
