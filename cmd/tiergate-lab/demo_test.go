//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e"
)

// TestMain lets a test run this program as a process of its own.
func TestMain(m *testing.M) {
	if args := os.Getenv("TIERGATE_LAB_ARGS"); args != "" {
		os.Exit(run(strings.Fields(args), os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == "always-yes" { // the other process of bench
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func tiergate(t *testing.T) string {
	t.Helper()
	path, err := e2e.FindTiergate(t.Context(), "../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// The demo, as `make demo` runs it: every row as expected, and nothing left.
func TestDemo(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"demo", "--tiergate", tiergate(t)}, &out, &errs); code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, out.String(), errs.String())
	}
	for _, want := range []string{"own-accounts", "no_rule", "[base]", "blast radius", "svc-billing", "make demo KEEP=1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	if left := children(t, os.Getpid()); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
}

// Whatever ends the demo ends what it started: the polite way, and the way that
// leaves it no say.
func TestDemoLeavesNothingBehind(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a process to its parent's life")
	}
	server := tiergate(t)
	for _, sig := range []os.Signal{os.Interrupt, os.Kill} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "TIERGATE_LAB_ARGS=demo --keep --tiergate "+server)
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ready := false
			for lines := bufio.NewScanner(stdout); !ready && lines.Scan(); {
				ready = strings.Contains(lines.Text(), "Everything keeps running")
			}
			started := children(t, cmd.Process.Pid)
			if !ready || len(started) < 5 {
				t.Errorf("ready: %t, with the processes %v, want four Envoys and tiergate", ready, started)
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			go func() { // drains what is left, so that the demo can end
				bufio.NewReader(stdout).WriteTo(&bytes.Buffer{})
			}()
			cmd.Wait() // killed, or not as expected: the other test's matter
			deadline := time.Now().Add(time.Minute)
			for _, pid := range started {
				for alive(pid) {
					if time.Now().After(deadline) {
						t.Fatalf("process %d outlives the demo", pid)
					}
					time.Sleep(10 * time.Millisecond)
				}
			}
		})
	}
}

// children returns the processes that pid started and that still live.
func children(t *testing.T, pid int) []int {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		for _, word := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			if alive(child) {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// alive reports whether pid runs; a zombie has only not been collected yet.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z")
}
