package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/e2e/load"
)

// flood holds the flags of `flood`.
type flood struct {
	staged
	run  load.Flood
	most float64
	out  io.Writer
}

func floodCommand() *cobra.Command {
	f := &flood{}
	cmd := &cobra.Command{
		Use:   "flood",
		Short: "What good callers feel beside a flood of worthless tokens",
		Long: `Asks a tiergate of its own, straight over gRPC on loopback, for good decisions at
a fixed rate, beside a flood of tokens of unknown keys and with garbage
signatures, and beside as many good tokens that it knows, in turn, in slices of
one run. Prints the latencies of the good traffic in both, its answers, the
fetches of keys, the hits of the token cache and the memory.`,
		Example: "  tiergate-lab flood --tiergate bin/tiergate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.out = cmd.OutOrStdout()
			return f.start(cmd.Context())
		},
	}
	f.flags(cmd, 10_000, 500)
	flags := cmd.Flags()
	flags.Float64Var(&f.run.PerSecond, "rate", 1000, "good checks a second")
	flags.IntVar(&f.run.Unknown, "unknown", 10_000, "tokens whose key nobody has")
	flags.IntVar(&f.run.Forged, "forged", 10_000, "tokens with garbage signatures")
	flags.IntVar(&f.run.Slices, "slices", 40, "slices each flood gets")
	flags.DurationVar(&f.run.Slice, "slice", 500*time.Millisecond, "length of a slice")
	flags.IntVar(&f.run.Connections, "connections", 2, "connections of each traffic")
	flags.IntVar(&f.run.Senders, "senders", 128, "requests of each traffic in flight at most")
	flags.Float64Var(&f.most, "most", 1.5, "fail when the p99 of good callers is more than this many times the control's, in the median slice; 0 for no bound")
	return cmd
}

func (f *flood) start(ctx context.Context) error {
	if f.run.Unknown+f.run.Forged > 1_000_000 || f.run.PerSecond*f.run.Slice.Seconds()*float64(f.run.Slices) > maxRequests {
		return fmt.Errorf("at most 1000000 worthless tokens and %d good checks", maxRequests)
	}
	return f.on(ctx, func(stage *load.Stage) error {
		r, err := stage.Flood(ctx, f.run)
		if err != nil {
			return err
		}
		return f.report(r)
	})
}

func (f *flood) report(r *load.FloodResult) error {
	fmt.Fprintf(f.out, "%d slices of %v each, in turn; %.0f good checks a second; %s, %d processors\n\n",
		f.run.Slices, f.run.Slice, f.run.PerSecond, runtime.Version(), runtime.NumCPU())
	fmt.Fprintf(f.out, "%-22s %8s %8s %8s %8s %8s %8s %10s %10s\n", "beside", "good", "p50 ms", "p90 ms", "p99 ms", "wrong", "failed", "hit ratio", "CPU µs")
	for _, a := range []struct {
		name string
		arm  *load.Arm
		hits int // that there should be
	}{
		{fmt.Sprintf("%d worthless", r.Bad.Side.Sent), r.Bad, r.Bad.Good.Sent},
		{fmt.Sprintf("%d good (control)", r.Control.Side.Sent), r.Control, r.Control.Good.Sent + r.Control.Side.Sent},
	} {
		ms := func(q float64) float64 { return float64(a.arm.Good.Latency.ValueAtQuantile(q)) / 1e3 }
		fmt.Fprintf(f.out, "%-22s %8d %8.2f %8.2f %8.2f %8d %8d %10.4f %10.1f\n", a.name, a.arm.Good.Sent, ms(50), ms(90), ms(99),
			a.arm.Good.Wrong, a.arm.Good.Failed, float64(a.arm.Hits)/float64(a.hits),
			float64(a.arm.CPU.Microseconds())/float64(a.arm.Good.Sent+a.arm.Side.Sent))
	}
	ratios := make([]float64, len(r.Bad.P99))
	for i := range ratios {
		ratios[i] = r.Bad.P99[i] / r.Control.P99[i]
	}
	ratio := quantile(ratios, .5)
	fmt.Fprintf(f.out, "\np99 beside worthless tokens is %.2f times the control's over the run, %.2f by slice (p10–p90 %.2f – %.2f)\n",
		float64(r.Bad.Good.Latency.ValueAtQuantile(99))/float64(r.Control.Good.Latency.ValueAtQuantile(99)),
		ratio, quantile(ratios, .1), quantile(ratios, .9))
	fmt.Fprintf(f.out, "worthless tokens: %d refused, %d allowed, %d failed, %d of them because too many waited\n",
		r.Bad.Side.Denied, r.Bad.Side.Allowed, r.Bad.Side.Failed, r.Overloaded)
	fmt.Fprintf(f.out, "fetches of keys: %d in %.0f s, %d are permitted\n", r.Fetches, r.Took.Seconds(), r.Permitted)
	fmt.Fprintf(f.out, "memory: %d MiB warm, %d MiB at most\n", r.Before>>20, r.Most>>20)
	return f.judge(r, ratio)
}

// judge says what must not be, whatever the machine does, and what the bound is for.
func (f *flood) judge(r *load.FloodResult, ratio float64) error {
	switch {
	case r.Bad.Side.Allowed > 0:
		return fmt.Errorf("%w: %d worthless tokens were allowed", errNotAsExpected, r.Bad.Side.Allowed)
	case r.Bad.Good.Wrong+r.Bad.Good.Failed+r.Control.Good.Wrong+r.Control.Good.Failed > 0:
		return fmt.Errorf("%w: good callers got wrong answers, or none", errNotAsExpected)
	case r.Fetches > r.Permitted:
		return fmt.Errorf("%w: %d fetches of keys", errNotAsExpected, r.Fetches)
	case f.most > 0 && ratio > f.most:
		return fmt.Errorf("%w: the p99 of good callers is %.2f times the control's, more than %.2f", errNotAsExpected, ratio, f.most)
	}
	return nil
}
