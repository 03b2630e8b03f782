package main

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/e2e/load"
)

// revoke holds the flags of `revoke`.
type revoke struct {
	staged
	run load.Revoke
	out io.Writer
}

func revokeCommand() *cobra.Command {
	r := &revoke{}
	cmd := &cobra.Command{
		Use:   "revoke",
		Short: "How long a token is still good once it is revoked",
		Long: `Revokes tokens that are in use, on a tiergate of its own, under load, over
loopback: by the command "tiergate revoke", whose start is part of it, and by the
one request that the command sends, in turn. Prints the time until the first
check that is denied, and until the acknowledgement. Fails when a check that
was sent after the acknowledgement is allowed.`,
		Example: "  tiergate-lab revoke --tiergate bin/tiergate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.out = cmd.OutOrStdout()
			return r.start(cmd.Context())
		},
	}
	r.flags(cmd, 1000, 100)
	flags := cmd.Flags()
	flags.IntVar(&r.run.Rounds, "rounds", 200, "tokens that are revoked in each way")
	flags.Float64Var(&r.run.PerSecond, "rate", 1000, "checks a second of other callers")
	flags.IntVar(&r.run.Connections, "connections", 2, "connections of the other callers")
	flags.IntVar(&r.run.Senders, "senders", 64, "requests of the other callers in flight at most")
	return cmd
}

// maxRounds keeps a run within the entries that a tiergate holds.
const maxRounds = 10_000

func (r *revoke) start(ctx context.Context) error {
	if r.run.Rounds > maxRounds {
		return fmt.Errorf("--rounds %d: at most %d", r.run.Rounds, maxRounds)
	}
	return r.on(ctx, func(stage *load.Stage) error {
		result, err := stage.Revoke(ctx, r.run)
		if err != nil {
			return err
		}
		return r.report(result)
	})
}

func (r *revoke) report(result *load.RevokeResult) error {
	good := result.Good
	fmt.Fprintf(r.out, "%d rounds each, beside %.0f good checks a second; %s, %d processors\n\n",
		r.run.Rounds, float64(good.Sent)/good.Took.Seconds(), runtime.Version(), runtime.NumCPU())
	fmt.Fprintf(r.out, "%-28s %10s %10s %10s %10s %10s %10s\n", "from the start of", "denied p50", "p99", "most ms", "acked p50", "p99", "most ms")
	late := 0
	for _, w := range []struct {
		name string
		way  *load.Way
	}{{"tiergate revoke (a process)", result.Command}, {"its request", result.Request}} {
		fmt.Fprintf(r.out, "%-28s", w.name)
		for _, q := range []float64{50, 99, 100} {
			fmt.Fprintf(r.out, " %10.2f", float64(w.way.Denied.ValueAtQuantile(q))/1e3)
		}
		for _, q := range []float64{50, 99, 100} {
			fmt.Fprintf(r.out, " %10.2f", float64(w.way.Acked.ValueAtQuantile(q))/1e3)
		}
		fmt.Fprintln(r.out)
		late += w.way.Allowed
	}
	fmt.Fprintf(r.out, "\nchecks sent after the acknowledgement and allowed: %d\n", late)
	fmt.Fprintf(r.out, "other callers: %d checks, p50 %.2f ms, p99 %.2f ms; %d failed, %d not as expected\n", good.Sent,
		float64(good.Latency.ValueAtQuantile(50))/1e3, float64(good.Latency.ValueAtQuantile(99))/1e3, good.Failed, good.Wrong)
	if late+good.Failed+good.Wrong > 0 {
		return errNotAsExpected
	}
	return nil
}
