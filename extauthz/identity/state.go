package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tiergate/tiergate/rules/regular"
)

// store keeps one issuer's last good key set on disk, so that a restart during
// an outage of the provider still serves. Whoever can write the file can name
// keys, so it is as sensitive as the configuration.
type store struct {
	path   string
	issuer string
	from   string // where the keys come from; another place is another store
}

// kept is the content of a store.
type kept struct {
	Version int       `json:"v"`
	Issuer  string    `json:"issuer"`
	From    string    `json:"from"`
	Fetched time.Time `json:"fetched"`
	Made    time.Time `json:"made,omitzero"` // by the issuer's clock
	JWKS    []byte    `json:"jwks"`          // as served
}

const keptVersion = 1

func newStore(dir, issuer, from string) *store {
	sum := sha256.Sum256([]byte(issuer))
	return &store{filepath.Join(dir, "keys", hex.EncodeToString(sum[:12])+".json"), issuer, from}
}

// load returns the document and when the issuer confirmed it. The error is
// fs.ErrNotExist when nothing was kept.
func (s *store) load() (document, time.Time, error) {
	text, err := regular.ReadFile(s.path, 2*maxBody) // the document is base64 in there: a third longer
	if err != nil {
		return document{}, time.Time{}, err
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return document{}, time.Time{}, fmt.Errorf("%s: %w", s.path, err)
	}
	if k.Version != keptVersion || k.Issuer != s.issuer || k.From != s.from {
		return document{}, time.Time{}, fmt.Errorf("%s was written for another configuration", s.path)
	}
	return document{body: k.JWKS, made: k.Made}, k.Fetched, nil
}

// save replaces the file as a whole: after a crash it is the old one or the new one.
func (s *store) save(doc document, fetched time.Time) error {
	text, err := json.Marshal(kept{keptVersion, s.issuer, s.from, fetched.UTC().Round(0), doc.made, doc.body})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	return regular.Replace(s.path, text, 0o600)
}

// forget removes what was kept.
func (s *store) forget() error {
	if err := os.Remove(s.path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
