//go:build e2e

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// In small what `make bench` and `tiergate-lab load` do.
func TestBenchAndLoad(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "cpu.pprof")
	for args, want := range map[string]string{
		"bench --slices 2 --slice 300ms --objects 60 --tokens 3 --most 0 --cpuprofile " + profile:               "ratio of CPU a check",
		"flood --rate 200 --unknown 150 --forged 150 --slices 2 --slice 300ms --objects 60 --tokens 3 --most 0": "300 refused, 0 allowed",
		"revoke --rounds 2 --rate 100 --objects 60 --tokens 3":                                                  "allowed: 0\n",
		"load --direct --rate 200 --duration 500ms --objects 60 --tokens-minted 3":                              "0 failed, 0 not as expected",
		"load --rate 100 --duration 500ms --objects 60 --tokens-minted 3":                                       "0 failed, 0 not as expected",
	} {
		var out, errs bytes.Buffer
		if code := run(append(strings.Fields(args), "--tiergate", tiergate(t)), &out, &errs); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit code %d\n%s\n%s", args, code, out.String(), errs.String())
		}
	}
	if info, err := os.Stat(profile); err != nil || info.Size() == 0 {
		t.Errorf("no profile: %v", err)
	}
	if left := children(t, os.Getpid()); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
}
