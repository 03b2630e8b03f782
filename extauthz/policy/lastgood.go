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
// hash of their content, and a file names the directory in force, with its layers
// behind a space: divided by slashes, the top one first; nothing where there are none.
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
	sum := keptHash(p.source)
	hash := hex.EncodeToString(sum[:])
	dir := filepath.Join(good, hash)
	if !intact(dir, p.source) { // also where something was added
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
	if err := regular.Replace(filepath.Join(good, goodName), []byte(strings.TrimSpace(hash+" "+strings.Join(p.source.Layers, "/"))+"\n"), 0o600); err != nil {
		return err
	}
	return removeOthers(good, hash)
}

// keptHash covers what is kept: the files, and which of them are the top layer's.
func keptHash(src *rules.Source) [sha256.Size]byte {
	sum := contentHash(src.Files)
	if len(src.Layers) == 0 {
		return sum
	}
	return sha256.Sum256(append(sum[:], strings.Join(src.Layers, "/")...))
}

func intact(dir string, src *rules.Source) bool {
	t, err := openTree(dir)
	if err != nil {
		return false
	}
	defer t.root.Close() //nolint:errcheck // nothing was written
	files, ms := rules.ReadFiles(t, rules.IsRead)
	return len(ms) == 0 && contentHash(files) == contentHash(src.Files)
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
	hash, layers, _ := strings.Cut(strings.TrimSpace(string(name)), " ")
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
	var fsys fs.FS = t
	if layers != "" {
		fsys = rules.Layers(t, strings.Split(layers, "/")...)
	}
	p, src, err := load(fsys)
	if p != nil {
		src = p.source
	}
	if src == nil {
		return nil, err
	}
	if got := keptHash(src); got != [sha256.Size]byte(want) {
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
