package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/lint"
	"github.com/tiergate/tiergate/rules/regular"
)

func newLint() *cobra.Command {
	var file, output string
	var houses []string
	var bare, list bool
	cmd := &cobra.Command{
		Use:   "lint (-c tiergate.yaml | RULES_DIR...) [--house FILE]",
		Short: "Hold the rules against house rules and the OWASP lists",
		Long: `lint judges how rules are written, where check judges whether they load. A check is a CEL condition over each
rule, identity, type or map line. Those that come with tiergate look for what the OWASP API Security Top 10
(API1, 3, 5) and Non-Human Identities Top 10 (NHI5, 7, 8, 9) name; --house adds your own, and exceptions with
a reason. A check that fails to run is a finding. With findings the exit code is 1.`,
		Example: "  tiergate lint -c tiergate.yaml\n  tiergate lint ./rules --house house.yaml -o json\n  tiergate lint --list",
		RunE: func(cmd *cobra.Command, args []string) error {
			checks, texts, err := readHouses(houses, bare)
			if err != nil {
				var ms rules.Mistakes
				if !errors.As(err, &ms) {
					return err
				}
				fmt.Fprint(cmd.OutOrStdout(), ms.Report(func(name string) string { return texts[name] }))
				return errNo
			}
			if list {
				return listChecks(cmd.OutOrStdout(), checks, output == "json")
			}
			if (file == "") == (len(args) == 0) {
				return errors.New("lint wants either -c tiergate.yaml or a rules directory")
			}
			var p *policy.Policy
			var src *rules.Source
			if file != "" {
				p, src, _, err = loadAll(file, nil)
			} else {
				p, src, err = loadPartial(args)
			}
			if err != nil {
				return explainMistakes(cmd.ErrOrStderr(), err, src)
			}
			w := &lint.World{Set: p.Set(), Source: p.Source(), Lines: linted(p), Now: time.Now()}
			report := lintReport{cmd.OutOrStdout(), lines(src), args, texts}
			if file != "" {
				report.below = dirsOf(file)
			}
			return report.write(checks, w, output)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	cmd.Flags().StringArrayVar(&houses, "house", nil, "a file of checks and exceptions; may be given more than once")
	cmd.Flags().BoolVar(&bare, "bare", false, "leave out the checks that come with tiergate")
	cmd.Flags().BoolVar(&list, "list", false, "list the checks and stop")
	outputFlag(cmd, &output, "text", "json", "sarif", "github")
	return cmd
}

// readHouses compiles the shipped checks and those of files; texts are the files'.
func readHouses(paths []string, bare bool) (*lint.Checks, map[string]string, error) {
	var all []*lint.House
	var ms rules.Mistakes
	texts := make(map[string]string)
	if !bare {
		shipped, wrong := lint.Shipped()
		all, ms = append(all, shipped), append(ms, wrong...)
	}
	for _, path := range paths {
		text, err := regular.ReadFile(path, maxConfig)
		if err != nil {
			return nil, nil, err
		}
		name := filepath.ToSlash(path)
		texts[name] = string(text)
		house, wrong := lint.Read(name, text)
		all, ms = append(all, house), append(ms, wrong...)
	}
	if err := ms.Err(); err != nil {
		return nil, texts, err
	}
	checks, ms := lint.Compile(all...)
	return checks, texts, ms.Err()
}

// linted are the map lines as checks read them.
func linted(p *policy.Policy) []lint.LineAt {
	var out []lint.LineAt
	for _, op := range p.Routes().Operations() {
		out = append(out, lint.LineAt{Pos: op.Pos, Line: lintedLine(op)})
	}
	return out
}

func lintedLine(op *resolver.Operation) lint.Line {
	l := lint.Line{
		Host: op.Host, Text: op.Line, Open: op.Open, Because: op.Because, Owner: op.Owner, Purpose: op.Purpose,
		Shadow: len(op.Shadow) > 0, Stream: int(op.Stream.Seconds()),
	}
	for _, t := range op.Touches {
		l.Actions, l.Types = append(l.Actions, t.Action), append(l.Types, t.Type)
	}
	return l
}

func listChecks(w io.Writer, checks *lint.Checks, asJSON bool) error {
	if asJSON {
		type item struct {
			ID     string `json:"id"`
			Each   string `json:"each"`
			Says   string `json:"says"`
			See    string `json:"see,omitempty"`
			Demand string `json:"demand"`
		}
		out := []item{}
		for _, c := range checks.All() {
			out = append(out, item{c.ID.V, c.Each.V, c.Says.V, c.See.V, c.Demand.V})
		}
		return json.NewEncoder(w).Encode(out)
	}
	for _, c := range checks.All() {
		fmt.Fprintf(w, "%-24s each %-9s %s\n", c.ID.V, c.Each.V, c.Says.V)
		if c.See.V != "" {
			fmt.Fprintf(w, "%-24s %s\n", "", c.See.V)
		}
	}
	return nil
}

// lintReport prints what lint found; house and rules find a file's text.
type lintReport struct {
	w     io.Writer
	rules func(string) string
	below []string // the directories of the rules files
	house map[string]string
}

// linting is a finding for machines.
type linting struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Col    int    `json:"col"`
	Check  string `json:"check"`
	Sort   string `json:"sort"`
	Name   string `json:"name"`
	Text   string `json:"text"`
	See    string `json:"see,omitempty"`
	Excuse string `json:"excuse,omitempty"`
}

func (r lintReport) write(checks *lint.Checks, w *lint.World, output string) error {
	found := checks.Run(w)
	standing := slices.Clone(found)
	standing = slices.DeleteFunc(standing, func(f lint.Finding) bool { return f.Pardons != "" })
	switch output {
	case "json":
		if err := r.json(found); err != nil {
			return err
		}
	case "sarif", "github":
		f := findings{bad: mistakes(standing), source: r.rules, below: r.below, kinds: kinds(checks)}
		if output == "github" {
			f.github(r.w)
		} else if err := f.sarif(r.w); err != nil {
			return err
		}
	default:
		r.text(checks, w, found, standing)
	}
	if len(standing) > 0 {
		return errNo
	}
	return nil
}

// mistakes are findings in the form of check's, the check as their code.
func mistakes(found []lint.Finding) (ms rules.Mistakes) {
	for i := range found {
		f := &found[i]
		ms = append(ms, rules.Mistake{Pos: f.Pos, Text: f.Text(), Hint: f.Check.See.V, Code: rules.Code(f.Check.ID.V)})
	}
	_ = ms.Err() // into the order of the files
	return ms
}

func kinds(checks *lint.Checks) (out []sarifRule) {
	for _, c := range checks.All() {
		out = append(out, sarifRule{c.ID.V, sarifText{c.Says.V}})
	}
	return out
}

func (r lintReport) json(found []lint.Finding) error {
	out := []linting{}
	for i := range found {
		f := &found[i]
		out = append(out, linting{f.Pos.File, f.Pos.Line, f.Pos.Col, f.Check.ID.V, f.Sort, f.Name, f.Text(), f.Check.See.V, f.Pardons})
	}
	return json.NewEncoder(r.w).Encode(out)
}

func (r lintReport) text(checks *lint.Checks, w *lint.World, found, standing []lint.Finding) {
	fmt.Fprint(r.w, mistakes(standing).Report(r.rules))
	idle := checks.Idle(w)
	for i := range idle {
		idle[i].Text = "warning: " + idle[i].Text
	}
	fmt.Fprint(r.w, idle.Report(func(name string) string { return r.house[name] }))
	excused := len(found) - len(standing)
	switch {
	case len(standing) == 0:
		fmt.Fprintf(r.w, "fine: %d checks, nothing found", len(checks.All()))
	case len(standing) == 1:
		fmt.Fprint(r.w, "1 finding")
	default:
		fmt.Fprintf(r.w, "%d findings", len(standing))
	}
	if excused > 0 {
		fmt.Fprintf(r.w, ", %d excused", excused)
	}
	fmt.Fprintln(r.w)
}
