package revocation

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// L5: a change whose write fails is an error, and so is the next one until the
// journal could be written anew. Nothing that was acknowledged is lost by it.
func TestAWriteThatFailsIsAnErrorAndIsMended(t *testing.T) {
	dir := t.TempDir()
	j := journal(t, dir)
	put(t, j, "a")
	j.file.Close()
	if j.file, _ = os.Open(j.path); j.file == nil { // for reading: as an error of the disk
		t.Fatal("the journal is gone")
	}
	if _, err := j.Add(t.Context(), corp("b")); err == nil {
		t.Fatal("a write that failed was acknowledged")
	}
	if got := ids(j); got != "a" {
		t.Errorf("entries %q after a failed write, want a", got)
	}
	if err := os.Mkdir(j.path+".new", 0o700); err != nil { // in the way of the new file
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(j.path+".new", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Add(t.Context(), corp("b")); err == nil {
		t.Fatal("acknowledged while the journal could not be written anew")
	}
	if err := os.RemoveAll(j.path + ".new"); err != nil {
		t.Fatal(err)
	}
	put(t, j, "b")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ids(journal(t, dir)); got != "a b" {
		t.Errorf("entries %q after a restart, want a b", got)
	}
}

// A change that is written and not synced is none, and what is behind it is
// written to a file that is synced as a whole.
func TestNothingIsAcknowledgedBeforeItIsSynced(t *testing.T) {
	dir := t.TempDir()
	j := journal(t, dir)
	put(t, j, "a")
	broken, syncs := errors.New("input/output error"), 0
	j.sync = func(*os.File) error { syncs++; return broken }
	for range 2 { // the second one fails as the journal is written anew
		if _, err := j.Add(t.Context(), corp("b")); !errors.Is(err, broken) {
			t.Errorf("Add: %v, want %v", err, broken)
		}
		if _, err := j.Restore(t.Context(), Undo{ID: "a", Who: "test", Because: "test"}); !errors.Is(err, broken) {
			t.Errorf("Restore: %v, want %v", err, broken)
		}
	}
	if _, epoch := j.Entries(); ids(j) != "a" || epoch != 1 || syncs != 4 {
		t.Errorf("entries %q at epoch %d after %d syncs, want a at 1 after 4", ids(j), epoch, syncs)
	}
	j.sync = (*os.File).Sync
	put(t, j, "c")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ids(journal(t, dir)); got != "a c" {
		t.Errorf("entries %q after a restart, want a c", got)
	}
}

// S4: a journal that another hand changes under a running server is written anew
// from what the server knows: by the next change, or within lookEvery.
func TestS4AJournalThatIsReplacedUnderUsIsMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, change := range map[string]func(path string, older []byte) error{
			"rolled back": func(path string, older []byte) error { return os.WriteFile(path, older, 0o600) },
			"replaced": func(path string, older []byte) error {
				if err := os.Remove(path); err != nil {
					return err
				}
				return os.WriteFile(path, older, 0o600)
			},
			"removed": func(path string, _ []byte) error { return os.Remove(path) },
		} {
			dir := t.TempDir()
			j := journal(t, dir)
			put(t, j, "a")
			older := read(t, j.path)
			put(t, j, "b")
			if err := change(j.path, older); err != nil {
				t.Fatal(err)
			}
			put(t, j, "c")
			if err := change(j.path, older); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- j.Run(ctx, nil) }()
			time.Sleep(lookEvery + time.Millisecond)
			stop()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			again := journal(t, dir)
			if got := ids(again); got != "a b c" {
				t.Errorf("%s: entries %q after a restart, want a b c", name, got)
			}
			again.Close()
		}
	})
}

// A journal does not grow with the changes, but with what is in force.
func TestAJournalIsWrittenAnew(t *testing.T) {
	dir := t.TempDir()
	j := journal(t, dir)
	put(t, j, "a", "b")
	if _, err := j.Restore(t.Context(), Undo{ID: "a", Who: "test", Because: "test"}); err != nil {
		t.Fatal(err)
	}
	j.lines = fewChanges // as after that many
	put(t, j, "c")
	if j.lines != 0 || bytes.Count(read(t, j.path), []byte("\n")) != 3 {
		t.Errorf("%d changes since it was written anew, and it is\n%s", j.lines, read(t, j.path))
	}
	put(t, j, "d")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again := journal(t, dir)
	if _, epoch := again.Entries(); ids(again) != "b c d" || epoch != 5 {
		t.Errorf("%q at epoch %d, want b c d at 5", ids(again), epoch)
	}
}

// An entry that ended makes room a day later, and not before.
func TestThereIsRoomForSoMuch(t *testing.T) {
	dir := t.TempDir()
	j := journal(t, dir)
	ended := func(id string, ago time.Duration) {
		e := corp(id)
		e.Until = noon.Add(-ago)
		if _, err := j.Add(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	put(t, j, "a")
	ended("young", time.Hour)
	j.bytes += maxBytes
	if _, err := j.Add(t.Context(), corp("b")); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v, want ErrFull", err)
	}
	j.bytes -= maxBytes
	ended("old", endedFor+time.Hour)
	j.bytes = maxBytes // full, but for what is given back
	put(t, j, "c")
	if got := ids(j); got != "a young c" {
		t.Errorf("entries %q", got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ids(journal(t, dir)); got != "a young c" {
		t.Errorf("entries %q after a restart", got)
	}
}

func TestAnEntryIsCheckedBeforeItIsKept(t *testing.T) {
	j := journal(t, t.TempDir())
	for name, change := range map[string]func(*Entry){
		"no id": func(e *Entry) { e.ID = "" }, "nobody": func(e *Entry) { e.Who = "" }, "no reason": func(e *Entry) { e.Because = " " },
		"no time": func(e *Entry) { e.At = time.Time{} }, "nothing": func(e *Entry) { e.By = By{} },
		"far ahead": func(e *Entry) { e.Until = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"too long":  func(e *Entry) { e.Because = strings.Repeat("x", maxBecause+1) },
	} {
		e := corp("a")
		change(&e)
		if _, err := j.Add(t.Context(), e); err == nil {
			t.Errorf("%s: kept", name)
		}
	}
	if got := ids(j); got != "" {
		t.Errorf("entries %q", got)
	}
}

// The longest entry there can be fits a line.
func TestTheLongestEntryFitsALine(t *testing.T) {
	dir := t.TempDir()
	j := journal(t, dir)
	long := func(n int) string { return strings.Repeat("<", n) } // six bytes of JSON each
	e := Entry{
		ID: long(maxID), By: By{Issuer: long(maxName), Subject: long(maxName), IssuedBefore: noon}, At: noon, Until: noon,
		Who: long(maxWho), Because: long(maxBecause),
	}
	if _, err := j.Add(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	j.Close()
	if got := ids(journal(t, dir)); got != e.ID {
		t.Errorf("it is read back as %q", got)
	}
}
