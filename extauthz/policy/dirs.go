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

	"github.com/tiergate/tiergate/rules/regular"
)

// Dirs are rules directories read as one version: each appears under its base
// name, and is a layer, the first the top one.
// They are opened through os.Root, so that links inside a directory work
// (Kubernetes mounts use them) and links out of it are refused.
type Dirs struct {
	names []string
	trees map[string]tree
}

// OpenDirs opens the directories. Open them anew for each load: the path may
// lead to another directory by then.
func OpenDirs(paths []string) (*Dirs, error) {
	d := &Dirs{trees: make(map[string]tree, len(paths))}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, errors.Join(err, d.Close())
		}
		name := filepath.Base(abs)
		if _, dup := d.trees[name]; dup {
			return nil, errors.Join(fmt.Errorf("two rules directories are named %q; rename one, positions would be ambiguous", name), d.Close())
		}
		t, err := openTree(path)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open the rules directory: %w", err), d.Close())
		}
		d.names = append(d.names, name)
		d.trees[name] = t
	}
	return d, nil
}

// Close closes the directories.
func (d *Dirs) Close() error {
	var errs []error
	for _, t := range d.trees {
		errs = append(errs, t.root.Close())
	}
	return errors.Join(errs...)
}

// Layers implements rules.Layered.
func (d *Dirs) Layers() []string { return d.names }

// Open implements fs.FS.
func (d *Dirs) Open(name string) (fs.File, error) {
	if name == "." {
		return &listing{d: d}, nil
	}
	t, rest, err := d.find("open", name)
	if err != nil {
		return nil, err
	}
	f, err := t.Open(rest)
	if dir, ok := f.(fs.ReadDirFile); ok && err == nil && rest == "." {
		return named{dir, name}, nil
	}
	return f, err
}

// Stat implements fs.StatFS. It opens nothing.
func (d *Dirs) Stat(name string) (fs.FileInfo, error) {
	if name == "." {
		return rootInfo{}, nil
	}
	t, rest, err := d.find("stat", name)
	if err != nil {
		return nil, err
	}
	info, err := t.Stat(rest)
	if err == nil && rest == "." {
		info = namedInfo{info, name}
	}
	return info, err
}

// find returns the directory that a path leads into, and the path below it.
func (d *Dirs) find(op, name string) (t tree, rest string, err error) {
	first, rest, below := strings.Cut(name, "/")
	t, ok := d.trees[first]
	switch {
	case !fs.ValidPath(name):
		err = &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	case !ok:
		err = &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	case !below:
		rest = "."
	}
	return t, rest, err
}

// tree is one directory. Nothing in it can make a reader wait: a pipe, however
// it is named, is asked about and not opened.
type tree struct{ root *os.Root }

// openTree opens a directory; behind the slash only a directory can be entered,
// so that a pipe of that name fails.
func openTree(path string) (tree, error) {
	root, err := os.OpenRoot(path + string(filepath.Separator) + ".")
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		e.Path = path
	}
	return tree{root}, err
}

// Open implements fs.FS.
func (t tree) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f, err := regular.OpenIn(t.root, name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Stat implements fs.StatFS.
func (t tree) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	return t.root.Stat(name)
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
		info, err := l.d.trees[name].Stat(".")
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
