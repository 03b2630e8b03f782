package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/resolver/spec"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

// maxSpec bounds a specification: the largest that we know have some ten MB.
const maxSpec = 128 << 20

// specKinds are the specifications that are read, and how.
var specKinds = map[string]func(name string, text []byte) (*spec.Document, error){
	"openapi": spec.ReadOpenAPI, "graphql": spec.ReadGraphQL, "proto": spec.ReadProto, "mcp": spec.ReadMCP,
}

func newImport() *cobra.Command {
	var out, name string
	var o spec.Options
	cmd := &cobra.Command{
		Use:   "import (openapi|graphql|proto|mcp) SPEC [-o RULES_DIR]",
		Short: "Propose object types and map lines from a specification",
		Long: `import reads an OpenAPI 3 or Swagger 2 file, a GraphQL schema, a protobuf descriptor set or what an MCP server
answers to tools/list, and proposes object types and map lines. It guesses by names; "# guessed:" says where.
With -o it writes NAME.yaml into a rules directory. A second import brings lines up to date that nobody edited;
what somebody edited or deleted stays so. NAME.import.json remembers what was written: commit it, too.`,
		Example: "  tiergate import openapi api.yaml -o rules\n  tiergate import graphql schema.graphql --host api.example.com -o rules\n" +
			"  tiergate import proto api.binpb -o rules\n  tiergate import mcp tools.json --server tickets -o rules",
		Args:      cobra.ExactArgs(2),
		ValidArgs: []string{"openapi", "graphql", "proto", "mcp"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if name != strings.Trim(filepath.Base("/"+name), "./") {
				return fmt.Errorf("--name %q is not the name of a file", name)
			}
			doc, err := readSpec(args[0], args[1])
			if err != nil {
				return err
			}
			if name != "" {
				doc.Name = name
			}
			if out == "" {
				return printProposal(cmd, doc, o)
			}
			return importInto(cmd.OutOrStdout(), out, doc, o)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the rules directory to write to; without it the proposal is printed")
	cmd.Flags().StringVar(&name, "name", "", "what the files are called; the specification's name unless given: say the same for each version of it")
	cmd.Flags().StringVar(&o.Host, "host", "", "the host that serves the API, if the specification does not say it")
	cmd.Flags().StringVar(&o.Server, "server", "", "mcp: what lines call the server; the file's name unless given")
	cmd.Flags().StringVar(&o.Path, "path", "", "graphql, mcp: the endpoint's path; /graphql or /mcp unless given")
	return cmd
}

func readSpec(kind, path string) (*spec.Document, error) {
	read := specKinds[kind]
	if kind == "coaz" {
		return nil, errors.New("importing COAZ mappings is not supported yet")
	}
	if read == nil {
		return nil, fmt.Errorf("unknown kind of specification %q, want openapi, graphql, proto or mcp", kind)
	}
	text, err := regular.ReadFile(path, maxSpec)
	if err != nil {
		return nil, err
	}
	return read(filepath.Base(path), text)
}

func printProposal(cmd *cobra.Command, doc *spec.Document, o spec.Options) error {
	p := doc.Propose(o)
	text, _, _, err := p.Merge("", &spec.Memory{}, &spec.Existing{})
	if err != nil {
		return err
	}
	fmt.Fprint(cmd.OutOrStdout(), spec.Tiers+text)
	sayLeftOut(cmd.ErrOrStderr(), p)
	return nil
}

// sayLeftOut names the operations that have no line.
func sayLeftOut(w io.Writer, p *spec.Proposal) {
	for _, s := range p.Skipped {
		fmt.Fprintf(w, "not mapped: %s\n", printable(strings.ReplaceAll(s.Name+": "+s.Why, "\n", " "))) // what the specification says may be anything
	}
}

// importInto writes a proposal into a rules directory and checks what it has become.
func importInto(w io.Writer, dir string, doc *spec.Document, o spec.Options) error {
	if err := makeDir(dir); err != nil {
		return err
	}
	file, memory := filepath.Join(dir, doc.Name+".yaml"), filepath.Join(dir, doc.Name+".import.json")
	was, err := readMaybe(file)
	if err != nil {
		return err
	}
	kept, err := readMaybe(memory)
	if err != nil {
		return err
	}
	m, err := spec.ReadMemory(kept)
	if err != nil {
		return fmt.Errorf("%s: %w", memory, err)
	}
	src, ms := rules.Parse(os.DirFS(dir))
	if len(src.Files) > 0 && len(ms) > 0 { // an empty directory is fine
		fmt.Fprint(w, ms.Report(lines(src)))
		return fmt.Errorf("%s does not load, so what is edited there is not known: mend it first", dir)
	}
	o.Names = m.Names()
	if tiers := src.Tiers; len(tiers) > 0 {
		o.Top = tiers[len(tiers)-1].Name.V
	}
	p := doc.Propose(o)
	if len(p.Lines) == 0 {
		sayLeftOut(w, p)
		return errors.New("no operation can be mapped, nothing is written")
	}
	text, next, report, err := p.Merge(string(was), m, spec.Known(src, p.Host))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(src.Tiers) == 0 {
		if err := writeNew(filepath.Join(dir, "tiers.yaml"), []byte(spec.Tiers)); err != nil {
			return err
		}
	}
	for _, s := range p.Side {
		if err := regular.Replace(filepath.Join(dir, s.Name), s.Text, forAll); err != nil {
			return err
		}
	}
	if err := regular.Replace(file, []byte(text), forAll); err != nil {
		return err
	}
	if err := regular.Replace(memory, next.Text(), forAll); err != nil {
		return err
	}
	sayImported(w, file, p, report)
	return checkImported(w, dir)
}

func sayImported(w io.Writer, file string, p *spec.Proposal, r *spec.Report) {
	fmt.Fprintf(w, "%s: %d added, %d changed, %d removed, %d kept as edited, %d left out as deleted\n",
		file, len(r.Added), len(r.Changed), len(r.Removed), len(r.Kept), len(r.Deleted))
	for _, name := range r.Stale {
		fmt.Fprintf(w, "no longer in the specification, but edited, so kept: %s\n", name)
	}
	sayLeftOut(w, p)
}

// checkImported loads the directory as tiergate check does.
func checkImported(w io.Writer, dir string) error {
	p, src, err := loadPartial([]string{dir})
	var ms rules.Mistakes
	if errors.As(err, &ms) {
		fmt.Fprint(w, ms.Report(lines(src)))
		fmt.Fprintln(w, "it does not load like this: an edited type may lack what a new line needs")
		return errNo
	}
	if err != nil {
		return err
	}
	unclassified := 0
	for _, t := range p.Set().Schema().Types {
		if t.Tier == rules.NoTier {
			unclassified++
		}
	}
	fmt.Fprintf(w, "next: give %d types a tier, read the guesses, write rules; then tiergate check, tiergate coverage\n", unclassified)
	return nil
}

// forAll is the mode of rules, which hold no secret and are for the whole team.
const forAll = 0o644

// makeDir makes a directory of rules.
func makeDir(dir string) error { return os.MkdirAll(dir, 0o755) } //nolint:gosec // see forAll

// readMaybe reads a file, or nothing where there is none.
func readMaybe(path string) ([]byte, error) {
	text, err := regular.ReadFile(path, maxSpec)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// writeNew writes a file that is not there yet.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, forAll)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// specKind guesses what a specification is from its ending.
func specKind(path string) (string, error) {
	name := strings.ToLower(filepath.Base(path))
	switch ending := filepath.Ext(name); {
	case slices.Contains([]string{".graphql", ".graphqls", ".gql"}, ending):
		return "graphql", nil
	case slices.Contains([]string{".binpb", ".pb", ".protoset", ".desc"}, ending):
		return "proto", nil
	case strings.HasSuffix(name, ".tools.json"):
		return "mcp", nil
	case slices.Contains([]string{".json", ".yaml", ".yml"}, ending):
		return "openapi", nil
	}
	return "", fmt.Errorf("%s: its ending does not say what it is: .json or .yaml (OpenAPI), .graphql, .binpb, .tools.json", path)
}
