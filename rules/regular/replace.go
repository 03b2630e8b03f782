package regular

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace puts text in the place of a file, or where there was none. A reader
// sees the old text or the new, never half of one, and so does who reads after a
// crash: file and name are on the disk when Replace returns. The directory must be
// there. The file gets this very mode, whatever the umask is; a link of that
// name is replaced, not followed.
//
// With an error the old file is as it was, or, where its directory could not be
// synced, the new one is in its place but may be lost with the power. A crash
// may leave a hidden file beside it.
func Replace(path string, text []byte, mode fs.FileMode) error {
	half, err := beside(path, text, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(half, path); err != nil {
		return errors.Join(err, os.Remove(half))
	}
	return SyncDir(filepath.Dir(path))
}

// Create is Replace for a name that nothing has: where something has it, the
// error is fs.ErrExist and nothing changes. Of several that create one file at
// once, one succeeds, and the others find it whole.
func Create(path string, text []byte, mode fs.FileMode) error {
	half, err := beside(path, text, mode)
	if err != nil {
		return err
	}
	if err := errors.Join(os.Link(half, path), os.Remove(half)); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes the names that were made or changed in a directory survive a crash.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// beside writes a whole file to the disk under a name of its own in the directory of path.
func beside(path string, text []byte, mode fs.FileMode) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	if err == nil {
		err = errors.Join(f.Chmod(mode), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
