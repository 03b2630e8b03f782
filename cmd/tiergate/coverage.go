package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/resolver/spec"
)

func newCoverage() *cobra.Command {
	var file, host, against, output string
	var least float64
	cmd := &cobra.Command{
		Use:   "coverage SPEC... -c tiergate.yaml",
		Short: "List what an API offers and no route, rule or tier speaks of",
		Long: `coverage holds every operation of specifications against the routes and rules in force: those without a route,
without a rule that can allow them, without a tier, with rules in shadow or broad ones only, and collections that
nothing bounds. It also lists routes that no specification knows. An operation is covered if it has a route, a rule in
force and a tier; below --min percent the exit code is 1. Endings say what a file is: .json and .yaml (OpenAPI),
.graphql, .binpb, .tools.json. With --against it also says what the specification adds to an older version.`,
		Example: "  tiergate coverage api.yaml -c tiergate.yaml --min 90\n  tiergate coverage api-2.yaml -c tiergate.yaml --against api-1.yaml -o json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return errors.New("coverage wants -c tiergate.yaml")
			}
			if against != "" && len(args) != 1 {
				return errors.New("--against compares one specification with its older version")
			}
			docs, err := readSpecs(args)
			if err != nil {
				return err
			}
			p, src, _, err := loadAll(file, nil)
			if err != nil {
				return explainMistakes(cmd.ErrOrStderr(), err, src)
			}
			r, err := newCoverageReport(docs, p, host, against, least)
			if err != nil {
				return err
			}
			return r.write(cmd.OutOrStdout(), output == "json")
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	cmd.Flags().StringVar(&host, "host", "", "the host that serves the API, if the specification does not say it")
	cmd.Flags().StringVar(&against, "against", "", "an older version of the specification")
	cmd.Flags().Float64Var(&least, "min", 0, "exit with 1 if less than this percentage is covered")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func readSpecs(paths []string) ([]*spec.Document, error) {
	var docs []*spec.Document
	for _, path := range paths {
		kind, err := specKind(path)
		if err != nil {
			return nil, err
		}
		doc, err := readSpec(kind, path)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// coverageReport is what coverage prints.
type coverageReport struct {
	*spec.Coverage
	Percent float64       `json:"percent"`
	Min     float64       `json:"min"`
	Changes []spec.Change `json:"changes,omitempty"`
}

func newCoverageReport(docs []*spec.Document, p *policy.Policy, host, against string, least float64) (*coverageReport, error) {
	r := &coverageReport{Coverage: spec.Cover(docs, p.Routes(), p.Set(), host), Min: least}
	r.Percent = r.Coverage.Percent()
	if against != "" {
		old, err := readSpecs([]string{against})
		if err != nil {
			return nil, err
		}
		r.Changes = docs[0].Against(old[0])
	}
	return r, nil
}

func (r *coverageReport) write(w io.Writer, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(w).Encode(r); err != nil {
			return err
		}
	} else {
		r.text(w)
	}
	if r.Percent < r.Min {
		return errNo
	}
	return nil
}

func (r *coverageReport) text(w io.Writer) {
	for _, c := range r.Changes {
		fmt.Fprintf(w, "%-12s %s\n", c.What, c.Operation)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%-12s %s", f.Gap, f.Operation)
		if f.Detail != "" && f.Gap != spec.NoRoute {
			fmt.Fprintf(w, " -> %s", f.Detail)
		}
		fmt.Fprintln(w)
	}
	for _, u := range r.Unknown {
		fmt.Fprintf(w, "%-12s %s: %s\n", "unknown", u.Pos, u.Line)
	}
	fmt.Fprintf(w, "%d of %d operations covered: %.1f %%\n", r.Covered, r.Operations, r.Percent)
	if r.Percent < r.Min {
		fmt.Fprintf(w, "less than %g %%\n", r.Min)
	}
}
