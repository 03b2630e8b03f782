package suite

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

const (
	maxFileSize = 8 << 20
	maxDirDepth = 16 // also ends a loop of links
)

// readAll reads all *_test.yaml below the rules directories, in byte order of
// their paths.
func readAll(fsys fs.FS, ms *rules.Mistakes) (tests []testDecl) {
	names := find(fsys, ".", 0, ms)
	slices.Sort(names)
	for _, name := range names {
		tests = append(tests, readFile(fsys, name, ms)...)
	}
	return tests
}

// find treats links and names that start with a dot as rules.Parse does.
func find(fsys fs.FS, dir string, depth int, ms *rules.Mistakes) (names []string) {
	entries, err := fs.ReadDir(fsys, dir)
	if err == nil && depth > maxDirDepth {
		err = fs.ErrInvalid
	}
	if err != nil {
		ms.Add(rules.Pos{File: dir}, "%v", err)
		return nil
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := fs.Stat(fsys, name)
		switch {
		case err == nil && info.IsDir():
			names = append(names, find(fsys, name, depth+1, ms)...)
		case !strings.HasSuffix(name, "_test.yaml"):
		case err != nil:
			ms.Add(rules.Pos{File: name}, "%v", err)
		case !info.Mode().IsRegular():
			ms.Add(rules.Pos{File: name}, "not a regular file (%v)", info.Mode().Type())
		default:
			names = append(names, name)
		}
	}
	return names
}

func readFile(fsys fs.FS, name string, ms *rules.Mistakes) []testDecl {
	f, err := fsys.Open(name)
	if err != nil {
		ms.Add(rules.Pos{File: name}, "%v", err)
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	switch {
	case err != nil:
		ms.Add(rules.Pos{File: name}, "%v", err)
		return nil
	case len(text) > maxFileSize:
		ms.Add(rules.Pos{File: name}, "more than %d bytes long", maxFileSize)
		return nil
	}
	var decl file
	*ms = append(*ms, rules.DecodeYAML(name, text, &decl)...)
	return decl.Tests
}
