package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/diff"
	"github.com/tiergate/tiergate/rules/suite"
)

func newDiff() *cobra.Command {
	var file, output string
	var strict bool
	cmd := &cobra.Command{
		Use:   "diff [-c tiergate.yaml] OLD [NEW]",
		Short: "Say who gains and who loses what by a change of rules",
		Long: `diff compares what two versions of rules allow, not how they are written: which identity may do what in one of
them only, on objects of which tier or in which collection, each with a request that one version allows and the
other denies. OLD and NEW are rules directories, or REV:PATH of the Git repository here; with -c also REV alone, for
the directories that the configuration had then, and NEW may be left out for those that it has now. With -c the
change of each identity's blast radius is counted over the catalogs. What differs and cannot be judged, such as a
condition in CEL, is named. With --no-new-access the exit code is 1 if somebody gains, or may.`,
		Example: "  tiergate diff ./rules ./rules\n  tiergate diff -c tiergate.yaml ./rules --no-new-access -o markdown",
		Args:    cobra.RangeArgs(1, 2),
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
	c, p, o, err := comparing(file, args)
	if err != nil {
		return nil, explainMistakes(cmd.ErrOrStderr(), err, nil)
	}
	loaded, err := versions(cmd.Context(), args, c, o, func(v *rulesVersion, src *rules.Source, err error) error {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s:\n", v.name)
		return explainMistakes(cmd.ErrOrStderr(), err, src)
	})
	defer func() {
		for _, v := range loaded {
			v.remove()
		}
	}()
	if err != nil {
		return nil, err
	}
	progress, done := progressOn(cmd.ErrOrStderr(), "callers")
	defer done()
	do := diff.Options{Now: o.Now, PurposeClaims: map[string]string{}, Progress: progress}
	if c != nil {
		do.Issuers = o.Env.Issuers
		for issuer, names := range o.Claims {
			do.PurposeClaims[issuer] = names.Purpose
		}
	}
	report, err := diff.Compare(cmd.Context(), loaded[0].side(), loaded[1].side(), do)
	if err != nil {
		return nil, err
	}
	for i := range report.Changes {
		if change := &report.Changes[i]; change.Witness != nil && !flips(cmd.Context(), loaded, change) {
			change.Witness = nil
		}
	}
	report.Blast = diff.NotCounted("it is counted over the catalogs of a configuration, -c")
	if c != nil {
		report.Unjudged = append(report.Unjudged, reconfigured(loaded, c)...)
		report.Blast, err = blast(cmd.Context(), p, loaded)
	}
	return report, err
}

// comparing is under what both versions are judged: the configuration and its
// parts, nil for none, and what they say of tests.
func comparing(file string, args []string) (*config, *parts, suite.Options, error) {
	o := suite.Options{Env: rules.Env{Partial: true}, Resolve: resolver.Options{MaxBody: defaultBody}, Now: time.Now()}
	o.Env.Now = o.Now
	if file == "" {
		if len(args) < 2 {
			return nil, nil, o, errors.New("diff wants OLD and NEW; with -c tiergate.yaml NEW may be left out for its rules")
		}
		return nil, nil, o, nil
	}
	c, err := loadConfig(file)
	if err != nil {
		return nil, nil, o, err
	}
	p, err := assemble(c, slog.New(slog.DiscardHandler))
	return c, p, c.suite(o.Now), err
}

// flips reports whether a whole request is allowed by one version and denied by
// the other, as the change says. A version in which the test makes no sense, for
// want of a type, denies it.
func flips(ctx context.Context, versions [2]*rulesVersion, c *diff.Change) bool {
	allowed := func(b *suite.Bench) bool {
		o, err := b.Decide(ctx, c.Witness.Case)
		return err == nil && o.Effect == rules.Allow
	}
	gained := c.Effect == diff.Gained
	return allowed(versions[1].bench) == gained && allowed(versions[0].bench) != gained
}
