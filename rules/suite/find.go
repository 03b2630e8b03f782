package suite

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// readAll reads all *_test.yaml below the rules directory, in byte order of
// their paths.
func readAll(fsys fs.FS, ms *rules.Mistakes) (all []file) {
	files, more := rules.ReadFiles(fsys, func(path string) bool { return strings.HasSuffix(path, "_test.yaml") })
	for _, m := range more {
		if !slices.Contains(*ms, m) { // loading the rules has met it as well
			*ms = append(*ms, m)
		}
	}
	for _, f := range files {
		var decl file
		*ms = append(*ms, rules.DecodeYAML(f.Path, []byte(f.Text), &decl)...)
		all = append(all, decl)
	}
	return all
}
