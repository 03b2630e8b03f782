package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/suite"
)

// testFlags are what the verb was told.
type testFlags struct {
	file, pattern, output            string
	coverage, mutate, update, follow bool
	minKilled                        float64
	timeout                          time.Duration
}

func newTest() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test [-c tiergate.yaml] [RULES_DIR...]",
		Short: "Run the tests that stand beside the rules",
		Long: `test runs every *_test.yaml below the rules directories: each test says who sends what, what is known of the
objects, and what the answer must be. The decision is made by the server's own steps; only the caller and the
facts are the test's.

--mutate asks what the tests are worth: it changes the rules in one place after the other and lists the changes that
no test notices. --update writes the pictures and snapshots that are not what came; review them as code.`,
		Example: "  tiergate test ./rules --coverage\n  tiergate test ./rules --mutate\n" +
			"  tiergate test -c tiergate.yaml --run 'own.*' -o junit > report.xml",
		RunE: func(cmd *cobra.Command, args []string) error {
			if !f.mutate && (cmd.Flags().Changed("min-killed") || cmd.Flags().Changed("timeout")) {
				return errors.New("--min-killed and --timeout are about --mutate")
			}
			if f.follow {
				return followTests(cmd, &f, args, watched)
			}
			return runTests(cmd.Context(), cmd, &f, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "config", "c", "", "the server's configuration; without it issuers and managed headers are taken as the tests and rules name them")
	flags.StringVar(&f.pattern, "run", "", "only tests whose name matches this regular expression")
	flags.BoolVar(&f.coverage, "coverage", false, "also list the rules, routes, tiers and sides of conditions that no test reached")
	flags.BoolVar(&f.mutate, "mutate", false, "also try the tests on rules that are wrong in one place, and list what no test notices")
	flags.Float64Var(&f.minKilled, "min-killed", 100, "with --mutate: how many per cent of the mutants the tests must notice")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Minute, "with --mutate: give up after this time")
	flags.BoolVar(&f.update, "update", false, "write the pictures and snapshots that are not what came")
	flags.BoolVarP(&f.follow, "watch", "w", false, "run again whenever rules, tests, snapshots or the configuration change")
	cmd.MarkFlagsMutuallyExclusive("update", "mutate")
	cmd.MarkFlagsMutuallyExclusive("update", "watch")
	outputFlag(cmd, &f.output, "text", "json", "junit", "github")
	return cmd
}

// testOptions are the configuration's, or what can be said without one.
func testOptions(file string, dirs []string) (suite.Options, []string, error) {
	o := suite.Options{Env: rules.Env{Partial: true}, Resolve: resolver.Options{MaxBody: defaultBody}, Now: time.Now()}
	if file != "" {
		c, err := loadConfig(file)
		if err != nil {
			return o, nil, err
		}
		if _, err := assemble(c, slog.New(slog.DiscardHandler)); err != nil {
			return o, nil, err
		}
		o = c.suite(o.Now)
		if len(dirs) == 0 {
			dirs = c.rulesDirs()
		}
	}
	o.Env.Now = o.Now
	if len(dirs) == 0 {
		return o, nil, errors.New("test wants a rules directory, or -c tiergate.yaml")
	}
	return o, dirs, nil
}

// suite is what tests need of a configuration.
func (c *config) suite(now time.Time) suite.Options {
	o := suite.Options{Env: c.env(), Resolve: c.resolve(), Claims: map[string]suite.ClaimNames{}, Now: now}
	o.Env.Now = now
	for _, l := range c.Listen.GRPC {
		o.Serves = append(o.Serves, l.Serves.Values()...)
	}
	for i := range c.Issuers {
		issuer := &c.Issuers[i]
		o.Claims[issuer.Name.V] = suite.ClaimNames{
			Client: issuer.ClientClaim.V, Scopes: issuer.ScopeClaim.V, Purpose: issuer.PurposeClaim.V,
		}
	}
	return o
}

// runTests runs them once and says how it went.
func runTests(ctx context.Context, cmd *cobra.Command, f *testFlags, args []string) error {
	run, err := regexp.Compile(f.pattern)
	if err != nil {
		return fmt.Errorf("--run: %w", err)
	}
	o, dirs, err := testOptions(f.file, args)
	if err != nil {
		return explainMistakes(cmd.ErrOrStderr(), err, nil)
	}
	o.Run = run
	report, err := tested(ctx, cmd, f, dirs, o)
	if err != nil && !errors.Is(err, suite.ErrFailing) {
		return err
	}
	if werr := writeReport(cmd.OutOrStdout(), report, f, dirs); werr != nil {
		return werr
	}
	if err != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), err)
	}
	if report.Failed() > 0 || report.Mutation != nil && report.Mutation.KilledPercent() < f.minKilled {
		return errNo
	}
	return nil
}

// tested reads the directories and runs what stands in them.
func tested(ctx context.Context, cmd *cobra.Command, f *testFlags, dirs []string, o suite.Options) (*suite.Report, error) {
	opened, err := policy.OpenDirs(dirs)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	var report *suite.Report
	if f.mutate {
		report, err = mutated(ctx, cmd, f, opened, o)
	} else {
		report, err = suite.Run(ctx, opened, o)
	}
	var ms rules.Mistakes
	switch {
	case errors.As(err, &ms):
		fmt.Fprint(cmd.ErrOrStderr(), ms.Report(func(file string) string {
			text, _ := fs.ReadFile(opened, file)
			return string(text)
		}))
		return nil, errNo
	case errors.Is(err, suite.ErrNoTests) && o.Run.String() != "":
		return nil, fmt.Errorf("no test has a name that --run %q matches", o.Run)
	case err != nil || !f.update || len(report.Updates) == 0:
		return report, err
	}
	if err := writeUpdates(cmd.ErrOrStderr(), dirs, report.Updates); err != nil {
		return nil, err
	}
	return suite.Run(ctx, opened, o)
}

func writeReport(w io.Writer, r *suite.Report, f *testFlags, dirs []string) error {
	switch f.output {
	case "json":
		return r.WriteJSON(w)
	case "junit":
		return r.WriteJUnit(w)
	case "github":
		return annotate(w, r, dirs)
	}
	return r.WriteText(w, f.coverage)
}
