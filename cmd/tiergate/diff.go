package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/diff"
	"github.com/tiergate/tiergate/rules/suite"
)

func newDiff() *cobra.Command {
	var file, output string
	var strict bool
	cmd := &cobra.Command{
		Use:   "diff [-c tiergate.yaml] OLD NEW",
		Short: "Say who gains and who loses what by a change of rules",
		Long: `diff compares what two versions of rules allow, not how they are written: which identity may do what in one of
them only, on objects of which tier or in which collection, each with a request that one version allows and the
other denies. OLD and NEW are rules directories, or REV:PATH of the Git repository here. What differs and cannot be
judged, such as a condition in CEL, is named. With --no-new-access the exit code is 1 if somebody gains, or may.`,
		Example: "  tiergate diff ./rules ./rules\n  tiergate diff -c tiergate.yaml ./rules ./rules --no-new-access -o markdown",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := compared(cmd, file, args)
			if err != nil {
				return err
			}
			write := report.WriteText
			switch output {
			case "json":
				write = report.WriteJSON
			case "markdown":
				write = report.WriteMarkdown
			}
			if err := write(cmd.OutOrStdout()); err != nil {
				return err
			}
			if strict && report.Gains() {
				return errNo
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration; without it issuers and claims are taken as the rules name them")
	cmd.Flags().BoolVar(&strict, "no-new-access", false, "exit with 1 if somebody gains something, or may for all that is known")
	outputFlag(cmd, &output, "text", "json", "markdown")
	return cmd
}

// compared compares two versions, and keeps the witnesses that whole requests bear out.
func compared(cmd *cobra.Command, file string, args []string) (*diff.Report, error) {
	o, _, err := testOptions(file, args)
	if err != nil {
		return nil, explainMistakes(cmd.ErrOrStderr(), err, nil)
	}
	var benches [2]*suite.Bench
	var sides [2]diff.Side
	for i, arg := range args {
		var src *rules.Source
		benches[i], src, err = rulesVersion(cmd.Context(), arg, o)
		var ms rules.Mistakes
		if errors.As(err, &ms) {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s:\n", arg)
			return nil, explainMistakes(cmd.ErrOrStderr(), err, src)
		}
		if err != nil {
			return nil, err
		}
		p := benches[i].Policy()
		sides[i] = diff.Side{Set: p.Set(), Source: p.Source(), Lines: p.Routes().Operations()}
	}
	do := diff.Options{Now: o.Now, PurposeClaims: map[string]string{}}
	if file != "" {
		do.Issuers = o.Env.Issuers
		for issuer, names := range o.Claims {
			do.PurposeClaims[issuer] = names.Purpose
		}
	}
	report, err := diff.Compare(cmd.Context(), sides[0], sides[1], do)
	if err != nil {
		return nil, err
	}
	for i := range report.Changes {
		c := &report.Changes[i]
		if c.Witness != nil && !flips(cmd.Context(), benches, c) {
			c.Witness = nil
		}
	}
	return report, nil
}

// flips reports whether a whole request is allowed by one version and denied by
// the other, as the change says. A version in which the test makes no sense, for
// want of a type, denies it.
func flips(ctx context.Context, benches [2]*suite.Bench, c *diff.Change) bool {
	allowed := func(b *suite.Bench) bool {
		o, err := b.Decide(ctx, c.Witness.Case)
		return err == nil && o.Effect == rules.Allow
	}
	gained := c.Effect == diff.Gained
	return allowed(benches[1]) == gained && allowed(benches[0]) != gained
}

// rulesVersion loads a rules directory, or one that Git has.
func rulesVersion(ctx context.Context, arg string, o suite.Options) (*suite.Bench, *rules.Source, error) {
	dir, remove, err := checkedOut(ctx, arg)
	if err != nil {
		return nil, nil, err
	}
	defer remove()
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, nil, fmt.Errorf("%s is no directory", arg)
	}
	dirs, err := policy.OpenDirs([]string{dir})
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = dirs.Close() }()
	return suite.NewBench(dirs, o)
}
