// Command tiergate-lab runs tiergate's laboratory: a real Envoy, an identity
// provider and a bank, on loopback ports, driven by the built tiergate binary.
// No process that it starts outlives it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// verbs are the subcommands; each has a file of its own.
var verbs = []func() *cobra.Command{
	demoCommand,
	tryCommand,
	oracleCommand,
	loadCommand,
	benchCommand,
	floodCommand,
	revokeCommand,
	scaleCommand,
	scaleReadCommand,
	alwaysYesCommand,
}

// errNotAsExpected ends the command with 1: it ran, and the answer is no.
var errNotAsExpected = errors.New("not as expected")

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns 0 (fine), 1 (not as expected) or 2 (could not run).
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	root := &cobra.Command{
		Use:           "tiergate-lab",
		Short:         "The laboratory of tiergate: real Envoy, identity provider, bank",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	for _, verb := range verbs {
		root.AddCommand(verb())
	}
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "tiergate-lab:", err)
	if errors.Is(err, errNotAsExpected) {
		return 1
	}
	return 2
}
