package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/resolver/spec"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// notes is the API of a working directory that is made without one.
//
//go:embed start/notes.yaml
var notes []byte

func newInit() *cobra.Command {
	var file, host string
	cmd := &cobra.Command{
		Use:   "init [--openapi SPEC] DIR",
		Short: "Make a working directory: configuration, rules, tests that pass",
		Long: `init writes tiergate.yaml, rules with tests, and a small catalog into a new directory. Types and routes come from an
OpenAPI file, or from a tiny example. Every line that one must change has a comment that begins with EDIT. The schemas in
.schema let an editor complete keys; tiergate schema prints them anew.`,
		Example: "  tiergate init demo\n  tiergate init --openapi api.yaml --host api.example.com authz",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("init wants one directory to make, such as: tiergate init demo; found %q", args)
			}
			return initialise(cmd.OutOrStdout(), args[0], file, host)
		},
	}
	cmd.Flags().StringVar(&file, "openapi", "", "an OpenAPI 3 or Swagger 2 file; without it the directory holds a tiny example")
	cmd.Flags().StringVar(&host, "host", "", "the host that serves the API, if the specification does not say it")
	return cmd
}

// initialise makes everything in memory first: where something is wrong with the
// specification, no directory is half made.
func initialise(w io.Writer, dir, file, host string) error {
	name, text := "notes.yaml", notes
	files := map[string][]byte{}
	if file == "" {
		files[name], file = text, filepath.Join(dir, name)
	} else {
		var err error
		if text, err = regular.ReadFile(file, maxSpec); err != nil {
			return err
		}
		name = filepath.Base(file)
	}
	doc, err := spec.ReadOpenAPI(name, text)
	if err != nil {
		return err
	}
	p := doc.Propose(spec.Options{Host: host})
	b, err := begin(p)
	if err != nil {
		sayLeftOut(w, p)
		return err
	}
	if err := b.fill(files, p, host); err != nil {
		return err
	}
	withSchemas(files)
	if err := emptyDir(dir); err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := makeDir(filepath.Dir(path)); err != nil {
			return err
		}
		if err := writeNew(path, text); err != nil {
			return err
		}
	}
	sayLeftOut(w, p)
	return b.next(w, dir, file, files)
}

// emptyDir makes a directory, or takes one that holds nothing.
func emptyDir(dir string) error {
	if err := makeDir(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: init writes into a new directory only", dir)
	}
	return err
}

// withSchemas adds the schemas of the files, and to each file the comment by which
// an editor finds its own.
func withSchemas(files map[string][]byte) {
	const dir = ".schema" // what begins with a dot is not read as rules
	of := map[*form]string{}
	for i := range forms {
		of[&forms[i]] = filepath.Join(dir, forms[i].name+".json")
	}
	for name, text := range files {
		n, _ := rules.ParseYAML(name, text)
		f := formIn(name, n)
		if f == nil || filepath.Ext(name) != ".yaml" {
			continue
		}
		path, _ := filepath.Rel(filepath.Dir(name), of[f]) // both are relative: it cannot fail
		files[name] = append([]byte("# yaml-language-server: $schema="+filepath.ToSlash(path)+"\n"), text...)
	}
	for f, name := range of {
		files[name] = f.schema()
	}
}
