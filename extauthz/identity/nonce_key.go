package identity

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/tiergate/tiergate/rules/regular"
)

const nonceKeySize = 32

// nonceKey is the key of our nonces. It is in a file, so that replicas which have
// the same one take each other's nonces, and a restart takes those from before.
type nonceKey struct {
	current atomic.Pointer[[nonceKeySize]byte]
	path    string // "" to keep it nowhere
	found   bool   // it is the file's
	log     *slog.Logger
}

// newNonceKey reads the key that was kept. Without one it is random, and keep
// writes it: only a server does, never a command that answers and ends.
func newNonceKey(dir string, log *slog.Logger) *nonceKey {
	k := &nonceKey{log: log}
	var secret [nonceKeySize]byte
	rand.Read(secret[:]) // never fails
	k.current.Store(&secret)
	if dir == "" {
		return k
	}
	k.path = filepath.Join(dir, "dpop-nonce.key")
	if err := k.load(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		k.log.Warn("nonce key on disk not used", slog.Any("error", err))
		k.path = ""
	}
	return k
}

func (k *nonceKey) load() error {
	f, err := regular.Open(k.path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read from
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return fmt.Errorf("%s has mode %04o: others can read it, want 0600 or 0640", k.path, mode)
	}
	if info.Size() != nonceKeySize {
		return fmt.Errorf("%s has %d bytes, want %d", k.path, info.Size(), nonceKeySize)
	}
	secret := new([nonceKeySize]byte)
	if _, err := io.ReadFull(f, secret[:]); err != nil {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	k.current.Store(secret)
	k.found = true
	return nil
}

// keep writes the key unless there is one. Of several processes that start at
// once one writes, and the others take what it wrote.
func (k *nonceKey) keep() {
	if k.path == "" || k.found {
		return
	}
	err := k.write()
	if errors.Is(err, fs.ErrExist) {
		err = k.load()
	}
	if err != nil {
		k.log.Warn("nonce key not kept on disk", slog.Any("error", err))
	}
}

func (k *nonceKey) write() error {
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	return regular.Create(k.path, k.current.Load()[:], 0o600)
}
