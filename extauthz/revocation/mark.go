package revocation

import (
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
// removed. It is a line of fixed length that is written in place. Its lock is
// that of the store.
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
	if err = lock(f); err == nil {
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
	_, err := m.file.WriteAt(fmt.Appendf(nil, "tiergate-revocations %s %020d\n", store, epoch), 0)
	return err
}
