package accepted

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	now   = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	one   = strings.Repeat("a1", 32)
	other = strings.Repeat("b2", 32)
)

func TestAcceptance(t *testing.T) {
	line := func(hash string, at time.Time) string { return fmt.Sprintf(form, hash, at.Format(time.RFC3339)) }
	for _, row := range []struct {
		name, file string
		want       bool
	}{
		{"accepted", line(one, now), true},
		{"accepted a day ago but for a second", line(one, now.Add(-For+time.Second)), true},
		{"accepted a day ago", line(one, now.Add(-For)), false},
		{"accepted tomorrow", line(one, now.Add(For)), false},
		{"another", line(other, now), false},
		{"after another", line(other, now) + line(one, now), true},
		{"no time", one + "\n", false},
		{"another time form", one + " 2026-11-01\n", false},
		{"nothing", "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := List(filepath.Join(t.TempDir(), "accepted"))
			if err := os.WriteFile(string(l), []byte(row.file), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := l.Has(one, now); got != row.want || err != nil {
				t.Errorf("has %v, %v, want %v", got, err, row.want)
			}
		})
	}
}

func TestAdd(t *testing.T) {
	l := List(filepath.Join(t.TempDir(), "accepted"))
	if has, err := l.Has(one, now); has || err != nil {
		t.Fatalf("without a file: %v, %v", has, err)
	}
	for _, wrong := range []string{"", "a1", strings.Repeat("g", 64), one + "00", one + "\n"} {
		if err := l.Add(wrong, now); err == nil {
			t.Errorf("%q was accepted", wrong)
		}
	}
	for _, add := range []struct {
		hash string
		at   time.Time
	}{{one, now}, {other, now.Add(time.Hour)}, {other, now.Add(2 * time.Hour)}} {
		if err := l.Add(add.hash, add.at); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(string(l))
	if want := one + " 2026-11-01T12:00:00Z\n" + other + " 2026-11-01T14:00:00Z\n"; err != nil || string(text) != want {
		t.Errorf("the file is %q, %v, want %q", text, err, want)
	}
	if err := l.Add(other, now.Add(For)); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(string(l)); strings.Contains(string(text), one) {
		t.Errorf("what is over was kept: %q", text)
	}
	if has, _ := l.Has("", now); has {
		t.Error("no hash at all is accepted")
	}
}

// A file that cannot be read is no acceptance, and no silence.
func TestUnreadable(t *testing.T) {
	l := List(t.TempDir())
	if has, err := l.Has(one, now); has || err == nil {
		t.Errorf("a directory: %v, %v", has, err)
	}
	if err := l.Add(one, now); err == nil {
		t.Error("added to a directory")
	}
}
