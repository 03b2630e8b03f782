package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/load"
)

// bench holds the flags of `bench`.
type bench struct {
	staged
	slices      int
	slice       time.Duration
	connections int
	inFlight    int
	most        float64
	profile     string
	out         io.Writer
}

func benchCommand() *cobra.Command {
	b := &bench{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "What a warm check costs, beside a stock server that always says yes",
		Long: `Runs tiergate and a stock grpc-go server that always says yes as two processes,
and gives them the same requests in turn, in short slices of one run, so that
whatever else the machine does hits both alike. Prints processor time per check,
throughput, latency, their ratio and its spread.`,
		Example: "  tiergate-lab bench --tiergate bin/tiergate\n  tiergate-lab bench --cpuprofile tiergate.pprof",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b.out = cmd.OutOrStdout()
			return b.run(cmd.Context())
		},
	}
	b.flags(cmd, 10_000, 500)
	flags := cmd.Flags()
	flags.IntVar(&b.slices, "slices", 24, "slices each server gets")
	flags.DurationVar(&b.slice, "slice", 500*time.Millisecond, "length of a slice")
	flags.IntVar(&b.connections, "connections", 2, "connections, as many as an Envoy has workers")
	flags.IntVar(&b.inFlight, "in-flight", 64, "checks in flight")
	flags.Float64Var(&b.most, "most", 2, "fail when a check costs more than this many times the stock server's; 0 for no bound")
	flags.StringVar(&b.profile, "cpuprofile", "", "write a processor profile of tiergate here")
	return cmd
}

// alwaysYesCommand is the other process of `bench`.
func alwaysYesCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "always-yes ADDRESS_FILE",
		Short:  "A stock grpc-go server that allows everything",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			if err := os.WriteFile(args[0], []byte(l.Addr().String()), 0o600); err != nil {
				return err
			}
			return load.ServeAlwaysYes(cmd.Context(), l)
		},
	}
}

// lane is one of the two servers with what was measured of it.
type lane struct {
	name   string
	pid    int
	target load.Target
	total  *load.Result
	cost   []float64 // microseconds of processor time a check, by slice
	rate   []float64 // checks a second, by slice
}

func (b *bench) run(ctx context.Context) error {
	if b.slices < 1 || b.slice <= 0 || b.connections < 1 || b.inFlight < 1 {
		return errors.New("--slices, --slice, --connections and --in-flight must be more than 0")
	}
	return b.on(ctx, func(stage *load.Stage) error { return b.beside(ctx, stage) })
}

// beside starts the stock server beside the stage's tiergate, and measures both.
func (b *bench) beside(ctx context.Context, stage *load.Stage) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	stock, err := e2e.StartAlwaysYes(ctx, stage.Dir(), self, "always-yes")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stock.Stop()) }()

	ours, err := b.lane("tiergate", stage.Tiergate.Pid(), stage.Tiergate.GRPC, stage.Requests)
	if err != nil {
		return err
	}
	defer ours.target.Close()
	yes := slices.Clone(stage.Requests)
	for i := range yes {
		yes[i].Allowed = true
	}
	theirs, err := b.lane("always yes", stock.Pid(), stock.GRPC, yes)
	if err != nil {
		return err
	}
	defer theirs.target.Close()
	return b.measure(ctx, stage, ours, theirs, yes)
}

func (b *bench) lane(name string, pid int, addr string, requests []load.Request) (*lane, error) {
	target, err := load.GRPC(addr, b.connections, requests)
	return &lane{name: name, pid: pid, target: target}, err
}

func (b *bench) measure(ctx context.Context, stage *load.Stage, ours, theirs *lane, yes []load.Request) error {
	fmt.Fprintf(b.out, "warming up: %d objects, %d tokens\n", b.size.Objects, b.size.Tokens)
	for range 2 {
		if r := load.Once(ctx, ours.target, stage.Requests); r.Failed+r.Wrong > 0 {
			return fmt.Errorf("warm-up: %d failed, %d wrong answers: %w", r.Failed, r.Wrong, r.FirstError)
		}
		load.Once(ctx, theirs.target, yes)
	}
	profiled := make(chan error, 1)
	if b.profile == "" {
		profiled <- nil
	} else {
		go func() { profiled <- stage.Profile(ctx, b.profile, 2*time.Duration(b.slices)*b.slice) }()
	}
	for i := range b.slices {
		pair := []*lane{ours, theirs}
		requests := [][]load.Request{stage.Requests, yes}
		for j := range pair {
			if i%2 == 1 {
				j = 1 - j // whoever comes second finds the machine warmer
			}
			if err := pair[j].slice(ctx, b, requests[j], i); err != nil {
				return err
			}
		}
	}
	if err := <-profiled; err != nil {
		return err
	}
	return b.report(ours, theirs)
}

// slice gives a server one slice of the run.
func (l *lane) slice(ctx context.Context, b *bench, requests []load.Request, i int) error {
	before, err := load.CPU(l.pid)
	if err != nil {
		return err
	}
	r := load.Closed(ctx, l.target, requests, b.inFlight, b.slice, i*7919)
	after, err := load.CPU(l.pid)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r.Failed+r.Wrong > 0 || r.Sent == 0 {
		return fmt.Errorf("%s: %d sent, %d failed, %d wrong answers: %w", l.name, r.Sent, r.Failed, r.Wrong, r.FirstError)
	}
	l.cost = append(l.cost, float64((after-before).Nanoseconds())/1e3/float64(r.Sent))
	l.rate = append(l.rate, float64(r.Sent)/r.Took.Seconds())
	if l.total == nil {
		l.total = r
	} else {
		l.total.Add(r)
	}
	return nil
}

func (b *bench) report(ours, theirs *lane) error {
	fmt.Fprintf(b.out, "\n%d slices of %v each, in turn; %d connections, %d checks in flight; %s, %d processors\n\n",
		b.slices, b.slice, b.connections, b.inFlight, runtime.Version(), runtime.NumCPU())
	fmt.Fprintf(b.out, "%-12s %10s %26s %14s %10s %10s\n", "server", "checks", "CPU µs a check (p10–p90)", "checks/s", "p50 µs", "p99 µs")
	for _, l := range []*lane{theirs, ours} {
		fmt.Fprintf(b.out, "%-12s %10d %10.1f  (%5.1f – %5.1f) %14.0f %10d %10d\n", l.name, l.total.Sent,
			quantile(l.cost, .5), quantile(l.cost, .1), quantile(l.cost, .9), quantile(l.rate, .5),
			l.total.Latency.ValueAtQuantile(50), l.total.Latency.ValueAtQuantile(99))
	}
	ratios := make([]float64, len(ours.cost))
	rates := make([]float64, len(ours.cost))
	for i := range ratios {
		ratios[i] = ours.cost[i] / theirs.cost[i]
		rates[i] = ours.rate[i] / theirs.rate[i]
	}
	ratio := quantile(ratios, .5)
	fmt.Fprintf(b.out, "\nratio of CPU a check: %.2f (p10–p90 %.2f – %.2f); of throughput: %.2f\n",
		ratio, quantile(ratios, .1), quantile(ratios, .9), quantile(rates, .5))
	if b.most > 0 && ratio > b.most {
		return fmt.Errorf("%w: a check costs %.2f times the stock server's, more than %.2f", errNotAsExpected, ratio, b.most)
	}
	return nil
}

// quantile is the value below which a share q of values lies.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(math.Round(q*float64(len(sorted)-1)))]
}
