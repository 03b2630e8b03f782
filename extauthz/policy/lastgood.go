package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// Below state_dir, the rules that loaded last stand in a directory named by the
// hash of their content, and a file names the directory in force.
const (
	goodDir  = "rules"
	goodName = "current"
)

// ErrNoneKept says that no rules were kept yet.
var ErrNoneKept = errors.New("no last good rules are kept")

// KeepLastGood writes the rules of p into the state directory, so that a
// restart on a bad rules directory has something to serve. The version that the
// file names is always complete.
func KeepLastGood(state string, p *Policy) error {
	good := filepath.Join(state, goodDir)
	sum := contentHash(p.source.Files)
	hash := hex.EncodeToString(sum[:])
	dir := filepath.Join(good, hash)
	if !intact(dir, sum) { // also where something was added
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	for _, f := range p.source.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := regular.Replace(path, []byte(f.Text), 0o600); err != nil {
			return err
		}
	}
	if err := regular.Replace(filepath.Join(good, goodName), []byte(hash+"\n"), 0o600); err != nil {
		return err
	}
	return removeOthers(good, hash)
}

func intact(dir string, sum [sha256.Size]byte) bool {
	t, err := openTree(dir)
	if err != nil {
		return false
	}
	defer t.root.Close() //nolint:errcheck // nothing was written
	files, ms := rules.ReadFiles(t, rules.IsRead)
	return len(ms) == 0 && contentHash(files) == sum
}

// LastGood loads the rules that KeepLastGood wrote last, or fails with
// ErrNoneKept. What was loaded is held against the hash under which it was kept:
// a disk that lost a byte could have lost the tier of a denial.
func LastGood(state string, load func(fs.FS) (*Policy, *rules.Source, error)) (*Policy, error) {
	good := filepath.Join(state, goodDir)
	name, err := regular.ReadFile(filepath.Join(good, goodName), 1<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoneKept
	}
	if err != nil {
		return nil, err
	}
	hash := strings.TrimSpace(string(name))
	want, err := hex.DecodeString(hash)
	if err != nil || len(want) != sha256.Size {
		return nil, fmt.Errorf("%s names no version: %q", filepath.Join(good, goodName), hash)
	}
	dir := filepath.Join(good, hash)
	t, err := openTree(dir)
	if err != nil {
		return nil, err
	}
	defer t.root.Close() //nolint:errcheck // nothing was written
	p, src, err := load(t)
	if p != nil {
		src = p.source
	}
	if src == nil {
		return nil, err
	}
	if got := contentHash(src.Files); got != [sha256.Size]byte(want) {
		return nil, fmt.Errorf("%s is not as it was kept: its files have the hash %x", dir, got)
	}
	return p, err
}

func removeOthers(good, hash string) error {
	entries, err := os.ReadDir(good)
	errs := []error{err}
	for _, e := range entries {
		if e.IsDir() && e.Name() != hash {
			errs = append(errs, os.RemoveAll(filepath.Join(good, e.Name())))
		}
	}
	return errors.Join(errs...)
}
