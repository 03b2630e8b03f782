// Package accepted keeps what somebody let in although a guard held it: hashes,
// each good for a day. An old version that comes back by mistake later is held again.
package accepted

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules/regular"
)

// For is how long an acceptance is good.
const For = 24 * time.Hour

const (
	maxFile = 1 << 20
	form    = "%s %s\n" // SHA-256 in hex, and when
)

// List is the file that holds them.
type List string

// Add accepts a hash: a SHA-256 in hex. What is over is dropped on the way.
func (l List) Add(hash string, now time.Time) error {
	if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("no SHA-256 in hex: %q", hash)
	}
	text, err := l.read()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for line := range strings.Lines(text) {
		if other, at, ok := parse(line); ok && other != hash && good(at, now) {
			out.WriteString(line)
		}
	}
	fmt.Fprintf(&out, form, hash, now.UTC().Format(time.RFC3339))
	return regular.Replace(string(l), out.Bytes(), 0o600)
}

// Has reports whether a hash was accepted within the last day. No file is no acceptance.
func (l List) Has(hash string, now time.Time) (bool, error) {
	text, err := l.read()
	for line := range strings.Lines(text) {
		if other, at, ok := parse(line); ok && other == hash && hash != "" && good(at, now) {
			return true, nil
		}
	}
	return false, err
}

func (l List) read() (string, error) {
	text, err := regular.ReadFile(string(l), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// good reports whether an acceptance still counts: one of the future, from a
// clock that was wrong, for no longer than any other.
func good(at, now time.Time) bool { return now.Sub(at) < For && at.Sub(now) < For }

func parse(line string) (hash string, at time.Time, ok bool) {
	hash, when, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	at, err := time.Parse(time.RFC3339, when)
	return hash, at, ok && err == nil
}
