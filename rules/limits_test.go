package rules

import (
	"runtime"
	"strings"
	"testing"
)

// TestR2NastyFilesTakeLittle: what is wrong in very many places is reported, and loading it
// allocates less than 64 times the largest file that is read.
func TestR2NastyFilesTakeLittle(t *testing.T) {
	const size = 1 << 19
	for name, row := range map[string][3]string{ // what it begins with, what comes again and again, how it ends
		"nulls":           {"rules:\n", "-\n", ""},
		"empty rules":     {"rules:\n", "- {}\n", ""},
		"short items":     {"rules: [", "x,", "]"},
		"aliases":         {"a: &a 1\nb: [", "*a,", "]"},
		"unknown callers": {"rules:\n", "- { deny: nobody, to: read, on: account }\n", ""},
		"one key again":   {"", "rules: 1\n", ""},
		"hidden":          {"", "#\u202e\n", ""},
		"line breaks":     {"", "#\u2028\n", ""},
	} {
		text := row[0] + strings.Repeat(row[1], size/len(row[1])) + row[2]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		src, ms := Parse(mapOf(text))
		set, more := Compile(src, testEnv())
		runtime.ReadMemStats(&after)
		if n := len(ms) + len(more); n == 0 || n > 2*(maxMistakes+1) || len(set.Rules()) > 0 {
			t.Errorf("%s: %d mistakes, %d rules", name, n, len(set.Rules()))
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 64*maxFileSize {
			t.Errorf("%s: %d MiB for %d KiB", name, got>>20, len(text)>>10)
		}
	}
}
