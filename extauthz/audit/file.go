package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/tiergate/tiergate/rules/regular"
)

// sink is where batches go. Only the writing goroutine calls it.
type sink interface {
	io.Writer
	sync() error
	renew() (bool, error) // opens the path anew if it names another file now; true when it did
	close()
}

// stream is a sink that nobody rotates.
type stream struct{ io.Writer }

func (stream) sync() error          { return nil }
func (stream) renew() (bool, error) { return false, nil }
func (stream) close()               {}

// file is the log on disk.
type file struct {
	*os.File
	path    string
	last    uint64 // seq of the last whole record found at open, or of the last one lost in a gap
	records bool   // one was found
	ended   bool   // and behind it the line of a writer that was closed
	torn    bool   // a torn line stood behind it
}

// openFile opens the log for appending. No other process may have it open: two
// writers would give one seq twice.
func openFile(path string) (*file, error) {
	f := &file{path: path}
	if err := f.open(); err != nil {
		return nil, err
	}
	if err := f.repair(); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *file) open() error {
	next, err := openRegular(f.path, os.O_CREATE)
	if err != nil {
		return err
	}
	err = regular.Lock(next)
	if errors.Is(err, regular.ErrLocked) {
		err = errors.New("another process writes this decision log")
	}
	if err != nil {
		next.Close() //nolint:errcheck // nothing was written
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if f.File != nil {
		f.Close() //nolint:errcheck // its writes have returned
	}
	f.File = next
	return nil
}

// openRegular opens a file to append to, and to read where seq goes on. What a
// pipe or a device was given nobody could read back, nor tell that it is whole.
func openRegular(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|syscall.O_NONBLOCK|flags, 0o640) //nolint:gosec // a collector of the group may read it
	if err != nil {
		if info, other := os.Stat(path); other == nil && !info.Mode().IsRegular() {
			return nil, regular.Refuse(path, info.Mode())
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = regular.Refuse(path, info.Mode())
	}
	if err != nil {
		f.Close() //nolint:errcheck // nothing was written
		return nil, err
	}
	return f, nil
}

// CheckFile returns why Open could not take a file that is there already. It
// changes nothing, and does not ask whether another process writes it.
func CheckFile(path string) error {
	f, err := openRegular(path, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// tail is how much of the log's end is read at first to find its last record,
// and reach how much at most: a torn line may stand behind one as long.
const (
	tail  = 64 << 10
	reach = 2*maxLine + tail
)

// repair takes away the part of a line that a dying process left, and reads
// where seq goes on. What does not look like our line is ended, not taken away.
func (f *file) repair() error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	for n := int64(tail); ; n *= 2 {
		from := max(size-min(n, reach), 0)
		end := make([]byte, size-from)
		if _, err := f.ReadAt(end, from); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		whole := bytes.LastIndexByte(end, '\n') + 1
		last, found := lastRecord(end[:whole])
		switch {
		case !found && from > 0 && n < reach:
			continue // the last record begins further up
		case !found && from > 0:
			return fmt.Errorf("%s: no decision record in its last %d bytes, so nobody knows where seq goes on: move the file away", f.path, reach)
		}
		f.last, f.records, f.ended = last.Seq+max(last.Gap, 1)-1, found, last.Why == closedInOrder
		if !found {
			f.last = 0
		}
		return f.untear(string(end[whole:]), from+int64(whole))
	}
}

func (f *file) untear(rest string, at int64) error {
	if rest == "" {
		return nil
	}
	f.torn = true
	if err := f.endLine(rest, at); err != nil {
		return fmt.Errorf("repair %s: %w", f.path, err)
	}
	return nil
}

// lost says why records may be missing behind the last one, or "".
func (f *file) lost() string {
	switch {
	case f.torn:
		return "torn"
	case f.records && !f.ended:
		return "killed"
	}
	return ""
}

func (f *file) endLine(rest string, at int64) error {
	if strings.HasPrefix(rest, head) || strings.HasPrefix(head, rest) {
		return f.Truncate(at)
	}
	_, err := f.WriteString("\n")
	return err
}

// lastRecord finds the last line that is a record of ours.
func lastRecord(lines []byte) (last Record, found bool) {
	for len(lines) > 0 {
		start := bytes.LastIndexByte(lines[:len(lines)-1], '\n') + 1
		if r, err := parse(lines[start:]); err == nil {
			return r, true
		}
		lines = lines[:start]
	}
	return Record{}, false
}

func (f *file) sync() error { return f.Sync() }

// renew opens the path anew when it names another file, or none, by now. With an
// error the file that is open stays the log.
func (f *file) renew() (bool, error) {
	moved, err := f.rotated()
	if err == nil && moved {
		err = f.open()
	}
	return moved && err == nil, err
}

func (f *file) rotated() (bool, error) {
	now, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	mine, err := f.Stat()
	return err == nil && !os.SameFile(now, mine), err
}

func (f *file) close() { f.Close() } //nolint:errcheck // its writes have returned
