package budget

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tiergate/tiergate/rules/regular"
)

// Below the state directory a ledger has a directory of its own, which one process
// at a time holds.
const (
	dirName  = "budgets"
	fileName = "budgets.journal"
	maxFile  = 2 << 30 // bytes: what keeps it from being written anew must not fill the disk
)

// journal is the file that a ledger writes what it takes to. The ledger's lock guards
// it.
type journal struct {
	dir     string
	log     *slog.Logger
	hold    *os.File // the directory, locked; nil before there is anything to write
	file    *os.File
	size    int64 // of all whole lines
	chain   chain
	line    []byte // room for the next one
	dirty   bool   // something was not synced
	unsure  bool   // the last sync failed
	failing bool   // the last write failed
	anew    *anew  // while it is written; else nil
}

var errClosed = errors.New("the ledger is closed")

// Open makes a ledger that keeps what it takes below a state directory, or in memory
// alone where there is none. The error says why nobody may be answered without what
// is there.
func Open(stateDir string, log *slog.Logger) (*Ledger, error) {
	l := New()
	l.log = log
	if stateDir == "" {
		return l, nil
	}
	l.journal = &journal{dir: filepath.Join(stateDir, dirName), log: log}
	if _, err := os.Stat(l.journal.dir); errors.Is(err, fs.ErrNotExist) {
		return l, nil // it is made when something is taken
	}
	if err := l.journal.open(l.apply); err != nil {
		return nil, errors.Join(fmt.Errorf("budgets: %w", err), l.Close())
	}
	for _, a := range l.list { // the first request finds out what is over
		l.latest = max(l.latest, a.latest())
	}
	return l, nil
}

// Check reports why no server would start on what is below a state directory. It only
// looks.
func Check(stateDir string) error {
	path := filepath.Join(stateDir, dirName, fileName)
	f, err := regular.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	_, _, _, err = read(f, func(*entries) {})
	return damaged(path, err)
}

func damaged(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w; bring a whole one back, or remove it to begin with nothing spent", path, err)
}

func (j *journal) path() string { return filepath.Join(j.dir, fileName) }

// claim makes the directory this process's.
func (j *journal) claim() error {
	d, err := os.Open(j.dir)
	if err != nil {
		return err
	}
	if err := regular.Lock(d); errors.Is(err, regular.ErrLocked) { // some file systems have no locks for directories
		return errors.Join(fmt.Errorf("%s: %w", j.dir, err), d.Close())
	}
	j.hold = d
	return nil
}

// open reads what is there and makes it ours to write.
func (j *journal) open(each func(*entries)) error {
	if err := j.claim(); err != nil {
		return err
	}
	f, err := regular.Open(j.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	size, sum, torn, err := read(f, each)
	if err != nil {
		return damaged(j.path(), err)
	}
	if size == 0 {
		return nil // it was cut within its first line
	}
	j.size, j.chain = size, sum
	if j.file, err = os.OpenFile(j.path(), os.O_RDWR, 0); err != nil {
		return err
	}
	if torn {
		j.log.Warn("torn line taken from the journal of budgets", slog.String("file", j.path()))
		return errors.Join(j.file.Truncate(size), j.file.Sync())
	}
	return nil
}

// create starts a journal where there is none.
func (j *journal) create() error {
	if j.hold == nil {
		if err := os.MkdirAll(j.dir, 0o700); err != nil {
			return err
		}
		if err := j.claim(); err != nil {
			return err
		}
	}
	var c chain
	text := c.end([]byte(header))
	if err := regular.Replace(j.path(), text, 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(j.path(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	j.file, j.size, j.chain = f, int64(len(text)), c
	return regular.SyncDir(filepath.Dir(j.dir))
}

// write appends one line, and tells when that begins to fail.
func (j *journal) write(es entries) error {
	err := j.append(es)
	if err != nil && !j.failing {
		j.log.Error("budgets not written down, requests that spend are denied", slog.Any("error", err))
	}
	if err == nil && j.failing {
		j.log.Info("budgets written down again", slog.String("file", j.path()))
	}
	j.failing = err != nil
	return err
}

// append appends one line, in one write: a process that is killed has it in the file
// or not at all. What a failed write left behind the next one writes over.
func (j *journal) append(es entries) error {
	if len(es) == 0 {
		return nil
	}
	if j.dir == "" {
		return errClosed
	}
	if j.file == nil {
		if err := j.create(); err != nil {
			return err
		}
	}
	next := j.chain
	j.line = next.end(es.appendWords(j.line[:0]))
	if j.size > maxFile {
		return fmt.Errorf("the journal has more than %d bytes", int64(maxFile))
	}
	if len(j.line) > maxLine {
		return fmt.Errorf("a line of %d bytes, the limit is %d", len(j.line), maxLine)
	}
	if _, err := j.file.WriteAt(j.line, j.size); err != nil {
		return err
	}
	j.size += int64(len(j.line))
	j.chain, j.dirty = next, true
	return nil
}

// Close ends the ledger; nothing is taken after that.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.journal
	if j == nil || j.dir == "" {
		return nil
	}
	var err error
	if j.file != nil {
		err = errors.Join(j.file.Sync(), j.file.Close())
	}
	if j.hold != nil {
		err = errors.Join(err, j.hold.Close())
	}
	*j = journal{log: j.log}
	return err
}
