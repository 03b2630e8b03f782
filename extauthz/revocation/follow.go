package revocation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/tiergate/tiergate/rules/regular"
)

// follow takes over what another process writes to a journal that is only read
// here, until ctx ends. It never goes back: a journal that is gone, damaged,
// another one or older than what is known leaves the entries that are in force.
func (j *Journal) follow(ctx context.Context, changed func()) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	f := follower{journal: j}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if f.look() {
			changed()
		}
	}
}

type follower struct {
	journal *Journal
	last    fs.FileInfo // of what was read last and found good
	fault   string      // that was told last
}

// look reads the journal where it may have changed, and says whether its entries
// did. The same fault at each look is told once.
func (f *follower) look() (changed bool) {
	j := f.journal
	changed, err := f.read()
	switch {
	case err != nil && err.Error() != f.fault:
		f.fault = err.Error()
		j.tampered.Add(1)
		j.o.Log.Error("revocation journal not followed, its last entries stay in force", slog.String("file", j.path), slog.Any("error", err))
	case err == nil && f.fault != "":
		f.fault = ""
		j.o.Log.Info("revocation journal followed again", slog.String("file", j.path))
	}
	return changed
}

func (f *follower) read() (changed bool, err error) {
	j := f.journal
	there, err := os.Stat(j.path)
	if errors.Is(err, os.ErrNotExist) && j.chain == "" {
		return false, nil // there never was one
	}
	if err == nil && f.last != nil && sameFile(f.last, there, j.o.Now()) {
		return false, nil
	}
	in, err := regular.Open(j.path)
	if err != nil {
		return false, err
	}
	defer in.Close() //nolint:errcheck // only read
	c, err := readJournal(in)
	switch {
	case err != nil:
		return false, err
	case j.chain != "" && c.store != j.store:
		return false, errors.New("it is another store's journal: start anew to accept it")
	case c.epoch < j.epoch:
		return false, fmt.Errorf("it is at epoch %d and was at %d: it was rolled back or cut; start anew to accept it", c.epoch, j.epoch)
	}
	f.last = there
	if c.chain == j.chain {
		return false, nil
	}
	j.mu.Lock()
	j.content = *c
	j.mu.Unlock()
	return true, nil
}
