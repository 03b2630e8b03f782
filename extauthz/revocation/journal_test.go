package revocation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func corp(id string) Entry { return made(id, By{Issuer: "corp", Subject: id}) }

func put(t testing.TB, j *Journal, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, err := j.Add(context.Background(), corp(id)); err != nil {
			t.Fatalf("Add(%s): %v", id, err)
		}
	}
}

// kept closes a journal and returns the directory's two files.
func kept(t testing.TB, j *Journal) (journal, mark []byte) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, j.path), read(t, filepath.Join(j.o.Dir, markName))
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// place is a directory with these files; nil is none.
func place(t testing.TB, journal, mark []byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string][]byte{journalName: journal, markName: mark} {
		if text == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func tryOpen(dir string) (*Journal, error) {
	return OpenJournal(JournalOptions{Dir: dir, Log: slog.New(slog.DiscardHandler), Now: clock})
}

func ids(j *Journal) string {
	entries, _ := j.Entries()
	var out []string
	for i := range entries {
		out = append(out, entries[i].ID)
	}
	return strings.Join(out, " ")
}

// L4: what a crash leaves behind a whole journal was never acknowledged. It is
// taken away, whatever it is, and the next change stands in its place.
func TestATornLineIsTakenAway(t *testing.T) {
	j := journal(t, t.TempDir())
	put(t, j, "a", "b")
	whole, mark := kept(t, j)
	again, err := tryOpen(place(t, whole, mark))
	if err != nil {
		t.Fatal(err)
	}
	put(t, again, "c")
	longer, _ := kept(t, again)
	last := longer[len(whole):]
	for _, tail := range [][]byte{last[:1], last[:len(last)/2], last[:len(last)-1], []byte("\x00\x00\x00\x00"), []byte("garbage")} {
		dir := place(t, append(bytes.Clone(whole), tail...), mark)
		j, err := tryOpen(dir)
		if err != nil {
			t.Errorf("a torn line %q: %v", tail, err)
			continue
		}
		if got := ids(j); got != "a b" {
			t.Errorf("a torn line %q: entries %q, want a b", tail, got)
		}
		put(t, j, "d")
		j.Close()
		if j, err = tryOpen(dir); err != nil || ids(j) != "a b d" {
			t.Errorf("after a torn line %q was taken away: %v", tail, err)
			continue
		}
		j.Close()
	}
}

// Whatever happens to a journal in whose place no other one was accepted, the
// server does not start without one of its entries.
func TestS4AJournalThatIsNotWholeIsRefused(t *testing.T) {
	j := journal(t, t.TempDir())
	put(t, j, "a", "b", "c")
	if _, err := j.Restore(t.Context(), Undo{ID: "b", Who: "test", Because: "test"}); err != nil {
		t.Fatal(err)
	}
	whole, mark := kept(t, j)
	lines := bytes.SplitAfter(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	without := func(n int) []byte {
		var out []byte
		for i, l := range lines {
			if i != n {
				out = append(out, l...)
			}
		}
		return out
	}
	other := journal(t, t.TempDir())
	put(t, other, "x", "y", "z", "u")
	otherWhole, otherMark := kept(t, other)
	otherLines := bytes.SplitAfter(otherWhole, []byte("\n"))
	replaced := bytes.Clone(whole)
	replaced = append(bytes.Replace(replaced, lines[4], otherLines[4], 1), []byte{}...)

	for _, c := range []struct {
		name          string
		journal, mark []byte
		want          string
	}{
		{"gone", nil, mark, "is gone, and held 4 changes"},
		{"empty", []byte{}, mark, "line 1: the header is missing"},
		{"without its header", without(0), mark, "line 1: its sum is wrong"},
		{"without a line in the middle", without(2), mark, "line 3: its sum is wrong"},
		{"without its last line", without(4), mark, "is at epoch 3 and was at 4: it was rolled back or cut"},
		{"rolled back to the beginning", lines[0], mark, "is at epoch 0 and was at 4"},
		{"cut in its last line", whole[:len(whole)-1], mark, "is at epoch 3 and was at 4"},
		{"a line of another journal", replaced, mark, "line 5: its sum is wrong"},
		{"another journal", otherWhole, mark, "is not the journal that revocations.mark was written with"},
		{"another mark", whole, otherMark, "is not the journal that revocations.mark was written with"},
		{"a line changed", bytes.Replace(whole, []byte(`"subject":"a"`), []byte(`"subject":"A"`), 1), mark, "line 2: its sum is wrong"},
		{"two lines exchanged", append(append(append(append(bytes.Clone(lines[0]), lines[2]...), lines[1]...), lines[3]...), lines[4]...), mark, "line 2: its sum is wrong"},
		{"a line twice", append(bytes.Clone(whole), lines[4]...), mark, "line 6: its sum is wrong"},
		{"garbage behind it", append(bytes.Clone(whole), "garbage\n"...), mark, "line 6: no line of ours"},
		{"a line without end", append(bytes.Clone(whole), bytes.Repeat([]byte("x"), 2*maxLine)...), mark, "line 6: longer than"},
		{"zeros for a line", append(bytes.Clone(whole), append(make([]byte, 100), '\n')...), mark, "line 6: its sum is wrong"},
		{"a damaged mark", whole, []byte("tiergate-revocations x 1\n"), "revocations.mark: it is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := place(t, c.journal, c.mark)
			for _, readOnly := range []bool{true, false} {
				_, err := OpenJournal(JournalOptions{Dir: dir, ReadOnly: readOnly, Log: slog.New(slog.DiscardHandler)})
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("read only %v: got %v, want %s", readOnly, err, c.want)
				}
			}
			if c.journal != nil && !bytes.Equal(read(t, filepath.Join(dir, journalName)), c.journal) {
				t.Error("a journal that was refused was written to")
			}
		})
	}
}

// Whoever removes the mark accepts the journal as it is; the epoch goes on from there.
func TestS4AnOlderJournalCanBeAccepted(t *testing.T) {
	j := journal(t, t.TempDir())
	put(t, j, "a")
	older := read(t, j.path)
	put(t, j, "b")
	_, mark := kept(t, j)
	dir := place(t, older, mark)
	if _, err := tryOpen(dir); err == nil {
		t.Fatal("a journal that was rolled back is accepted")
	}
	if err := os.Remove(filepath.Join(dir, markName)); err != nil {
		t.Fatal(err)
	}
	j, err := tryOpen(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	put(t, j, "c")
	if _, epoch := j.Entries(); ids(j) != "a c" || epoch != 2 {
		t.Errorf("%q at epoch %d, want a c at 2", ids(j), epoch)
	}
}

func TestOneProcessWritesAJournal(t *testing.T) {
	dir := t.TempDir()
	j := journal(t, dir)
	if _, err := tryOpen(dir); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second one: %v", err)
	}
	put(t, j, "a")
	reader, err := OpenJournal(JournalOptions{Dir: dir, ReadOnly: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil || ids(reader) != "a" {
		t.Errorf("a reader: %v", err)
	}
	if _, err := reader.Add(t.Context(), corp("b")); !errors.Is(err, errReadOnly) {
		t.Errorf("a reader that adds: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	journal(t, dir)
}

func TestReadingLeavesTheDirectoryAlone(t *testing.T) {
	dir := t.TempDir()
	j, err := OpenJournal(JournalOptions{Dir: dir, ReadOnly: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil || ids(j) != "" {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("it made %v, %v", files, err)
	}
}

func TestFilesAreForOurUserAlone(t *testing.T) {
	j := journal(t, filepath.Join(t.TempDir(), "state"))
	put(t, j, "a")
	for path, want := range map[string]fs.FileMode{j.o.Dir: 0o700, j.path: 0o600, filepath.Join(j.o.Dir, markName): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

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

// FuzzJournal: whatever bytes stand in the place of a journal, its mark lets
// nothing through that lacks one of its entries.
func FuzzJournal(f *testing.F) {
	j := journal(f, f.TempDir())
	put(f, j, "a", "b", "c")
	if _, err := j.Restore(context.Background(), Undo{ID: "b", Who: "test", Because: "test"}); err != nil {
		f.Fatal(err)
	}
	whole, markText := kept(f, j)
	m := mark{}
	if err := m.read(bytes.NewReader(markText)); err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(append(bytes.Clone(whole), "garbage"...))
	f.Add(bytes.ReplaceAll(whole, []byte("a"), []byte("b")))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := readJournal(bytes.NewReader(text))
		if err != nil {
			return
		}
		accepted := &Journal{o: JournalOptions{Log: slog.New(slog.DiscardHandler)}, mark: &m}
		if accepted.witnessed(c) != nil {
			return
		}
		l := newLayer(nil, Names{})
		for _, s := range c.live {
			l.add(&s.Entry, Names{})
		}
		for _, id := range []string{"a", "c"} {
			if _, revoked := l.revoked(subject(id), noon); !revoked {
				t.Errorf("%s is not revoked any more by\n%s", id, text)
			}
		}
	})
}

// FuzzFile: whatever a file says, either it is refused or every entry in it
// stops a caller.
func FuzzFile(f *testing.F) {
	f.Add("revocations: []\n")
	for _, by := range []string{"issuer: corp, subject: ada, issued_before: 2026-01-01", "issuer: corp, token_id: t", "issuer: corp, session: s", "issuer: corp, client: c", "issuer: corp, key: k", "issuer: corp, all: true", "identity: i"} {
		f.Add(fmt.Sprintf("revocations:\n  - { by: { %s }, because: test }\n  - by: { issuer: corp, subject: bob }\n    because: x\n", by))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := &File{o: FileOptions{Path: "revoked.yaml", Now: clock}}
		entries, _, err := file.parse([]byte(text))
		if err != nil {
			return
		}
		l := newLayer(entries, Names{})
		for i := range entries {
			e := &entries[i]
			c := ada(nil)
			c.IssuedAt = time.Time{}
			c.Issuer, c.TokenID, c.Session, c.Subject, c.ClientID, c.KeyID = e.By.Issuer, e.By.Token, e.By.Session, e.By.Subject, e.By.Client, e.By.Key
			c.Identity.Name = e.By.Identity
			if _, revoked := l.revoked(c, e.Until.Add(-1)); !revoked {
				t.Errorf("entry %d, %s, stops nobody in\n%s", i, &e.By, text)
			}
		}
	})
}
