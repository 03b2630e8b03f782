package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tiergate/tiergate/rules/regular"
)

// keySize is the size of the key in bytes.
const keySize = 32

// Key hides sensitive inputs: equal values give equal hashes under one key, and
// without it a hash says nothing, even about a value that could be guessed.
type Key struct{ secret *[keySize]byte } // a pointer, because fmt prints what sits in unexported fields

// KeyName is the file of the key in the state directory.
const KeyName = "audit.key"

// LoadKey reads the key of a state directory, and makes it at the first start.
// Without a directory the key lives as long as the process.
func LoadKey(dir string) (*Key, error) {
	if dir == "" {
		k := &Key{secret: new([keySize]byte)}
		rand.Read(k.secret[:]) // never fails
		return k, nil
	}
	path := filepath.Join(dir, KeyName)
	data, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(dir, path); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("audit: make the key: %w", err)
		}
		data, err = readKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return &Key{secret: (*[keySize]byte)(data)}, nil
}

func readKey(path string) ([]byte, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read from
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key %s has mode %04o: others can read it, want 0600", path, info.Mode().Perm())
	}
	if info.Size() != keySize {
		return nil, fmt.Errorf("key %s has %d bytes, want %d", path, info.Size(), keySize)
	}
	data := make([]byte, keySize)
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("key %s: %w", path, err)
	}
	return data, nil
}

// makeKey makes a key, unless another first start did at the same time.
func makeKey(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var secret [keySize]byte
	rand.Read(secret[:]) // never fails
	return regular.Create(path, secret[:], 0o600)
}

// Hash returns the keyed hash of a value, 32 hex digits.
func (k *Key) Hash(v any) string {
	mac := hmac.New(sha256.New, k.secret[:])
	fmt.Fprintf(mac, "%T %#v", v, v) // the kind and the whole value, unlike a text of the record
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// Format implements fmt.Formatter: no verb prints the secret.
func (k *Key) Format(w fmt.State, _ rune) {
	io.WriteString(w, "[audit key]") //nolint:errcheck // as package fmt has it
}
