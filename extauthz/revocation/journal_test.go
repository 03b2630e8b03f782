package revocation

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
