package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Dirs are rules directories read as one: each appears under its base name.
// They are opened through os.Root, so that links inside a directory work
// (Kubernetes mounts use them) and links out of it are refused.
type Dirs struct {
	names []string
	roots map[string]*os.Root
}

// OpenDirs opens the directories. Open them anew for each load: the path may
// lead to another directory by then.
func OpenDirs(paths []string) (*Dirs, error) {
	d := &Dirs{roots: make(map[string]*os.Root, len(paths))}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, errors.Join(err, d.Close())
		}
		name := filepath.Base(abs)
		if _, dup := d.roots[name]; dup {
			return nil, errors.Join(fmt.Errorf("two rules directories are named %q; rename one, positions would be ambiguous", name), d.Close())
		}
		root, err := os.OpenRoot(path)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open the rules directory: %w", err), d.Close())
		}
		d.names = append(d.names, name)
		d.roots[name] = root
	}
	return d, nil
}

// Close closes the directories.
func (d *Dirs) Close() error {
	var errs []error
	for _, r := range d.roots {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

// Open implements fs.FS.
func (d *Dirs) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return &listing{d: d}, nil
	}
	first, rest, below := strings.Cut(name, "/")
	root, ok := d.roots[first]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if below {
		return root.FS().Open(rest)
	}
	f, err := root.FS().Open(".")
	if err != nil {
		return nil, err
	}
	return named{f.(fs.ReadDirFile), first}, nil
}

// named is a rules directory under its name in the listing; by itself it would
// be called ".".
type named struct {
	fs.ReadDirFile
	name string
}

func (n named) Stat() (fs.FileInfo, error) {
	info, err := n.ReadDirFile.Stat()
	return namedInfo{info, n.name}, err
}

type namedInfo struct {
	fs.FileInfo
	name string
}

func (i namedInfo) Name() string { return i.name }

// listing is the root of Dirs: one directory entry for each rules directory.
type listing struct {
	d    *Dirs
	read int
}

func (l *listing) Stat() (fs.FileInfo, error) { return rootInfo{}, nil }
func (l *listing) Close() error               { return nil }
func (l *listing) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: ".", Err: errors.New("is a directory")}
}

// ReadDir implements fs.ReadDirFile.
func (l *listing) ReadDir(n int) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	for ; l.read < len(l.d.names) && (n <= 0 || len(out) < n); l.read++ {
		name := l.d.names[l.read]
		info, err := l.d.roots[name].Stat(".")
		if err != nil {
			return out, err
		}
		out = append(out, fs.FileInfoToDirEntry(namedInfo{info, name}))
	}
	if n > 0 && len(out) == 0 {
		return nil, io.EOF
	}
	return out, nil
}

type rootInfo struct{}

func (rootInfo) Name() string       { return "." }
func (rootInfo) Size() int64        { return 0 }
func (rootInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (rootInfo) ModTime() time.Time { return time.Time{} }
func (rootInfo) IsDir() bool        { return true }
func (rootInfo) Sys() any           { return nil }
