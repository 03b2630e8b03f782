package audit

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
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("TIERGATE_AUDIT_LOG"); path != "" {
		writeUntilKilled(path)
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, o Options) *Writer {
	t.Helper()
	if o.Buffer == 0 {
		o.Buffer = 100
	}
	o.Log = slog.New(slog.DiscardHandler)
	w, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// disk is a sink that can fail.
type disk struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	broken  error
	partial int // bytes taken before broken
}

func (d *disk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		n := min(d.partial, len(p))
		d.partial = 0
		d.buf.Write(p[:n])
		return n, d.broken
	}
	return d.buf.Write(p)
}

func (d *disk) breaks(err error, after int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken, d.partial = err, after
}

func (d *disk) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.buf.String()
}

// inOrder checks that every line is whole and that seq has no hole that no gap
// explains; it returns the ids, and "-N" for a gap of N.
func inOrder(t *testing.T, log string, first uint64) string {
	t.Helper()
	var ids []string
	for r, err := range Read(strings.NewReader(log)) {
		if err != nil {
			t.Fatalf("%v in:\n%s", err, log)
		}
		if r.Seq != first {
			t.Fatalf("seq %d where %d was due, in:\n%s", r.Seq, first, log)
		}
		if first++; r.Gap > 0 {
			first += r.Gap - 1
			ids = append(ids, fmt.Sprint("-", r.Gap))
			continue
		}
		ids = append(ids, r.ID)
	}
	return strings.Join(ids, " ")
}

func TestRecordsComeOutInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := open(t, Options{Out: d})
		for i := range 50 {
			if err := w.Record(&Record{ID: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(gather + time.Millisecond)
		synctest.Wait()
		if got := inOrder(t, d.text(), 1); !strings.HasPrefix(got, "0 1 2") || !strings.HasSuffix(got, " 49") {
			t.Errorf("got %s", got)
		}
		if s := w.Stats(); s.Written != 50 || s.Dropped != 0 || s.Err != nil {
			t.Errorf("stats %+v", s)
		}
	})
}

// L5: a disk that fails never blocks a caller; what is lost is counted and
// stands in the log.
func TestL5LostRecordsAreAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		d.breaks(errors.New("no space left on device"), 25)
		w := open(t, Options{Out: d, Buffer: 4})
		w.Record(&Record{ID: "first"})
		time.Sleep(2 * gather) // it is with the sink now, partly written
		for i := range 10 {
			if err := w.Record(&Record{ID: fmt.Sprint(i)}); err != nil {
				t.Fatalf("best effort: %v", err)
			}
		}
		if s := w.Stats(); s.Dropped != 6 || s.Err == nil {
			t.Fatalf("stats %+v, want 6 dropped and an error", s)
		}
		d.breaks(nil, 0)
		time.Sleep(2 * retry)
		w.Record(&Record{ID: "last"})
		time.Sleep(2 * gather)
		synctest.Wait()
		if got, want := inOrder(t, d.text(), 1), "first 0 1 2 3 -6 last"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if s := w.Stats(); s.Err != nil {
			t.Errorf("still failing: %v", s.Err)
		}
	})
}

func TestL5RequiredLogIsUnavailableWhileItFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := open(t, Options{Out: d, Buffer: 2, Required: true})
		if err := w.Available(); err != nil {
			t.Fatalf("a healthy log: %v", err)
		}
		d.breaks(errors.New("input/output error"), 0)
		w.Record(&Record{ID: "a"})
		time.Sleep(2 * gather)
		if err := w.Available(); !errors.Is(err, ErrUnavailable) {
			t.Errorf("a failing log: %v, want ErrUnavailable", err)
		}
		w.Record(&Record{ID: "b"})
		w.Record(&Record{ID: "c"})
		if err := w.Record(&Record{ID: "d"}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("a full buffer: %v, want ErrUnavailable", err)
		}
		d.breaks(nil, 0)
		time.Sleep(2 * retry)
		if err := w.Available(); err != nil {
			t.Errorf("a log that is written again: %v", err)
		}
	})
}

func TestCloseWritesWhatWaitsAndTheLastGap(t *testing.T) {
	d := &disk{}
	w := open(t, Options{Out: d, Buffer: 1})
	w.Record(&Record{ID: "a"})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Record(&Record{ID: "late"})
	if got := inOrder(t, d.text(), 1); got != "a" {
		t.Errorf("got %q", got)
	}
	if w.Stats().Dropped != 1 {
		t.Errorf("a record after Close is not counted as dropped")
	}
}

func TestAPanickingSinkFailsTheLogAndNothingElse(t *testing.T) {
	w := open(t, Options{Out: panics{}, Required: true})
	w.Record(&Record{ID: "a"})
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "panic") {
		t.Errorf("Close() = %v", err)
	}
	if err := w.Available(); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Available() = %v", err)
	}
}

type panics struct{}

func (panics) Write([]byte) (int, error) { panic("sink") }

// A writer that is closed in order loses nothing, and the next one says so; one
// that had to give up counts what it had, and the next one says that too.
func TestL5WhatAWriterGaveUpIsCountedAndSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for _, id := range []string{"a", "b"} {
		w := open(t, Options{Path: path})
		w.Record(&Record{ID: id})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		d.breaks(errors.New("no space left on device"), 0)
		w := open(t, Options{Out: d})
		w.Record(&Record{ID: "in hand"})
		time.Sleep(2 * gather)
		w.Record(&Record{ID: "waiting"})
		if err := w.Close(); err == nil {
			t.Error("Close() is happy")
		}
		if s := w.Stats(); s.Dropped != 2 || s.Written != 0 {
			t.Errorf("stats %+v, want 2 dropped", s)
		}
	})
	log, _ := os.ReadFile(path)
	if got := inOrder(t, string(log), 1); got != "a b" {
		t.Errorf("two runs in order: %q", got)
	}
}

// A request can make a record that no reader would take; it is cut, not lost.
func TestARecordNeverOutgrowsItsLine(t *testing.T) {
	long := strings.Repeat("\x00", maxText)
	inputs := make([]Input, 1000)
	targets := make([]Target, 1000)
	for i := range inputs {
		inputs[i], targets[i] = Input{Name: "n", Value: long}, Target{ID: long}
	}
	for name, c := range map[string]struct {
		r    Record
		cut  bool
		left int // targets
	}{
		"fits":        {Record{ID: "a", Inputs: inputs[:100], Targets: targets[:100]}, false, 100},
		"inputs":      {Record{ID: "a", Inputs: inputs, Targets: targets[:100]}, true, 100},
		"and targets": {Record{ID: "a", Inputs: inputs, Targets: targets}, true, 0},
	} {
		path := filepath.Join(t.TempDir(), "log")
		w := open(t, Options{Path: path})
		w.Record(&c.r)
		w.Close()
		log, _ := os.ReadFile(path)
		got, err := Find(bytes.NewReader(log), "a")
		if err != nil || got.Cut != c.cut || len(got.Targets) != c.left || len(c.r.Inputs) == len(got.Inputs) == c.cut {
			t.Errorf("%s: %v, cut %v, %d targets, %d inputs", name, err, got.Cut, len(got.Targets), len(got.Inputs))
		}
		again := open(t, Options{Path: path})
		again.Record(&Record{ID: "b"})
		again.Close()
		log, _ = os.ReadFile(path)
		if got := inOrder(t, string(log), 1); got != "a b" {
			t.Errorf("%s: reopened: %q", name, got)
		}
	}
}

// waitFor polls what another goroutine does with a real file.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing happened within a minute")
		}
	}
}

func TestManyWritersAtOnce(t *testing.T) {
	d := &disk{}
	w := open(t, Options{Out: d, Buffer: 64})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				w.Record(&Record{ID: "x"})
			}
		})
	}
	wg.Wait()
	w.Close()
	ids := strings.Fields(inOrder(t, d.text(), 1))
	s := w.Stats()
	if s.Written+s.Dropped != 1600 {
		t.Errorf("%d written and %d dropped, want 1600 together", s.Written, s.Dropped)
	}
	if len(ids) < int(s.Written) {
		t.Errorf("%d lines, %d written", len(ids), s.Written)
	}
}

// L3: the end does not wait for ever for a reader who reads no more.
func TestL3CloseGivesUpAReaderWhoReadsNoMore(t *testing.T) {
	reader, out := io.Pipe()
	defer reader.Close()
	w := open(t, Options{Out: out, Patience: time.Millisecond})
	if err := w.Record(&Record{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil {
		t.Error("closed as if the record had been read")
	}
}
