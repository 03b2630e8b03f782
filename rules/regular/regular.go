// Package regular reads the files that users name, and regular files alone, and
// writes files that are seen whole or not at all.
//
// Opening never waits, as a pipe would make it wait for a writer, and what is
// read has a bound that the caller gives, for /dev/zero has none. The question
// what a file is goes to the open file, never to its name, which may lead
// elsewhere a moment later. Links are followed: a mounted volume holds nothing else.
package regular

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// noWait reads without ever waiting for another process. On the files that are
// let through it changes nothing.
const noWait = os.O_RDONLY | syscall.O_NONBLOCK

// ErrTooLong says that a file is longer than is read of it.
var ErrTooLong = errors.New("the file is too long")

// ErrLocked says that another process has taken a file.
var ErrLocked = errors.New("another process has it")

// Open opens a regular file for reading. The error names the file, and what it
// is when it is something else.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, noWait, 0)
	if err != nil {
		// A socket, or a device without a driver, fails with no word about what it is.
		if info, other := os.Stat(path); other == nil && !info.Mode().IsRegular() {
			return nil, Refuse(path, info.Mode())
		}
		return nil, err
	}
	return only(f, path, fs.FileMode.IsRegular)
}

// OpenIn opens a regular file or a directory below a root, under the name that
// package fs would give it.
func OpenIn(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, noWait, 0)
	if err != nil {
		if info, other := root.Stat(name); other == nil && !entered(info.Mode()) {
			return nil, Refuse(name, info.Mode())
		}
		return nil, err
	}
	return only(f, name, entered)
}

// ReadFile reads a regular file of at most limit bytes; a longer one is ErrTooLong.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read from
	text, err := Read(f, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// Read reads to the end, or fails with ErrTooLong above limit bytes: the size
// that a file tells may be outdated, or a lie.
func Read(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%w: at most %d bytes are read", ErrTooLong, limit)
	}
	return text, nil
}

func entered(m fs.FileMode) bool { return m.IsRegular() || m.IsDir() }

func only(f *os.File, name string, wanted func(fs.FileMode) bool) (*os.File, error) {
	info, err := f.Stat()
	if err == nil && !wanted(info.Mode()) {
		err = Refuse(name, info.Mode())
	}
	if err != nil {
		f.Close() //nolint:errcheck // nothing was written
		return nil, err
	}
	return f, nil
}

// Refuse is the error for a file that is none to read.
func Refuse(name string, m fs.FileMode) error {
	return fmt.Errorf("%s is %s, not a regular file", name, Kind(m))
}

// Kind says in words what a file is.
func Kind(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a regular file"
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m&fs.ModeSymlink != 0:
		return "a link"
	}
	return fmt.Sprintf("of type %v", m.Type())
}
