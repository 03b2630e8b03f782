package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/tiergate/tiergate/rules/accepted"
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

// Acceptances is where accepted versions stand below a state directory, by the
// SHA-256 of their content. A running server finds them there by itself.
func Acceptances(stateDir string) accepted.List {
	return accepted.List(filepath.Join(stateDir, "catalog-accepted"))
}

// accepted reports whether somebody accepted a version within the last day.
func (g *Gate) accepted(content string) bool {
	if g.options.StateDir == "" {
		return false
	}
	ok, err := Acceptances(g.options.StateDir).Has(content, g.options.Now())
	if err != nil {
		g.options.Log.Error("catalog acceptances not used", slog.Any("error", err))
	}
	return ok
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
