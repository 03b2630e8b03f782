package main

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/rules/review"
)

func newNeed() *cobra.Command {
	var file, output string
	var strict bool
	cmd := &cobra.Command{
		Use:   "need -c tiergate.yaml [IDENTITY...]",
		Short: "List what identities may do beyond what they say they need",
		Long: `need compares what the rules grant an identity, counted over the catalog as review reach does, with what its
task and needs say (identities: [ { task: …, needs: [ "read account[tenant=eu]" ] } ]), before any traffic. A need that nothing
grants is shown too. With --strict the exit code is 1 if an identity that states its needs has more than those.`,
		Example: "  tiergate review need -c tiergate.yaml\n  tiergate review need -c tiergate.yaml --strict -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return errors.New("review need wants -c tiergate.yaml: it counts over the configuration's catalogs")
			}
			report, err := reach(cmd.Context(), file, args, false)
			if err != nil {
				return explainMistakes(cmd.ErrOrStderr(), err, nil)
			}
			write := report.WriteSurplusText
			if output == "json" {
				write = report.WriteSurplusJSON
			}
			if err := write(cmd.OutOrStdout()); err != nil {
				return err
			}
			more := func(s review.Surplus) bool { return s.Stated && !s.None() }
			if strict && slices.ContainsFunc(report.Surplus, more) {
				return errNo
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with 1 if there is surplus")
	outputFlag(cmd, &output, "text", "json")
	return cmd
}
