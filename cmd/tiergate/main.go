// Command tiergate decides, for Envoy and Istio, every API call at the level
// of the object it touches.
//
// This package alone reads flags, environment and signals, and joins the other
// packages. Exit codes: 0 fine, 1 the answer is no or faults were found, 2 the
// command could not run.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// Exit codes.
const (
	exitFine = 0
	exitNo   = 1
	exitFail = 2
)

// errNo ends a command whose answer is no, after it printed why.
var errNo = errors.New("the answer is no")

func run(args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	switch err := root.Execute(); {
	case err == nil:
		return exitFine
	case errors.Is(err, errNo):
		return exitNo
	default:
		fmt.Fprintf(stderr, "tiergate: %v\n", err)
		return exitFail
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "tiergate",
		Short: "Authorize every API call at the object it touches",
		Long: `tiergate is a gRPC ext_authz server for Envoy and Istio. It verifies the caller,
resolves the request to objects and their sensitivity tiers, and decides by rules files.`,
		Example: `  tiergate check -c tiergate.yaml
  tiergate explain -c tiergate.yaml GET https://accounts.example.com/v1/accounts/AC1 --as customers --subject ada`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version,
	}
	root.SetVersionTemplate(buildInfo().String())
	root.AddCommand(newServe(), newCheck(), newTest(), newExplain(), newToken(), newReview(), newCatalog(), newEnvoy(), newIdentities(), newRevoke(), newRevocations(), newImport(), newCoverage(), newLint(), newDiff(), newRules(), newInit(), newFmt(), newSchema(), newVersion())
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() {
			cmd.RunE = onlyVerbs
		}
	}
	return root
}

// onlyVerbs runs a command that only has others below it: left to itself, cobra
// takes a misspelt one for no fault.
func onlyVerbs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("unknown command %q for %q, want one of %s", args[0], cmd.CommandPath(), strings.Join(names, ", "))
}
