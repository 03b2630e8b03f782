package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/resolver/spec"
	"github.com/tiergate/tiergate/rules"
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
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, text := "notes.yaml", notes
			if file != "" {
				var err error
				if text, err = readMaybe(file); err != nil {
					return err
				} else if text == nil {
					return fmt.Errorf("there is no file %q", file)
				}
				name = filepath.Base(file)
			}
			doc, err := spec.ReadOpenAPI(name, text)
			if err != nil {
				return err
			}
			dir := args[0]
			if err := emptyDir(dir); err != nil {
				return err
			}
			if file == "" {
				if err := writeNew(filepath.Join(dir, name), text); err != nil {
					return err
				}
				file = filepath.Join(dir, name)
			}
			return initialise(cmd.OutOrStdout(), dir, file, doc, host)
		},
	}
	cmd.Flags().StringVar(&file, "openapi", "", "an OpenAPI 3 or Swagger 2 file; without it the directory holds a tiny example")
	cmd.Flags().StringVar(&host, "host", "", "the host that serves the API, if the specification does not say it")
	return cmd
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

// beginning is what the files of a new directory are filled with.
type beginning struct {
	Host, Type, Path, Own, Foreign string
	OwnPath, ForeignPath           string
	Review                         string
	DeletePath                     string // "" where the API deletes none

	columns []string // of the type's catalog, besides id and owner
}

// rows are the catalog of two objects, whose other columns one must fill in.
func (b *beginning) rows() []byte {
	var out strings.Builder
	out.WriteString(strings.Join(append([]string{"id", "owner"}, b.columns...), ",") + "\n")
	for _, row := range [][2]string{{b.Own, "ada"}, {b.Foreign, "bob"}} {
		out.WriteString(row[0] + "," + row[1] + strings.Repeat(","+row[0][:2], len(b.columns)) + "\n")
	}
	return []byte(out.String())
}

func initialise(w io.Writer, dir, file string, doc *spec.Document, host string) error {
	p := doc.Propose(spec.Options{Host: host})
	b, err := begin(p)
	if err != nil {
		return err
	}
	text, memory, _, err := p.Merge("", &spec.Memory{}, &spec.Existing{})
	if err != nil {
		return err
	}
	text, err = withOwner(text, b.Type)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		filepath.Join("rules", "tiers.yaml"):            []byte(spec.Tiers),
		filepath.Join("rules", doc.Name+".yaml"):        []byte(text),
		filepath.Join("rules", doc.Name+".import.json"): memory.Text(),
		filepath.Join("catalog", b.Type+".csv"):         b.rows(),
	}
	for name, source := range map[string]string{
		"tiergate.yaml": initConfig, filepath.Join("rules", "people.yaml"): initPeople, filepath.Join("rules", "people_test.yaml"): initTests,
		".gitignore": "/state/\n/decisions.jsonl\n",
	} {
		var out strings.Builder
		if err := template.Must(template.New(name).Parse(source)).Execute(&out, b); err != nil {
			return err
		}
		files[name] = []byte(out.String())
	}
	withSchemas(files)
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
	config := filepath.Join(dir, "tiergate.yaml")
	fmt.Fprintf(w, "%s: %d types, %d map lines, 2 identities, 3 rules\n", dir, strings.Count(text, "- { type: "), len(p.Lines))
	fmt.Fprintf(w, "next: tiergate check -c %[1]s\n      tiergate test -c %[1]s\n      tiergate explain -c %[1]s GET https://%[2]s%[3]s --as customers --subject ada\n"+
		"      tiergate coverage %[4]s -c %[1]s\nthen change every line that says EDIT\n", config, b.Host, b.ForeignPath, file)
	return nil
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

// begin picks the type that the first rules are about: one whose objects are read
// by an id of their own, if there is one.
func begin(p *spec.Proposal) (*beginning, error) {
	best := -1
	for i := range p.Lines {
		l := &p.Lines[i]
		if l.Operation.Method == http.MethodGet && l.Action == "read" && l.Object() && (best < 0 || l.Better(&p.Lines[best])) {
			best = i
		}
	}
	if best < 0 {
		return nil, errors.New("no GET of the specification reads one object by its id: write routes by hand, or start without --openapi")
	}
	l := &p.Lines[best]
	b := &beginning{Host: p.Host, Type: l.Type, Path: l.Operation.Path, Review: time.Now().AddDate(0, 6, 0).Format(time.DateOnly)}
	for i := range p.Types {
		if t := &p.Types[i]; t.Name == b.Type {
			b.columns = slices.DeleteFunc(slices.Clone(t.Attributes), func(a string) bool { return a == "owner" })
			if t.Parent != "" {
				b.columns = append(b.columns, "parent")
			}
		}
	}
	for _, one := range []struct {
		id, path *string
		prefix   string
	}{{&b.Own, &b.OwnPath, "a"}, {&b.Foreign, &b.ForeignPath, "b"}} {
		var ids []string
		path, _, err := spec.Fill(l.Operation.Path, func(i int) string {
			ids = append(ids, fmt.Sprintf("%s%d", one.prefix, i+1))
			return ids[len(ids)-1]
		})
		if err != nil {
			return nil, err
		}
		*one.id, *one.path = strings.Join(ids, "/"), path
	}
	if slices.ContainsFunc(p.Lines, func(other spec.Line) bool {
		return other.Operation.Method == http.MethodDelete && other.Action == "delete" && other.Operation.Path == l.Operation.Path
	}) {
		b.DeletePath = b.OwnPath
	}
	return b, nil
}

// withOwner gives a type a tier, a catalog and an owner. A later import takes the
// line for edited, as it is.
func withOwner(text, typ string) (string, error) {
	var out []string
	found := false
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "  - { type: "+typ); ok && (rest[0] == ' ' || rest[0] == ',') {
			found = true
			rest = strings.Replace(rest, ", tier: restricted", "", 1)
			switch {
			case strings.Contains(rest, " owner: string"): // the API's own word for it
			case strings.Contains(rest, "attributes: { "):
				rest = strings.Replace(rest, "attributes: { ", "attributes: { owner: string, ", 1)
			default:
				rest = ", attributes: { owner: string }" + rest
			}
			line = "  # EDIT: how sensitive it is, where its rows come from, and which of their columns rules read.\n" +
				"  - { type: " + typ + ", tier: confidential, catalog: " + typ + rest
		}
		out = append(out, line)
	}
	if !found {
		return "", fmt.Errorf("no declaration of the type %s", typ)
	}
	return strings.Join(out, ""), nil
}
