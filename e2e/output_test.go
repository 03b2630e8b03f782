//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// L3: decisions and logs go to whoever started us, and that reader goes away: a
// failed write and an alarm, but no denial, no crash, and no end that hangs.
func TestL3AReaderOfOurOutputGoesAway(t *testing.T) {
	w := world(t, programs(t, true))
	config, err := w.Configure("piped", func(s Settings) error {
		s["drain"] = map[string]any{"wait": "0s"}
		s["audit"] = map[string]any{"file": "-"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(config)
	pipe, piped := filepath.Join(dir, "output"), filepath.Join(dir, "piped.sh")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	script := fmt.Sprintf("#!/bin/sh\nexec %q \"$@\" >%q 2>&1\n", w.programs.Tiergate, pipe)
	if err := os.WriteFile(piped, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	server, err := StartTiergate(t.Context(), piped, "piped", config)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Kill()
	if err := server.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked := asking(t, server.GRPC)
	allowed := func() {
		t.Helper()
		if a := w.check(t, asked, own()); !a.Allowed {
			t.Errorf("her own account: %d, want an allow", a.Status)
		}
	}

	allowed()
	found := false
	for lines := bufio.NewScanner(reader); !found && lines.Scan(); {
		found = strings.Contains(lines.Text(), `"effect":"allow"`)
	}
	if !found {
		t.Error("the decision is not on standard output")
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	allowed()
	eventually(t, 10*time.Second, "the alarm", func() bool { return metric(t, server, "tiergate_audit_failing") == 1 })
	allowed()
	if err := server.Stop(); err == nil {
		t.Error("it ended as if every record had been written")
	}
}
