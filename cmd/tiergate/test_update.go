package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/tiergate/tiergate/rules/regular"
	"github.com/tiergate/tiergate/rules/suite"
)

// writeUpdates writes pictures and snapshots, and says which files it wrote.
func writeUpdates(w io.Writer, dirs []string, updates []suite.Update) error {
	for _, u := range updates {
		path := fileBelow(dirs, u.File)
		if err := regular.Replace(path, []byte(u.Text), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(w, "wrote %s\n", path)
	}
	return nil
}

// fileBelow is where a file lies whose path begins with the name of its directory.
func fileBelow(dirs []string, file string) string {
	first, rest, _ := strings.Cut(file, "/")
	for _, dir := range dirs {
		if abs, err := filepath.Abs(dir); err == nil && filepath.Base(abs) == first {
			return filepath.Join(dir, filepath.FromSlash(rest))
		}
	}
	return file
}
