package main

import (
	"io"
	"path/filepath"
	"strconv"
	"testing"
)

// What one source is asked for is there, what it is not asked for is not, and
// every source has the same rows.
func TestScaleReadsWhatItMade(t *testing.T) {
	const n = 1000
	csv := filepath.Join(t.TempDir(), "rows.csv")
	if err := writeRows(t.Context(), csv, n); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"file", "sqlite"} {
		st, err := stocks[source](t.Context(), &scale{say: io.Discard}, csv)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readScale(t.Context(), n, source, st.args[0])
		if err != nil {
			t.Errorf("%s: %v", source, err)
		}
		for what, l := range map[string]latencies{"warm": got.Warm, "cold": got.Cold, "missing": got.Missing} {
			if l.P50 <= 0 || l.P99 < l.P50 {
				t.Errorf("%s, %s: %v", source, what, l)
			}
		}
		if got.RSS < 1<<20 || got.Load <= 0 {
			t.Errorf("%s: %+v", source, got)
		}
		if err := st.end(); err != nil {
			t.Error(err)
		}
	}
	if _, err := readScale(t.Context(), n, "tape", csv); err == nil {
		t.Error("a source that does not exist was read")
	}
}

func TestScaleMakesEachIDOnce(t *testing.T) {
	for _, n := range []int{1000, 9973, 10_000} {
		seen := make(map[string]bool)
		for i := range n {
			seen[idOfRow(i, n)] = true
		}
		if len(seen) != n {
			t.Errorf("%d rows have %d ids", n, len(seen))
		}
	}
}

func TestScaleRefusesWhatItCannotMeasure(t *testing.T) {
	for row, args := range map[string][]string{
		"too few": {"scale", "--objects", "10"}, "too many": {"scale", "--objects", strconv.Itoa(2_000_000_000)}, "no such source": {"scale", "--source", "tape"},
	} {
		if code := run(args, io.Discard, io.Discard); code != 2 {
			t.Errorf("%s: exit code %d, want 2", row, code)
		}
	}
}
