package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Below state_dir, the rules that loaded last stand in a directory named by
// their hash, and a file names the directory in force.
const (
	goodDir  = "rules"
	goodName = "current"
)

// KeepLastGood writes the rules of p into the state directory, so that a
// restart on a bad rules directory has something to serve. The version that the
// file names is always complete.
func KeepLastGood(state string, p *Policy) error {
	good := filepath.Join(state, goodDir)
	dir := filepath.Join(good, p.Hash)
	for _, f := range p.source.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := replaceFile(path, []byte(f.Text)); err != nil {
			return err
		}
	}
	if err := replaceFile(filepath.Join(good, goodName), []byte(p.Hash+"\n")); err != nil {
		return err
	}
	return removeOthers(good, p.Hash)
}

// LastGood returns the rules that KeepLastGood wrote last.
func LastGood(state string) (fs.FS, error) {
	good := filepath.Join(state, goodDir)
	name, err := os.ReadFile(filepath.Join(good, goodName))
	if err != nil {
		return nil, err
	}
	hash := strings.TrimSpace(string(name))
	if hash == "" || hash != filepath.Base(hash) || hash == ".." {
		return nil, fmt.Errorf("%s names no version: %q", filepath.Join(good, goodName), hash)
	}
	return os.DirFS(filepath.Join(good, hash)), nil
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
