package budget

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/tiergate/tiergate/rules/regular"
)

const (
	syncEvery = time.Second // what a loss of power can take
	sweepSome = 10_000      // accounts in one turn
	smallFile = 1 << 20     // bytes below which a journal is not written anew
	lineLoad  = 500         // entries in one line of a journal that is written anew
)

// Run syncs the journal, forgets what is over and writes the journal anew when most
// of it is, until ctx ends.
func (l *Ledger) Run(ctx context.Context) error {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		l.sweep(time.Now(), sweepSome)
		if err := l.upkeep(); err != nil {
			l.journal.log.Error("journal of budgets not kept in order", slog.Any("error", err))
		}
	}
}

// upkeep syncs the journal, or writes it anew: where little of it still counts, and
// where a sync failed, for what the disk has of it is not known then.
func (l *Ledger) upkeep() error {
	if l.journal == nil {
		return nil
	}
	l.mu.Lock()
	j := l.journal
	f, due := j.file, j.dirty || j.unsure
	live := 2 * (int64(l.cells)*60 + int64(len(l.list))*100)
	anew := j.unsure || j.size > smallFile && j.size > live
	j.dirty = false
	l.mu.Unlock()
	if f == nil || !due {
		return nil
	}
	keep := f.Sync
	if anew {
		keep = l.compact
	}
	err := keep()
	l.mu.Lock()
	defer l.mu.Unlock()
	j.unsure = err != nil
	return err
}

// compact puts a new file with what still counts in the place of the journal, whole or
// not at all. Requests are charged meanwhile: both files get what they take.
func (l *Ledger) compact() (err error) {
	l.mu.Lock()
	j := l.journal
	all := l.snapshot()
	since := []entry{}
	j.since = &since
	path, dir := j.path(), j.dir
	l.mu.Unlock()

	half := path + ".new"
	f, err := os.OpenFile(half, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	var size int64
	var sum chain
	if err == nil {
		size, err = writeAll(f, &sum, all)
	}
	if err == nil {
		err = f.Sync()
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	j.since = nil
	if err == nil && j.file == nil {
		err = errClosed
	}
	if err == nil && len(since) > 0 {
		size, err = appendAll(f, size, &sum, since)
	}
	if err == nil {
		err = os.Rename(half, path)
	}
	if err != nil {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
		return fmt.Errorf("write %s anew: %w", path, err)
	}
	j.file.Close() //nolint:errcheck // everything in it that counts is in the new one
	j.file, j.size, j.chain, j.dirty = f, size, sum, true
	return regular.SyncDir(dir)
}

// snapshot is all that counts.
func (l *Ledger) snapshot() entries {
	var all entries
	for _, a := range l.list {
		for x := a.objects.oldest; x != nil; x = x.newer {
			all = append(all, entry{name: a.name, at: x.at, object: x.object})
		}
		for _, b := range a.sums.buckets {
			all = append(all, entry{name: a.name, at: b.end, sum: true, amount: b.sum})
		}
	}
	return all
}

// writeAll writes a journal with these entries.
func writeAll(f *os.File, sum *chain, all entries) (size int64, err error) {
	text := sum.end([]byte(header))
	if _, err := f.WriteAt(text, 0); err != nil {
		return 0, err
	}
	return appendAll(f, int64(len(text)), sum, all)
}

// appendAll appends entries to a file of a size.
func appendAll(f *os.File, size int64, sum *chain, all entries) (int64, error) {
	if _, err := f.Seek(size, 0); err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	var line []byte
	for len(all) > 0 {
		n := min(lineLoad, len(all))
		line = sum.end(all[:n].appendWords(line[:0]))
		all = all[n:]
		size += int64(len(line))
		if _, err := out.Write(line); err != nil {
			return 0, err
		}
	}
	return size, out.Flush()
}
