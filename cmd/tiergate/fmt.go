package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
	"github.com/tiergate/tiergate/rules/tidy"
)

func newFmt() *cobra.Command {
	var list, show, write bool
	cmd := &cobra.Command{
		Use:   "fmt [-l] [-d] [-w] PATH...",
		Short: "Write rules, tests and configurations in their one form",
		Long: `fmt brings keys into one order and indents alike; words, lists and comments stay. It writes a file only if the result says
the same. Of a directory it takes what is ours: rules, *_test.yaml and tiergate.yaml. Without flags it prints the result.
Exit code 1: with -l or -d, some file is not in that form, or a file has mistakes.`,
		Example: "  tiergate fmt -d ./rules\n  tiergate fmt -w ./rules tiergate.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f := formatter{w: cmd.OutOrStdout(), list: list, show: show, write: write}
			for _, path := range args {
				if err := f.tree(path); err != nil {
					return err
				}
			}
			if f.faulty || f.differ && !write && (list || show) {
				return errNo
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&list, "list", "l", false, "list files whose form is another one")
	cmd.Flags().BoolVarP(&show, "diff", "d", false, "show what would change")
	cmd.Flags().BoolVarP(&write, "write", "w", false, "write it into the files")
	return cmd
}

type formatter struct {
	w                 io.Writer
	list, show, write bool

	differ, faulty bool
}

// tree formats a file, or all of ours below a directory.
func (f *formatter) tree(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return f.file(path, true)
	}
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != path && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || !rules.IsYAML(name):
			return nil
		}
		return f.file(name, false)
	})
}

// maxFormatted is how long a file may be, in bytes: as long as a rules file.
const maxFormatted = 8 << 20

// file formats one file. One that is none of ours is a fault where it was named.
func (f *formatter) file(path string, named bool) error {
	text, err := regular.ReadFile(path, maxFormatted)
	if err != nil {
		return err
	}
	n, _ := rules.ParseYAML(path, text) // mistakes are told below
	kind := formIn(path, n)
	if kind == nil && n != nil {
		if named {
			return fmt.Errorf("%s is neither rules nor tests nor a configuration", path)
		}
		return nil
	}
	if kind == nil {
		kind = &forms[0]
	}
	out, err := tidy.Format(path, text, kind.shape())
	if err != nil {
		var ms rules.Mistakes
		if !errors.As(err, &ms) {
			return err
		}
		f.faulty = true
		fmt.Fprint(f.w, shown(ms, "").Report(func(string) string { return string(text) }))
		return nil
	}
	return f.put(path, text, out)
}

func (f *formatter) put(path string, text, out []byte) error {
	changed := !bytes.Equal(text, out)
	f.differ = f.differ || changed
	if !f.list && !f.show && !f.write {
		_, err := f.w.Write(out)
		return err
	}
	if !changed {
		return nil
	}
	if f.list {
		fmt.Fprintln(f.w, path)
	}
	if f.show {
		if _, err := f.w.Write(diff.Diff(path, text, path+" formatted", out)); err != nil {
			return err
		}
	}
	if f.write {
		return rewrite(path, out)
	}
	return nil
}

// rewrite replaces a file, or the one that a link leads to, and keeps its mode.
func rewrite(path string, text []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return regular.Replace(path, text, info.Mode().Perm())
}
