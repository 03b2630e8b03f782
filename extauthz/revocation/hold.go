package revocation

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tiergate/tiergate/rules/regular"
)

// hold is what keeps a directory for one process: a lock on the directory itself,
// which nobody frees by removing a file in it. Some file systems have none for
// directories, as NFS: there the lock on the mark stands alone.
type hold struct {
	dir    *os.File
	locked bool
}

// holdDir takes a directory for this process. The error is errHeld when another
// one has it.
func holdDir(path string) (*hold, error) {
	d, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	err = lock(d)
	if errors.Is(err, errHeld) {
		d.Close() //nolint:errcheck // only opened
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &hold{d, err == nil}, nil
}

// lock takes a file or directory for this process, or returns errHeld.
func lock(f *os.File) error {
	err := regular.Lock(f)
	if errors.Is(err, regular.ErrLocked) {
		return errHeld
	}
	return err
}

// at says whether the directory is still the one at a path.
func (h *hold) at(path string) bool { return sameAt(h.dir, path) }

// sameAt says whether a path leads to the file that is open.
func sameAt(f *os.File, path string) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	open, err := f.Stat()
	return err == nil && os.SameFile(there, open)
}

// Tampered returns how often another hand was found to have changed, removed or
// replaced what the journal is kept in, and whether the place is lost: then every
// change is refused until it is ours again. What is in force stays in force.
func (j *Journal) Tampered() (times uint64, lost bool) { return j.tampered.Load(), j.lost.Load() }

// holds sees to it that directory and mark are those that we have locked, for a
// second server may write to any other. The same loss is told once.
func (j *Journal) holds() error {
	err := j.regain()
	switch told := j.lost.Load(); {
	case err != nil && !told:
		j.tampered.Add(1)
		j.o.Log.Error("state_dir of the revocations lost, changes are refused", slog.String("dir", j.o.Dir), slog.Any("error", err))
	case err == nil && told:
		j.o.Log.Info("state_dir of the revocations is ours again", slog.String("dir", j.o.Dir))
	}
	j.lost.Store(err != nil)
	return err
}

func (j *Journal) regain() error {
	if !j.hold.at(j.o.Dir) {
		return j.move()
	}
	path := filepath.Join(j.o.Dir, markName)
	same := sameAt(j.mark.file, path)
	if same && j.mark.intact() {
		return nil
	}
	if !same {
		m, err := openMark(path)
		if err == nil && !j.hold.locked {
			err = j.mayReplace(m)
		}
		if err != nil {
			return errors.Join(err, m.close())
		}
		j.mark.close() //nolint:errcheck // it is nobody's any more
		j.mark = m
	}
	j.tampered.Add(1)
	j.o.Log.Error("revocation mark changed by another hand", slog.String("file", path))
	return j.remark()
}

// move takes the directory that stands in the place of ours, if nobody else has it
// or had it.
func (j *Journal) move() error {
	if err := os.MkdirAll(j.o.Dir, 0o700); err != nil {
		return err
	}
	h, err := holdDir(j.o.Dir)
	if err != nil {
		return err
	}
	m, err := openMark(filepath.Join(j.o.Dir, markName))
	if err == nil {
		err = j.mayReplace(m)
	}
	if err != nil {
		return errors.Join(err, m.close(), h.dir.Close())
	}
	j.hold.dir.Close() //nolint:errcheck // it leads nowhere any more
	j.mark.close()     //nolint:errcheck // as above
	j.hold, j.mark, j.suspect = h, m, true
	j.tampered.Add(1)
	j.o.Log.Error("state_dir of the revocations replaced, and taken again", slog.String("dir", j.o.Dir))
	return j.remark()
}

// mayReplace refuses to write over what another server has acknowledged while
// the place was not ours.
func (j *Journal) mayReplace(m *mark) error {
	if m.store == "" || m.store == j.store && m.epoch <= j.epoch {
		return nil
	}
	return fmt.Errorf("another server wrote to %s: bring the directory back that was there, or start anew with what is there now", j.o.Dir)
}

// remark writes the mark for what we know.
func (j *Journal) remark() error {
	return errors.Join(j.mark.write(j.store, j.epoch), j.mark.file.Sync(), regular.SyncDir(j.o.Dir))
}
