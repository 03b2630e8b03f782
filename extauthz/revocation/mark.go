package revocation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"

	"github.com/tiergate/tiergate/rules/regular"
)

// mark is a second witness beside the journal: which journal it is, and how far
// it went. It is written after the journal, so that it can be behind and never
// ahead, but for a journal that was brought back from a backup, cut, replaced or
// removed. It is a line of fixed length that is written in place, and locked: on
// some file systems that is the only lock of the store.
type mark struct {
	file  *os.File // nil when it was only read
	store string   // "" when there is no mark
	epoch uint64
}

var markLine = regexp.MustCompile(`^tiergate-revocations ([a-z0-9]{26}) ([0-9]{20})\n$`)

// openMark opens the mark for writing, and takes the lock.
func openMark(path string) (*mark, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, regular.Refuse(path, info.Mode())
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	m := &mark{file: f}
	if err = lock(f); err == nil && !sameAt(f, path) {
		err = errors.New("it was replaced while it was opened")
	}
	if err == nil {
		err = m.read(f)
	}
	if err != nil {
		f.Close() //nolint:errcheck // nothing was written
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// readMark reads the mark and leaves it alone.
func readMark(path string) (*mark, error) {
	m := &mark{}
	f, err := regular.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	if err := m.read(f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func (m *mark) read(r io.Reader) error {
	text, err := regular.Read(r, 1<<10)
	if err != nil || len(text) == 0 {
		return err
	}
	parts := markLine.FindSubmatch(text)
	if parts == nil {
		return errors.New("it is damaged; when the journal beside it is known to be whole, remove it")
	}
	m.store = string(parts[1])
	m.epoch, err = strconv.ParseUint(string(parts[2]), 10, 64)
	return err
}

func (m *mark) write(store string, epoch uint64) error {
	m.store, m.epoch = store, epoch
	text := m.text()
	_, err := m.file.WriteAt(text, 0)
	if err == nil {
		err = m.file.Truncate(int64(len(text)))
	}
	return err
}

// text is what the mark says.
func (m *mark) text() []byte {
	return fmt.Appendf(nil, "tiergate-revocations %s %020d\n", m.store, m.epoch)
}

// intact says whether the file holds what was written last.
func (m *mark) intact() bool {
	want := m.text()
	found := make([]byte, len(want)+1)
	n, err := m.file.ReadAt(found, 0)
	return errors.Is(err, io.EOF) && bytes.Equal(found[:n], want)
}

// close gives the mark and its lock back; there need be none.
func (m *mark) close() error {
	if m == nil || m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	return err
}
