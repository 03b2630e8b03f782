package policy

import (
	"crypto/sha256"
	"fmt"

	"github.com/tiergate/tiergate/rules"
)

// snapshot is what rules directories hold at one moment. It is read as the
// loader reads them, so what the one sees the other does.
type snapshot struct {
	rules [sha256.Size]byte // contentHash of the rules files
	rest  [sha256.Size]byte // of the tests, and of what cannot be read: its return is a change too
}

func look(paths []string) snapshot {
	var loaded, tests []rules.File
	h := sha256.New()
	if dirs, err := OpenDirs(paths); err != nil {
		fmt.Fprintln(h, err)
	} else {
		files, ms := rules.ReadFiles(dirs, rules.IsRead)
		_ = dirs.Close() // nothing was written
		for _, f := range files {
			if rules.IsTests(f.Path) {
				tests = append(tests, f)
			} else {
				loaded = append(loaded, f)
			}
		}
		fmt.Fprintln(h, ms.Error())
	}
	all := contentHash(tests)
	h.Write(all[:])
	return snapshot{rules: contentHash(loaded), rest: [sha256.Size]byte(h.Sum(nil))}
}

// contentHash covers the names and contents of files, whatever they are read
// with. The names are length-prefixed, so that no two lists run together.
func contentHash(files []rules.File) [sha256.Size]byte {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%d:%s%s", len(f.Path), f.Path, f.Hash)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
