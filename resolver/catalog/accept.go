package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules/regular"
)

// memory is what is remembered of a file over restarts.
type memory struct {
	Content string `json:"sha256"`         // of the version that was in force last
	Rows    census `json:"rows"`           // of it
	Held    string `json:"held,omitempty"` // SHA-256 of a version that was held since
}

const maxMemory = 16 << 20

func (f *File) memory() string {
	return filepath.Join(f.options.StateDir, "catalog-"+f.options.Name+".json")
}

// remembered reads what is known of the version in force; nothing is no error.
func (f *File) remembered() (m memory, err error) {
	if f.options.StateDir == "" {
		return m, nil
	}
	text, err := regular.ReadFile(f.memory(), maxMemory)
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// remember keeps what is known of the version in force, where this process serves it.
func (f *File) remember(m memory) {
	if f.options.StateDir == "" || !f.options.Serves {
		return
	}
	text, err := json.Marshal(m)
	if err == nil {
		err = os.MkdirAll(f.options.StateDir, 0o700)
	}
	if err == nil {
		err = replaceFile(f.memory(), text)
	}
	if err != nil {
		f.options.Log.Error("catalog counts not kept", slog.Any("error", err))
	}
}

// inForce remembers a version that took effect.
func (f *File) inForce(t *table) {
	f.remember(memory{Content: hex.EncodeToString(f.seen.content[:]), Rows: t.census()})
}

const (
	acceptances  = "catalog-accepted"
	maxAccepted  = 1 << 20
	acceptedFor  = 24 * time.Hour // an old version that comes back by mistake later is held again
	acceptedForm = "%s %s\n"      // SHA-256 in hex, and when
)

// Accept lets a version of a catalog file in, for a day: its content has this
// SHA-256, in hex. A running server finds that in its state directory by itself.
func Accept(stateDir, content string, now time.Time) error {
	if raw, err := hex.DecodeString(content); err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("no SHA-256 in hex: %q", content)
	}
	path := filepath.Join(stateDir, acceptances)
	text, err := regular.ReadFile(path, maxAccepted)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var out bytes.Buffer
	for line := range strings.Lines(string(text)) {
		if hash, at, ok := acceptance(line); ok && hash != content && now.Sub(at) < acceptedFor {
			out.WriteString(line)
		}
	}
	fmt.Fprintf(&out, acceptedForm, content, now.UTC().Format(time.RFC3339))
	return replaceFile(path, out.Bytes())
}

// acceptance reads one line.
func acceptance(line string) (content string, at time.Time, ok bool) {
	content, when, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	at, err := time.Parse(time.RFC3339, when)
	return content, at, ok && err == nil
}

// accepted reports whether somebody accepted a version within the last day.
func (f *File) accepted(content string) bool {
	if f.options.StateDir == "" || content == "" {
		return false
	}
	text, err := regular.ReadFile(filepath.Join(f.options.StateDir, acceptances), maxAccepted)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.options.Log.Error("catalog acceptances not used", slog.Any("error", err))
	}
	for line := range strings.Lines(string(text)) {
		if hash, at, ok := acceptance(line); ok && hash == content && f.options.Now().Sub(at) < acceptedFor {
			return true
		}
	}
	return false
}

// Fingerprint is the SHA-256 of a file's content, in hex, by which it is accepted.
func Fingerprint(path string) (string, error) {
	file, err := regular.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// replaceFile writes beside the file, syncs, and renames over it: a reader sees
// the old content or the new, never half of it.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already after the rename
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
