package revocation

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// heard is a journal whose log can be read.
func heard(t *testing.T, dir string) (*Journal, *bytes.Buffer) {
	t.Helper()
	log := new(bytes.Buffer)
	j, err := OpenJournal(JournalOptions{Dir: dir, Log: slog.New(slog.NewTextHandler(log, nil)), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, log
}

// M5: what removes or replaces the files of a running server lets no second one
// in, and the files come back as they were.
func TestM5RemovingTheMarkLetsNoSecondServerIn(t *testing.T) {
	for name, change := range map[string]func(mark string) error{
		"removed": os.Remove,
		"replaced": func(mark string) error {
			return replace(mark, "tiergate-revocations "+strings.Repeat("a", 26)+" 00000000000000000000\n")
		},
		"emptied": func(mark string) error { return os.Truncate(mark, 0) },
		"changed": func(mark string) error { return os.WriteFile(mark, []byte("garbage"), 0o600) },
		"a rollback": func(mark string) error {
			text, err := os.ReadFile(mark)
			if err != nil {
				return err
			}
			return replace(mark, strings.Replace(string(text), "2\n", "1\n", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j, log := heard(t, dir)
			put(t, j, "a", "b")
			path := filepath.Join(dir, markName)
			want := read(t, path)
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			if second, err := tryOpen(dir); err == nil || !strings.Contains(err.Error(), "another process") {
				t.Errorf("a second server: %v", err)
				second.Close()
			}
			j.look()
			if got := read(t, path); !bytes.Equal(got, want) {
				t.Errorf("the mark is %q, want %q", got, want)
			}
			if tampered, lost := j.Tampered(); tampered != 1 || lost {
				t.Errorf("tampered with %d times, lost %v; want 1, false", tampered, lost)
			}
			if !strings.Contains(log.String(), "level=ERROR") {
				t.Errorf("not told: %s", log)
			}
			log.Reset()
			j.look()
			if log.Len() > 0 {
				t.Errorf("told twice: %s", log)
			}
			put(t, j, "c")
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			if got := ids(journal(t, dir)); got != "a b c" {
				t.Errorf("entries %q after a restart, want a b c", got)
			}
		})
	}
}

func replace(path, text string) error {
	if err := os.WriteFile(path+".other", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".other", path)
}

// M5: the twin without any change is never told of.
func TestAJournalThatIsLeftAloneIsNeverMended(t *testing.T) {
	j, log := heard(t, t.TempDir())
	put(t, j, "a")
	for range 3 {
		j.look()
	}
	if tampered, lost := j.Tampered(); tampered != 0 || lost || log.Len() > 0 {
		t.Errorf("tampered %d, lost %v, log %s", tampered, lost, log)
	}
}

// M5: a directory that is moved away and made anew is taken when nobody has it.
func TestM5ADirectoryThatIsReplacedIsTakenWhenItIsFree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	j, log := heard(t, dir)
	put(t, j, "a")
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	put(t, j, "b") // the change itself looks
	if tampered, lost := j.Tampered(); tampered == 0 || lost || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("tampered %d, lost %v, log %s", tampered, lost, log)
	}
	if _, err := tryOpen(dir); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second server: %v", err)
	}
	j.Close()
	if got := ids(journal(t, dir)); got != "a b" {
		t.Errorf("entries %q after a restart, want a b", got)
	}
}

// M5: where another server has the directory by now, the first one takes no
// changes, touches nothing, and goes on believing nobody whom it knows as revoked.
func TestM5AServerThatLostItsDirectoryTakesNoChanges(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	j, log := heard(t, dir)
	put(t, j, "a")
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	second := journal(t, dir)
	put(t, second, "x", "y")
	want, mark := read(t, second.path), read(t, filepath.Join(dir, markName))
	for range 2 {
		j.look()
		if _, err := j.Add(t.Context(), corp("b")); err == nil {
			t.Error("a change was acknowledged")
		}
		if _, lost := j.Tampered(); !lost {
			t.Error("nobody is told that the directory is lost")
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("told %d times, want once: %s", n, log)
	}
	if got := ids(j); got != "a" {
		t.Errorf("entries %q, want a", got)
	}
	if !bytes.Equal(read(t, second.path), want) || !bytes.Equal(read(t, filepath.Join(dir, markName)), mark) {
		t.Error("the other server's files were written to")
	}
	put(t, second, "z")

	// Gone again, it leaves more than the first one knows: nobody may write over that.
	second.Close()
	j.look()
	if _, err := j.Add(t.Context(), corp("b")); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("after another server wrote there: %v", err)
	}
	if got := read(t, filepath.Join(dir, markName)); !strings.Contains(string(got), "00003\n") {
		t.Errorf("the mark of the other server is %q", got)
	}

	// Back in its place, the first one goes on.
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir+".old", dir); err != nil {
		t.Fatal(err)
	}
	put(t, j, "b")
	if _, lost := j.Tampered(); lost {
		t.Error("still lost")
	}
}

// M5: where directories have no locks, the mark's is all there is. Who removes it
// opens a gap, until the first server sees that another one has the new mark.
func TestM5WithoutLocksOnDirectoriesTheSecondServerIsNoticed(t *testing.T) {
	dir := t.TempDir()
	unlocked := func(j *Journal) {
		t.Helper()
		j.hold.dir.Close()
		d, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		j.hold = &hold{dir: d}
	}
	j, _ := heard(t, dir)
	put(t, j, "a")
	unlocked(j)
	if _, err := tryOpen(dir); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("the lock of the mark lets a second server in: %v", err)
	}
	mark := filepath.Join(dir, markName)
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	j.look() // in time: the mark is ours again
	if _, lost := j.Tampered(); lost {
		t.Error("lost, and nobody else is there")
	}
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	second := journal(t, dir)
	unlocked(second)
	put(t, second, "b")
	if _, err := j.Add(t.Context(), corp("c")); err == nil {
		t.Error("both servers acknowledge changes")
	}
	second.Close()
	if _, err := j.Add(t.Context(), corp("c")); err == nil || !strings.Contains(err.Error(), "another server wrote") {
		t.Errorf("it writes over what the other server acknowledged: %v", err)
	}
	j.Close()
	if got := ids(journal(t, dir)); got != "a b" {
		t.Errorf("entries %q after a restart, want a b", got)
	}
}
