package main

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/review"
)

func newReview() *cobra.Command {
	cmd := &cobra.Command{Use: "review", Short: "Say who can reach what", Example: "  tiergate review reach -c tiergate.yaml"}
	cmd.AddCommand(newReach(), newNeed())
	return cmd
}

func newReach() *cobra.Command {
	var file, output string
	var pairs bool
	cmd := &cobra.Command{
		Use:   "reach -c tiergate.yaml [IDENTITY...]",
		Short: "Count the objects that identities can reach, by tier and action",
		Long: `reach asks the rules about every object of the catalog, for each identity and each action that a map line
exposes, and weighs the answer: the blast radius. It compares that with what any valid token reaches where
only the endpoint is checked. It never shows an estimate as a count: what it cannot count it names.`,
		Example: "  tiergate review reach -c tiergate.yaml\n  tiergate review reach -c tiergate.yaml customers -o json --pairs",
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return errors.New("review reach wants -c tiergate.yaml: it counts over the configuration's catalogs")
			}
			report, err := reach(cmd.Context(), file, args, pairs)
			if err != nil {
				return explainMistakes(cmd.ErrOrStderr(), err, nil)
			}
			if output == "json" {
				return report.WriteJSON(cmd.OutOrStdout())
			}
			return report.WriteText(cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	cmd.Flags().BoolVar(&pairs, "pairs", false, "with -o json: list every object and action too")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

func reach(ctx context.Context, file string, identities []string, pairs bool) (*review.Report, error) {
	c, err := loadConfig(file)
	if err != nil {
		return nil, err
	}
	parts, err := assemble(c, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	p, _, err := parts.load()
	if err != nil {
		return nil, err
	}
	o := parts.reviewed(p)
	o.Identities, o.Pairs = identities, pairs
	return review.Run(ctx, o)
}

// reviewed is how a version of the rules is counted.
func (p *parts) reviewed(loaded *policy.Policy) review.Options {
	purposes := make(map[string]bool)
	for i := range p.config.Issuers {
		purposes[p.config.Issuers[i].Name.V] = p.config.Issuers[i].PurposeClaim.V != ""
	}
	return review.Options{
		Policy: loaded.Hash, Set: loaded.Set(), Source: loaded.Source(), Env: p.options.Env,
		Lines: reviewed(loaded), Objects: objects{loaded.View()}, TokenPurposes: purposes, Now: time.Now(),
	}
}

// reviewed are the map lines as the review sees them: it knows no routes.
func reviewed(p *policy.Policy) []review.Line {
	var lines []review.Line
	for _, op := range p.Routes().Operations() {
		if op.Open {
			continue
		}
		l := review.Line{Name: op.String(), Purpose: op.Purpose, Derived: len(op.CallerDerived) > 0, Streams: op.Stream > 0, Shadow: op.Shadow}
		for _, t := range op.Touches {
			l.Touches = append(l.Touches, touched(t))
		}
		lines = append(lines, l)
	}
	return lines
}

func touched(t resolver.Touch) review.Touch {
	out := review.Touch{
		Action: t.Action, Type: t.Type, Collection: t.Collection, New: t.New,
		Upsert: t.Upsert, Optional: t.Optional, FixedID: t.FixedID,
	}
	for _, b := range t.Bounds {
		out.Bounds = append(out.Bounds, review.Bound(b))
	}
	return out
}

// objects lists what the catalog has, as the policy in force declares it.
type objects struct{ view *catalog.View }

// Objects implements review.Enumerator.
func (o objects) Objects(ctx context.Context, typ *rules.Type) iter.Seq2[*rules.Object, error] {
	return o.view.Objects(ctx, typ)
}
