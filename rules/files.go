package rules

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tiergate/tiergate/rules/regular"
)

const (
	maxFileSize = 8 << 20 // bytes; a file of that size already takes some hundred MB to read
	maxDirDepth = 16      // directories below the rules directory; also ends a loop of links
)

// ReadFiles reads the files of a rules directory whose paths are wanted, in byte
// order of their paths. Names that start with a dot are not entered, so a
// Kubernetes volume is read once, through its visible links. Nothing else
// vanishes in silence, for it might hold a deny rule: a name that leads nowhere
// or out of the directory is a mistake, and so is an ending that is almost .yaml,
// or that is followed by spaces.
func ReadFiles(fsys fs.FS, wanted func(path string) bool) ([]File, Mistakes) {
	l := lister{fsys: fsys, wanted: wanted}
	l.enter(".", 0)
	slices.SortFunc(l.files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return l.files, l.ms
}

type lister struct {
	fsys   fs.FS
	wanted func(string) bool
	files  []File
	ms     Mistakes
}

// enter asks for each entry's target rather than its own type, because a
// mounted volume holds links only.
func (l *lister) enter(dir string, depth int) {
	if depth > maxDirDepth {
		l.ms.Add(Pos{File: dir}, "more than %d directories deep", maxDirDepth)
		return
	}
	entries, err := fs.ReadDir(l.fsys, dir)
	if err != nil {
		l.ms.Add(Pos{File: dir}, "%v", err)
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := path.Join(dir, e.Name())
		info, err := fs.Stat(l.fsys, name)
		switch {
		case err != nil:
			l.ms.Add(Pos{File: name}, "%v", err)
		case info.IsDir():
			l.enter(name, depth+1)
		case rightName(name) != name:
			l.ms.AddHint(Pos{File: name}, "rename it to "+rightName(name),
				"rules files end in .yaml and tests in _test.yaml, in lower-case letters")
		case !l.wanted(name):
		case !info.Mode().IsRegular():
			l.ms.Add(Pos{File: name}, "%s, not a regular file", regular.Kind(info.Mode()))
		case info.Size() > maxFileSize:
			l.ms.Add(Pos{File: name}, "%d bytes long, at most %d are read", info.Size(), maxFileSize)
		default:
			l.read(name)
		}
	}
}

const (
	rulesEnding = ".yaml"
	testMark    = "_test" // in front of it
)

// rightName is the name of a file with its ending as it is read: another
// spelling of .yaml would hide rules, and one of _test would make rules of tests.
func rightName(name string) string {
	seen := strings.TrimRightFunc(name, func(r rune) bool { return unicode.IsSpace(r) || hidden(r) })
	ending := path.Ext(seen)
	if !almostYAML(ending) {
		return name
	}
	stem := strings.TrimSuffix(seen, ending)
	if n := len(stem) - len(testMark); n >= 0 && strings.EqualFold(stem[n:], testMark) {
		stem = stem[:n] + testMark
	}
	return stem + rulesEnding
}

// almostYAML reports whether an ending is .yaml but for its case and one slip of
// the finger, as .yml is, too. With anything but letters it is the mark of a
// backup, as in a.yaml~.
func almostYAML(ending string) bool {
	letters := strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf && unicode.IsLetter(r) {
			return '?' // one letter, as which it may look
		}
		return unicode.ToLower(r)
	}, ending)
	strange := func(r rune) bool { return r != '?' && !unicode.IsLetter(r) }
	return editDistance(letters, rulesEnding, 2) < 2 && !strings.ContainsFunc(letters[1:], strange)
}

// IsYAML reports whether a file of a rules directory holds rules, or tests of them.
func IsYAML(name string) bool { return strings.HasSuffix(name, rulesEnding) }

// IsTests reports whether a file of a rules directory holds tests, not rules.
func IsTests(name string) bool { return strings.HasSuffix(name, testMark+rulesEnding) }

func (l *lister) read(name string) {
	f, err := l.fsys.Open(name)
	if err != nil {
		l.ms.Add(Pos{File: name}, "%v", err)
		return
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := regular.Read(f, maxFileSize)
	if err != nil {
		l.ms.Add(Pos{File: name}, "%v", err)
		return
	}
	sum := sha256.Sum256(text)
	l.files = append(l.files, File{Path: name, Text: string(text), Hash: hex.EncodeToString(sum[:])})
}
