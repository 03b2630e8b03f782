package revocation

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
)

// reading opens a journal as a server without control does, which shares the
// directory of one that takes changes.
func reading(t *testing.T, dir string, log *bytes.Buffer) (*List, *follower) {
	t.Helper()
	j, err := OpenJournal(JournalOptions{Dir: dir, ReadOnly: true, Log: slog.New(slog.NewTextHandler(log, nil)), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return New(j, nil, clock), &follower{journal: j}
}

func (f *follower) sees(t *testing.T, l *List, changed bool) {
	t.Helper()
	if got := f.look(); got != changed {
		t.Errorf("changed is %v, want %v", got, changed)
	} else if got {
		l.reload()
	}
}

// S6: what one server acknowledges, one that reads the same directory has at its
// next look; and what is restored, too.
func TestS6AReaderFollowsTheJournal(t *testing.T) {
	for _, begun := range []bool{false, true} { // whether there is a journal when the reader starts
		dir := t.TempDir()
		if begun {
			first := journal(t, dir)
			put(t, first, "old")
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
		}
		var log bytes.Buffer
		reader, f := reading(t, dir, &log)
		f.sees(t, reader, false)
		writer := journal(t, dir)
		put(t, writer, "ada")
		reader.wants(t, "ada", "")
		f.sees(t, reader, true)
		reader.wants(t, "ada", "ada")
		reader.wants(t, "bob", "")
		f.sees(t, reader, false)
		if _, err := writer.Restore(t.Context(), Undo{ID: "ada", Who: "test", Because: "test"}); err != nil {
			t.Fatal(err)
		}
		f.sees(t, reader, true)
		reader.wants(t, "ada", "")
		if _, epoch := reader.Entries(); epoch != writer.epoch {
			t.Errorf("epoch %d, want %d", epoch, writer.epoch)
		}
		writer.writing.Lock()
		err := writer.rewrite() // the same content in a new file
		writer.writing.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		f.sees(t, reader, true)
		put(t, writer, "eve")
		f.sees(t, reader, true)
		reader.wants(t, "eve", "eve")
		if strings.Contains(log.String(), "level=ERROR") {
			t.Error(log.String())
		}
	}
}

// S6: a journal that is damaged, cut, gone or another store's takes nothing out of
// force at a reader, and that is told once. The twin of all is the next whole one.
func TestS6AReaderNeverGoesBack(t *testing.T) {
	dir := t.TempDir()
	writer := journal(t, dir)
	put(t, writer, "one")
	early := read(t, writer.path)
	put(t, writer, "ada")
	var log bytes.Buffer
	reader, f := reading(t, dir, &log)
	f.sees(t, reader, false)
	whole := read(t, writer.path)
	other := journal(t, t.TempDir())
	put(t, other, "x", "y", "z")
	for _, c := range []struct {
		name string
		text []byte
		want string
	}{
		{"damaged", bytes.Replace(whole, []byte(`"ada"`), []byte(`"adb"`), 1), "its sum is wrong"},
		{"rolled back", early, "it is at epoch 1 and was at 2"},
		{"empty", nil, "the header is missing"},
		{"another store's", read(t, other.path), "another store's journal"},
		{"gone", nil, "no such file"},
	} {
		err := os.WriteFile(writer.path, c.text, 0o600)
		if c.name == "gone" {
			err = os.Remove(writer.path)
		}
		if err != nil {
			t.Fatal(err)
		}
		log.Reset()
		f.sees(t, reader, false)
		f.sees(t, reader, false)
		reader.wants(t, "ada", "ada")
		if got := log.String(); strings.Count(got, "level=ERROR") != 1 || !strings.Contains(got, c.want) {
			t.Errorf("%s: the log is %q, want %q once", c.name, got, c.want)
		}
	}
	if err := os.WriteFile(writer.path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	log.Reset()
	f.sees(t, reader, false)
	if reader.Stats().Tampered != 5 || !strings.Contains(log.String(), "followed again") {
		t.Errorf("%d, %s", reader.Stats().Tampered, log.String())
	}
}
