package policy

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Rules, the tests beside them with their snapshots, and the files named are seen to
// change, once they rest; other files are not.
func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir() + "/rules"
		write(t, dir+"/shop.yaml", "a")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var seen atomic.Int32
		config := t.TempDir() + "/tiergate.yaml"
		go changes(ctx, []string{dir}, []string{config}, nil, func() { seen.Add(1) })
		synctest.Wait()
		for _, c := range []struct {
			what   string
			change func()
			want   int32
		}{
			{"nothing", func() {}, 0},
			{"rules", func() { write(t, dir+"/shop.yaml", "b") }, 1},
			{"tests", func() { write(t, dir+"/shop_test.yaml", "b") }, 1},
			{"a snapshot", func() { write(t, dir+"/shop_test.snap", "b") }, 1},
			{"the configuration appears", func() { write(t, config, "b") }, 1},
			{"the configuration", func() { write(t, config, "c") }, 1},
			{"the same configuration", func() { write(t, config, "c") }, 0},
			{"a file beside it", func() { write(t, config+".bak", "c") }, 0},
			{"the configuration is gone", func() { _ = os.Remove(config) }, 1},
			{"notes", func() { write(t, dir+"/notes.txt", "b") }, 0},
			{"a slow writer", func() {
				for part := range 9 {
					write(t, dir+"/shop.yaml", strings.Repeat("c", part+1))
					time.Sleep(settle * 2 / 3)
				}
			}, 1},
		} {
			before := seen.Load()
			c.change()
			time.Sleep(3 * pollEvery)
			synctest.Wait()
			if got := seen.Load() - before; got != c.want {
				t.Errorf("%s: seen %d times, want %d", c.what, got, c.want)
			}
		}
	})
}
