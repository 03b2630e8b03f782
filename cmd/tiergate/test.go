package main

import (
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

func newTest() *cobra.Command {
	var file, pattern, output string
	var coverage bool
	cmd := &cobra.Command{
		Use:   "test [-c tiergate.yaml] [RULES_DIR...]",
		Short: "Run the tests that stand beside the rules",
		Long: `test runs every *_test.yaml below the rules directories: each test says who sends what, what is known of the
objects, and what the answer must be. The decision is made by the server's own steps; only the caller and the
facts are the test's.`,
		Example: "  tiergate test ./rules --coverage\n  tiergate test -c tiergate.yaml --run 'own.*' -o junit > report.xml",
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := regexp.Compile(pattern)
			if err != nil {
				return fmt.Errorf("--run: %w", err)
			}
			o, dirs, err := testOptions(file, args)
			if err != nil {
				return explainMistakes(cmd.ErrOrStderr(), err, nil)
			}
			o.Run = run
			return runTests(cmd, dirs, o, output, coverage)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration; without it issuers and managed headers are taken as the tests and rules name them")
	cmd.Flags().StringVar(&pattern, "run", "", "only tests whose name matches this regular expression")
	cmd.Flags().BoolVar(&coverage, "coverage", false, "also list the rules, routes and tiers that no test reached")
	outputFlag(cmd, &output, "text", "json", "junit")
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
		o.Env, o.Resolve, o.Claims = c.env(), c.resolve(), map[string]suite.ClaimNames{}
		for _, l := range c.Listen.GRPC {
			o.Serves = append(o.Serves, l.Serves.Values()...)
		}
		for i := range c.Issuers {
			issuer := &c.Issuers[i]
			o.Claims[issuer.Name.V] = suite.ClaimNames{
				Client: issuer.ClientClaim.V, Scopes: issuer.ScopeClaim.V, Purpose: issuer.PurposeClaim.V,
			}
		}
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

func runTests(cmd *cobra.Command, dirs []string, o suite.Options, output string, coverage bool) error {
	opened, err := policy.OpenDirs(dirs)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	report, err := suite.Run(cmd.Context(), opened, o)
	var ms rules.Mistakes
	switch {
	case errors.As(err, &ms):
		fmt.Fprint(cmd.ErrOrStderr(), ms.Report(func(file string) string {
			text, _ := fs.ReadFile(opened, file)
			return string(text)
		}))
		return errNo
	case errors.Is(err, suite.ErrNoTests) && o.Run.String() != "":
		return fmt.Errorf("no test has a name that --run %q matches", o.Run)
	case err != nil:
		return err
	}
	if err := writeReport(cmd.OutOrStdout(), report, output, coverage); err != nil {
		return err
	}
	if report.Failed() > 0 {
		return errNo
	}
	return nil
}

func writeReport(w io.Writer, r *suite.Report, output string, coverage bool) error {
	switch output {
	case "json":
		return r.WriteJSON(w)
	case "junit":
		return r.WriteJUnit(w)
	}
	return r.WriteText(w, coverage)
}
