package revocation

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/tiergate/tiergate/rules/regular"
)

// Add implements Store.
func (j *Journal) Add(_ context.Context, e Entry) (uint64, error) {
	if err := e.check(); err != nil {
		return 0, err
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	if _, twice := j.live[e.ID]; twice {
		return 0, ErrExists
	}
	if !j.room() {
		return 0, ErrFull
	}
	epoch := j.epoch + 1
	return j.append(&line{Epoch: &epoch, Entry: &e})
}

// Restore implements Store.
func (j *Journal) Restore(_ context.Context, u Undo) (uint64, error) {
	j.writing.Lock()
	defer j.writing.Unlock()
	if _, ok := j.live[u.ID]; !ok {
		return 0, ErrNotFound
	}
	epoch := j.epoch + 1
	return j.append(&line{Epoch: &epoch, Restore: u.ID, At: j.o.Now().UTC(), Who: u.Who, Because: u.Because})
}

// room says whether one more entry fits, once those are gone that ended long ago.
func (j *Journal) room() bool {
	fits := func() bool { return len(j.live) < maxEntries && j.bytes < maxBytes }
	if !fits() {
		j.forget()
	}
	return fits()
}

// forget drops from memory what ended long ago. The file holds more than that
// until it is written anew, before the next change.
func (j *Journal) forget() {
	long := j.o.Now().Add(-endedFor)
	j.mu.Lock()
	defer j.mu.Unlock()
	for id, s := range j.live {
		if s.ended(long) {
			j.take(id)
			j.suspect = true
		}
	}
}

// append makes one change durable and then takes it into the content.
func (j *Journal) append(l *line) (uint64, error) {
	if j.file == nil {
		return 0, errReadOnly
	}
	if err := j.guard(); err != nil {
		return 0, err
	}
	next := j.chain
	text, err := next.encode(l)
	if err != nil {
		return 0, err
	}
	if _, err = j.file.WriteAt(text, j.size); err == nil {
		err = j.sync(j.file)
	}
	if err != nil {
		j.suspect = true // nobody can say what of it is on the disk
		return 0, fmt.Errorf("%s: %w", j.path, err)
	}
	j.mu.Lock()
	j.chain = next
	j.size += int64(len(text))
	err = j.change(l, len(text))
	epoch := j.epoch
	j.mu.Unlock()
	if err != nil { // never: both callers have looked
		j.suspect = true
		return 0, err
	}
	j.followUp()
	return epoch, nil
}

// followUp does what the change does not depend on.
func (j *Journal) followUp() {
	if err := j.mark.write(j.store, j.epoch); err != nil {
		j.o.Log.Error("revocation mark not written", slog.Any("error", err))
	}
	if err := j.noted(); err != nil {
		j.suspect = true
	}
	if j.lines > fewChanges && j.lines > len(j.live) {
		j.forget()
		if err := j.rewrite(); err != nil {
			j.o.Log.Error("revocation journal not written anew", slog.Any("error", err))
		}
	}
}

// guard sees to it that we may write, and know what is there.
func (j *Journal) guard() error {
	if err := j.holds(); err != nil {
		return err
	}
	return j.whole()
}

// whole sees to it that the file is the one we wrote, as we left it. Where it is
// not, it is written anew from memory, which knows every change.
func (j *Journal) whole() error {
	if !j.suspect && !j.ours() {
		j.tampered.Add(1)
		j.o.Log.Error("revocation journal changed by another hand", slog.String("file", j.path))
		j.suspect = true
	}
	if j.suspect {
		return j.rewrite()
	}
	return nil
}

func (j *Journal) ours() bool {
	there, err := os.Stat(j.path)
	if err != nil {
		return false
	}
	open, err := j.file.Stat()
	return err == nil && os.SameFile(there, open) && there.Size() == j.size && there.ModTime().Equal(j.wrote)
}

// noted remembers what the file looks like after we wrote.
func (j *Journal) noted() error {
	info, err := j.file.Stat()
	if err == nil {
		j.wrote = info.ModTime()
	}
	return err
}

// rewrite puts a new file with what is in force in the place of the journal,
// whole or not at all. Until it succeeds, the journal stays suspect.
func (j *Journal) rewrite() error {
	j.suspect = true
	half := j.path + ".new"
	if err := os.Remove(half); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(half, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	var next chain
	size, err := j.writeAll(f, &next)
	if err == nil {
		err = j.sync(f)
	}
	if err == nil {
		err = os.Rename(half, j.path)
	}
	if err != nil {
		f.Close() //nolint:errcheck // the file is given up
		return err
	}
	if j.file != nil {
		j.file.Close() //nolint:errcheck // everything in it is in the new one
	}
	j.file = f
	j.mu.Lock()
	j.chain, j.size, j.lines = next, size, 0
	j.mu.Unlock()
	if err := errors.Join(regular.SyncDir(j.o.Dir), j.noted()); err != nil {
		return err
	}
	j.suspect = false
	return nil
}

// writeAll writes a header and what is in force.
func (j *Journal) writeAll(f *os.File, c *chain) (size int64, err error) {
	out := bufio.NewWriter(f)
	put := func(l *line) error {
		text, err := c.encode(l)
		if err != nil {
			return err
		}
		size += int64(len(text))
		_, err = out.Write(text)
		return err
	}
	live := slices.SortedFunc(maps.Values(j.live), func(a, b stored) int { return cmp.Compare(a.number, b.number) })
	count := len(live)
	err = put(&line{Version: journalVersion, Store: j.store, Epoch: &j.epoch, Count: &count})
	for i := 0; err == nil && i < len(live); i++ {
		err = put(&line{Entry: &live[i].Entry})
	}
	return size, errors.Join(err, out.Flush())
}
