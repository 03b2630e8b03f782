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
	Rows    Census `json:"rows"`           // of it
	Held    string `json:"held,omitempty"` // SHA-256 of a version that was held since
}

const maxMemory = 16 << 20

func (g *Gate) memory() string {
	return filepath.Join(g.options.StateDir, "catalog-"+g.options.Name+".json")
}

// remembered reads what is known of the version in force; nothing is no error.
func (g *Gate) remembered() (m memory, err error) {
	if g.options.StateDir == "" {
		return m, nil
	}
	text, err := regular.ReadFile(g.memory(), maxMemory)
	if errors.Is(err, os.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

// remember keeps what is known of the version in force, where this process serves it.
func (g *Gate) remember(m memory) {
	if g.options.StateDir == "" || !g.options.Serves {
		return
	}
	text, err := json.Marshal(m)
	if err == nil {
		err = os.MkdirAll(g.options.StateDir, 0o700)
	}
	if err == nil {
		err = regular.Replace(g.memory(), text, 0o600)
	}
	if err != nil {
		g.options.Log.Error("catalog counts not kept", slog.Any("error", err))
	}
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
	return regular.Replace(path, out.Bytes(), 0o600)
}

// acceptance reads one line.
func acceptance(line string) (content string, at time.Time, ok bool) {
	content, when, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	at, err := time.Parse(time.RFC3339, when)
	return content, at, ok && err == nil
}

// accepted reports whether somebody accepted a version within the last day.
func (g *Gate) accepted(content string) bool {
	if g.options.StateDir == "" || content == "" {
		return false
	}
	text, err := regular.ReadFile(filepath.Join(g.options.StateDir, acceptances), maxAccepted)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		g.options.Log.Error("catalog acceptances not used", slog.Any("error", err))
	}
	for line := range strings.Lines(string(text)) {
		if hash, at, ok := acceptance(line); ok && hash == content && g.options.Now().Sub(at) < acceptedFor {
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
