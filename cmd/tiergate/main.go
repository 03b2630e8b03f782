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
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newServe(), newCheck(), newTest(), newExplain(), newToken(), newReview(), newRevoke(), newRevocations(), newVersion())
	return root
}
