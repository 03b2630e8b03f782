package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// writeUntilKilled is the other process of TestL4KilledAtAnyPoint.
func writeUntilKilled(path string) {
	w, err := Open(Options{Path: path, Buffer: 1000, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		w.Record(&Record{ID: fmt.Sprintf("%d-%d", os.Getpid(), i), Detail: strings.Repeat("x", i%900)})
	}
}

// L4: a process that is killed while it writes leaves a log that the next one
// goes on with: whole lines, no number twice, no hole that no gap explains.
func TestL4KilledAtAnyPoint(t *testing.T) {
	rounds := 8
	if os.Getenv("TIERGATE_FULL") != "" {
		rounds = 200
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "log")
	for round := range rounds {
		cmd := exec.Command(self, "-test.run=^$")
		cmd.Env = append(os.Environ(), "TIERGATE_AUDIT_LOG="+path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before := size(path)
		waitFor(t, func() bool { return size(path) > before }) // it writes
		time.Sleep(time.Duration(round%7) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		if tail := lastByte(t, path); round%2 == 0 && tail == '\n' { // as if it had died in the middle
			os.Truncate(path, size(path)-7)
		}
	}
	open(t, Options{Path: path}).Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, id := range strings.Fields(inOrder(t, string(text), 1)) {
		if seen[id] && id[0] != '-' {
			t.Fatalf("record %s is there twice", id)
		}
		seen[id] = true
	}
	if len(seen) < rounds {
		t.Errorf("only %d records after %d rounds", len(seen), rounds)
	}
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func lastByte(t *testing.T, path string) byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	return text[len(text)-1]
}

// L5: a real device without space.
func TestL5NoSpaceLeft(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full")
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	w := open(t, Options{Out: full, Required: true})
	if err := w.Record(&Record{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return w.Available() != nil })
	if err := w.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close() = %v, want ENOSPC", err)
	}
}
