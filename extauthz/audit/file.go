package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// sink is where batches go. Only the writing goroutine calls it.
type sink interface {
	io.Writer
	sync() error
	renew() bool // opens the path anew if it names another file now; true when it did
	close()
}

// stream is a sink that nobody rotates.
type stream struct{ io.Writer }

func (stream) sync() error { return nil }
func (stream) renew() bool { return false }
func (stream) close()      {}

// file is the log on disk.
type file struct {
	*os.File
	path    string
	regular bool
	last    uint64 // seq of the last whole record found at open
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
	next, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640) //nolint:gosec // a collector of the group may read it
	if err != nil {
		return err
	}
	info, err := next.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = lock(next)
	}
	if err != nil {
		next.Close() //nolint:errcheck // nothing was written
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if f.File != nil {
		f.Close() //nolint:errcheck // its writes have returned
	}
	f.File, f.regular = next, info.Mode().IsRegular()
	return nil
}

// tail is how much of the log's end is read to find its last record.
const tail = 1 << 20

// repair takes away the part of a line that a dying process left, and reads
// where seq goes on. What does not look like our line is ended, not taken away.
func (f *file) repair() error {
	if !f.regular {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	from := max(info.Size()-tail, 0)
	end := make([]byte, info.Size()-from)
	if _, err := f.ReadAt(end, from); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	whole := bytes.LastIndexByte(end, '\n') + 1
	if rest := string(end[whole:]); rest != "" {
		f.torn = true
		if err := f.endLine(rest, from+int64(whole)); err != nil {
			return fmt.Errorf("repair %s: %w", f.path, err)
		}
	}
	f.last = lastSeq(end[:whole])
	return nil
}

func (f *file) endLine(rest string, at int64) error {
	if strings.HasPrefix(rest, head) || strings.HasPrefix(head, rest) {
		return f.Truncate(at)
	}
	_, err := f.WriteString("\n")
	return err
}

// lastSeq is the seq of the last record, or of the last one lost in a gap.
func lastSeq(lines []byte) uint64 {
	for len(lines) > 0 {
		start := bytes.LastIndexByte(lines[:len(lines)-1], '\n') + 1
		var r struct {
			V   int    `json:"v"`
			Seq uint64 `json:"seq"`
			Gap uint64 `json:"gap"`
		}
		if json.Unmarshal(lines[start:], &r) == nil && r.V == Version {
			return r.Seq + max(r.Gap, 1) - 1
		}
		lines = lines[:start]
	}
	return 0
}

func (f *file) sync() error {
	if !f.regular {
		return nil
	}
	return f.Sync()
}

// renew opens the path anew when it names another file, or none, by now.
func (f *file) renew() bool { return f.rotated() && f.open() == nil }

func (f *file) rotated() bool {
	if !f.regular {
		return false
	}
	now, err := os.Stat(f.path)
	if err != nil {
		return os.IsNotExist(err)
	}
	mine, err := f.Stat()
	return err == nil && !os.SameFile(now, mine)
}

func (f *file) close() { f.Close() } //nolint:errcheck // its writes have returned
