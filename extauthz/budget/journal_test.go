package budget

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// opened opens the ledger of a directory; what it logs goes into logged.
func opened(t testing.TB, dir string, logged io.Writer) *Ledger {
	t.Helper()
	l, err := Open(dir, slog.New(slog.NewTextHandler(logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func journalOf(dir string) string { return filepath.Join(dir, dirName, fileName) }

// killed is what a process leaves that is killed: its files as they are, and no lock.
func killed(t *testing.T, dir string) string {
	t.Helper()
	left := t.TempDir()
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return left
}

// TestSurvivesBeingKilled: every answer that went out is in the file by then.
func TestSurvivesBeingKilled(t *testing.T) {
	dir, o, w := t.TempDir(), objects("r", 3), &rules.Budget{Rule: "w", Counts: rules.Amounts, Most: 10, Per: time.Hour}
	l := opened(t, dir, io.Discard)
	for i := range 3 {
		charge(t, l, start, option(o, fmt.Sprint(i)))
	}
	charge(t, l, start, amount(w, 7))
	again := opened(t, killed(t, dir), io.Discard)
	for _, c := range []struct {
		name   string
		option rules.Option
		after  time.Duration
		want   bool
	}{
		{"a fourth object", option(o, "9"), 0, false},
		{"one of the three", option(o, "1"), 0, true},
		{"too much", amount(w, 4), 0, false},
		{"what is left", amount(w, 3), 0, true},
		{"a fourth object once two are over", option(o, "9"), time.Hour, true},
	} {
		if got := charge(t, again, start.Add(c.after), c.option); got != c.want {
			t.Errorf("%s: room %v, want %v", c.name, got, c.want)
		}
	}
}

// TestNothingSpentLeavesNoFile: who has no limits has no journal.
func TestNothingSpentLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	l := opened(t, dir, io.Discard)
	l.Note(start, nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	if _, err := l.Charge(start, []rules.Claim{claim(option(objects("r", 1), "1"))}); err == nil {
		t.Error("a ledger that was closed took something")
	}
}

// TestTornTailIsCutOff, and nothing else is.
func TestTornTailIsCutOff(t *testing.T) {
	dir := t.TempDir()
	l, b := opened(t, dir, io.Discard), objects("r", 2)
	charge(t, l, start, option(b, "1"))
	charge(t, l, start, option(b, "2"))
	whole, err := os.ReadFile(journalOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for cut := second; cut < len(whole); cut += 7 {
		left := killed(t, dir)
		if err := os.Truncate(journalOf(left), int64(cut)); err != nil {
			t.Fatal(err)
		}
		var logged bytes.Buffer
		again := opened(t, left, &logged)
		if got := again.Stats().Entries; got != 1 {
			t.Fatalf("cut at %d: %d entries, want 1", cut, got)
		}
		if told := strings.Contains(logged.String(), "torn line taken"); told != (cut > second) {
			t.Errorf("cut at %d: logged %q", cut, logged.String())
		}
		if !charge(t, again, start, option(b, "3")) {
			t.Errorf("cut at %d: no room for a second object", cut)
		}
		if got := opened(t, killed(t, left), io.Discard).Stats().Entries; got != 2 {
			t.Errorf("cut at %d, and again: %d entries, want 2", cut, got)
		}
	}
}

// TestDamageStopsTheStart: no flipped bit and no lost line passes for a whole journal.
func TestDamageStopsTheStart(t *testing.T) {
	dir := t.TempDir()
	l, b := opened(t, dir, io.Discard), objects("r", 5)
	for i := range 3 {
		charge(t, l, start, option(b, fmt.Sprint(i)))
	}
	whole, err := os.ReadFile(journalOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	refuses := func(name string, text []byte) {
		t.Helper()
		left := killed(t, dir)
		if err := os.WriteFile(journalOf(left), text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(left, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "bring a whole one back, or remove it") {
			t.Errorf("%s: %v", name, err)
		}
		if err := Check(left); err == nil {
			t.Errorf("%s: Check finds nothing", name)
		}
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	refuses("a line is missing", bytes.Join([][]byte{lines[0], lines[2], lines[3]}, nil))
	refuses("two lines changed places", bytes.Join([][]byte{lines[0], lines[2], lines[1], lines[3]}, nil))
	refuses("another form", append([]byte("tiergate budgets 2"), whole[len(header):]...))
	for at := 0; at < len(whole)-1; at += 11 {
		flipped := bytes.Clone(whole)
		if flipped[at] ^= 1; flipped[at] == '\n' || whole[at] == '\n' {
			continue // another line, or a torn one
		}
		refuses(fmt.Sprintf("a bit at %d", at), flipped)
	}
	if err := Check(dir); err != nil {
		t.Errorf("the whole one: %v", err)
	}
}

// TestOneProcessAtATime: two servers do not count in one file.
func TestOneProcessAtATime(t *testing.T) {
	dir, b := t.TempDir(), objects("r", 5)
	first, second := opened(t, dir, io.Discard), opened(t, dir, io.Discard) // neither has spent anything
	charge(t, first, start, option(b, "1"))
	if _, err := second.Charge(start, []rules.Claim{claim(option(b, "2"))}); err == nil {
		t.Error("a second server wrote to the same state_dir")
	}
	if _, err := Open(dir, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a third one started")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if !charge(t, second, start, option(b, "2")) {
		t.Error("no room once the first has ended")
	}
}

// TestWhatCannotBeWrittenIsNotTaken, and is told once. What a denied request named
// counts all the same.
func TestWhatCannotBeWrittenIsNotTaken(t *testing.T) {
	dir, b := t.TempDir(), objects("r", 2)
	var logged bytes.Buffer
	l := opened(t, dir, &logged)
	charge(t, l, start, option(b, "1"))
	good := l.journal.file
	bad, err := os.Open(journalOf(dir)) // read only: every write fails
	if err != nil {
		t.Fatal(err)
	}
	defer bad.Close()
	l.journal.file = bad
	for range 3 {
		if _, err := l.Charge(start, []rules.Claim{claim(option(b, "2"))}); err == nil {
			t.Fatal("taken, and not written down")
		}
	}
	if got := l.Stats(); got.Entries != 1 || got.Failed != 3 {
		t.Errorf("%+v, want 1 entry and 3 failures", got)
	}
	if n := strings.Count(logged.String(), "budgets not written down"); n != 1 {
		t.Errorf("told %d times", n)
	}
	l.Note(start, option(b, "9").Charges)
	l.journal.file = good
	if charge(t, l, start, option(b, "2")) {
		t.Error("what a denied request named does not count")
	}
	if !charge(t, l, start, option(b, "1")) || !strings.Contains(logged.String(), "budgets written down again") {
		t.Errorf("nothing is written again: %s", logged.String())
	}
}

// TestWrittenAnew: a journal of what is over becomes one of what counts, and nothing
// that is taken meanwhile is lost.
func TestWrittenAnew(t *testing.T) {
	dir, b := t.TempDir(), objects("r", 1_000_000)
	w := &rules.Budget{Rule: "w", Counts: rules.Writes, Most: 1_000_000, Per: time.Hour}
	l := opened(t, dir, io.Discard)
	for i := range 300 {
		charge(t, l, start.Add(time.Duration(i)*time.Minute), option(b, fmt.Sprint(i)))
		charge(t, l, start.Add(time.Duration(i)*time.Minute), amount(w, 2))
	}
	before := l.journal.size
	now := start.Add(300 * time.Minute)
	l.sweep(now, 10)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 200 {
			charge(t, l, now, option(b, fmt.Sprint("meanwhile ", i)))
		}
	})
	if err := l.compact(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if l.journal.size >= before {
		t.Errorf("%d bytes, there were %d", l.journal.size, before)
	}
	again := opened(t, killed(t, dir), io.Discard)
	if got, want := again.Stats(), l.Stats(); got.Entries != want.Entries || got.Accounts != want.Accounts {
		t.Errorf("read back %+v, want %+v", got, want)
	}
	again.expire(again.accounts[nameOf(&amount(w, 1).Charges[0]).key], now.UnixNano())
	if got := again.accounts[nameOf(&amount(w, 1).Charges[0]).key].sums.total; got != 120 && got != 118 {
		t.Errorf("a sum of %d, want the last hour's", got)
	}
}

// TestWrittenAnewInParts: each part of the copy lets requests in, of accounts that were
// copied, that are still to come and that are new. Each is in the new file once.
func TestWrittenAnewInParts(t *testing.T) {
	dir := t.TempDir()
	l := opened(t, dir, io.Discard)
	rule := func(n int) string { return fmt.Sprint("r", n) }
	sum := func(n int) *rules.Budget {
		return &rules.Budget{Rule: rule(n), Counts: rules.Amounts, Most: 1_000_000, Per: time.Hour}
	}
	const accounts, each = 30, 1_000 // several parts of the copy
	spend := func(n, i int) {
		charge(t, l, start, option(objects(rule(n), 10*each), fmt.Sprint(i)))
		charge(t, l, start, amount(sum(n), 1))
	}
	for n := range accounts {
		for i := range each {
			spend(n, i)
		}
	}
	size := l.journal.size
	begun := accounts
	for range 10 {
		spendMeanwhile(t, l, func(i int) {
			spend(i%accounts, i+each)
			spend(begun, 0)
			begun++
		})
		if l.journal.size >= size {
			t.Fatalf("%d bytes, there were %d", l.journal.size, size)
		}
		again := opened(t, killed(t, dir), io.Discard)
		if got, want := len(again.list), len(l.list); got != want {
			t.Fatalf("%d accounts, want %d", got, want)
		}
		for key, want := range l.accounts {
			got := again.accounts[key]
			if got == nil || got.sums.total != want.sums.total || got.objects.len() != want.objects.len() {
				t.Fatalf("account %x of %d and %d objects was read back as another (at all: %t)", key, want.sums.total, want.objects.len(), got != nil)
			}
			for id := range want.objects.by {
				if !got.objects.has(id) {
					t.Fatalf("%x is not in the new file", id)
				}
			}
		}
	}
}

// TestClosedWhileWrittenAnew: the old journal stays, and has everything.
func TestClosedWhileWrittenAnew(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		l := opened(t, dir, io.Discard)
		for n := range 12 {
			for i := range 1_000 {
				charge(t, l, start, option(objects(fmt.Sprint(n), 1_000), fmt.Sprint(i)))
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := l.compact(); err != nil && !errors.Is(err, errClosed) {
			t.Error(err)
		}
		wg.Wait()
		if got := opened(t, dir, io.Discard).Stats(); got.Entries != 12_000 {
			t.Fatalf("%d entries, want 12000", got.Entries)
		}
	}
}

// spendMeanwhile spends for as long as the journal is written anew.
func spendMeanwhile(t *testing.T, l *Ledger, spend func(i int)) {
	t.Helper()
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				spend(i)
			}
		}
	})
	err := l.compact()
	close(stop)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
}

// TestSyncThatFailed: what the disk has is not known, so all that counts is written
// again, be there anything new or not.
func TestSyncThatFailed(t *testing.T) {
	dir, b := t.TempDir(), objects("r", 2)
	l := opened(t, dir, io.Discard)
	charge(t, l, start, option(b, "1"))
	good, lost := l.journal.file, filepath.Join(t.TempDir(), "lost")
	bad, err := os.Create(lost)
	if err != nil {
		t.Fatal(err)
	}
	bad.Close()
	l.journal.file = bad
	if err := l.upkeep(); err == nil {
		t.Fatal("a sync of a closed file is fine")
	}
	good.Close()
	if err := os.Truncate(journalOf(dir), 0); err != nil { // what the disk had of it
		t.Fatal(err)
	}
	if err := l.upkeep(); err != nil || l.journal.unsure {
		t.Fatalf("%v, unsure %v", err, l.journal.unsure)
	}
	if got := opened(t, killed(t, dir), io.Discard).Stats(); got.Entries != 1 {
		t.Errorf("read back %+v, want the one entry", got)
	}
}

// TestUpkeep syncs what was written, and writes anew what is mostly over.
func TestUpkeep(t *testing.T) {
	dir, b := t.TempDir(), objects("r", 10)
	l := opened(t, dir, io.Discard)
	if err := l.upkeep(); err != nil {
		t.Fatal(err)
	}
	charge(t, l, start, option(b, "1"))
	if err := l.upkeep(); err != nil || l.journal.dirty {
		t.Fatalf("%v, dirty %v", err, l.journal.dirty)
	}
	for l.journal.size <= smallFile {
		charge(t, l, start, option(b, "1"))
	}
	if err := l.upkeep(); err != nil {
		t.Fatal(err)
	}
	if l.journal.size > 1<<10 {
		t.Errorf("%d bytes for one object", l.journal.size)
	}
	if got := opened(t, killed(t, dir), io.Discard).Stats().Entries; got != 1 {
		t.Errorf("%d entries, want 1", got)
	}
}

// FuzzRead: whatever the file holds, it is read as a whole or refused, and what is read
// can be written again.
func FuzzRead(f *testing.F) {
	var c chain
	text := c.end([]byte(header))
	var es entries
	charges := option(objects("r", 1), "1").Charges
	es.add(start.UnixNano(), &charges[0], time.Hour)
	f.Add(append(bytes.Clone(text), c.end(es.appendWords(nil))...))
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		var all entries
		size, _, _, err := read(bytes.NewReader(text), func(es *entries) { all = append(all, *es...) })
		if err != nil || len(all) == 0 {
			return
		}
		if size > int64(len(text)) {
			t.Fatalf("%d bytes of %d", size, len(text))
		}
		var again entries
		if err := again.words(all.appendWords(nil)); err != nil || len(again) != len(all) {
			t.Errorf("%v: %d entries, want %d", err, len(again), len(all))
		}
	})
}
