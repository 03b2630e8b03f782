package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"syscall"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules/many"
)

// manyRules writes a configuration with n rules, and returns its path.
func manyRules(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"tiergate.yaml": many.Config, "rows.yaml": many.Rows, "keys.json": `{"keys":[]}`}
	for name, text := range many.Files(n) {
		files[filepath.Join("rules", name)] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "tiergate.yaml")
}

// TestCheckManyRules: what is measured loads, and nothing in it is odd.
func TestCheckManyRules(t *testing.T) {
	_, _, rows, err := loadAll(manyRules(t, 2_000), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range rows.bad {
		t.Error(m)
	}
}

// processor is how much time of processors this process has taken, in seconds: on a busy
// machine it says more than the clock.
func processor() float64 {
	var use syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &use) != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano()).Seconds()
}

// heldHeap samples what the heap holds, garbage that is not collected yet included, until
// stop is called, which returns the most in MiB.
func heldHeap() (stop func() float64) {
	runtime.GC()
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		var top uint64
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			top = max(top, sample[0].Value.Uint64())
			select {
			case <-done:
				most <- top
				return
			case <-tick.C:
			}
		}
	}()
	return func() float64 {
		close(done)
		return float64(<-most) / (1 << 20)
	}
}

// BenchmarkLoad is the load of a whole configuration as `check -c` does it, with the very
// steps of the server, warnings and the report included.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			file := manyRules(b, n)
			var most float64
			began, loads := processor(), 0
			for b.Loop() {
				loads++
				stop := heldHeap()
				if err := check(io.Discard, file, nil, nil, "text"); err != nil {
					b.Fatal(err)
				}
				most = max(most, stop())
			}
			b.ReportMetric(most, "peak-MiB")
			b.ReportMetric((processor()-began)/float64(loads), "cpu-s")
		})
	}
}

// BenchmarkReload is a load beside rules in force, as when a file has changed.
func BenchmarkReload(b *testing.B) {
	file := manyRules(b, 100_000)
	p, _, _, err := loadAll(file, nil)
	if err != nil {
		b.Fatal(err)
	}
	var most, kept float64
	for b.Loop() {
		stop := heldHeap()
		next, _, _, err := loadAll(file, nil)
		if err != nil {
			b.Fatal(err)
		}
		most = max(most, stop())
		p = next
		kept = heldHeap()()
	}
	b.ReportMetric(most, "peak-MiB")
	b.ReportMetric(kept, "kept-MiB")
	runtime.KeepAlive(p)
}
