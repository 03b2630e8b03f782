package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/oracle"
)

// oracleFlags are the flags of `oracle`.
type oracleFlags struct {
	seed     uint64
	seeds    int
	requests int
	only     int
	proxy    string
	root     string
	dir      string
}

func oracleCommand() *cobra.Command {
	var f oracleFlags
	cmd := &cobra.Command{
		Use:   "oracle",
		Short: "Compare every answer with a slow, obvious evaluator",
		Long: `Generates an API, issuers, identities, a catalog, rules and traffic from a seed,
runs them through a real Envoy and the built tiergate, and compares status,
reason, headers and upstream hits with an evaluator that shares no code with
the engine. Between requests it revokes and restores, replaces catalogs, and uses
proofs twice; before them it misspells the files, and wants each refused. Where they differ it says how to see the request again, and keeps
the generated files.`,
		Example: `  tiergate-lab oracle --seed 1 --requests 5000
  tiergate-lab oracle --seed 1 --seeds 20 --requests 5000
  tiergate-lab oracle --seed 7 --requests 5000 --proxy base --only 4711`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.Uint64Var(&f.seed, "seed", 1, "the first seed")
	flags.IntVar(&f.seeds, "seeds", 1, "how many seeds, counted up from the first")
	flags.IntVar(&f.requests, "requests", 5000, "requests a seed")
	flags.IntVar(&f.only, "only", -1, "send only the request of this number")
	flags.StringVar(&f.proxy, "proxy", "", "Envoy's bootstrap: hardened or base; by default even seeds hardened, odd ones base")
	flags.StringVar(&f.root, "root", ".", "tiergate's source, to build it from unless $TIERGATE_BIN names a binary")
	flags.StringVar(&f.dir, "dir", os.TempDir(), "where the files of seeds with a difference are kept")
	return cmd
}

func (f *oracleFlags) run(ctx context.Context, out io.Writer) error {
	if f.seeds < 1 || f.requests < 1 {
		return fmt.Errorf("--seeds %d --requests %d: want at least 1 of each", f.seeds, f.requests)
	}
	build, err := os.MkdirTemp("", "tiergate-oracle-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(build) //nolint:errcheck // best effort on the way out
	o := oracle.Options{Requests: f.requests, Only: f.only, Dir: f.dir}
	if o.Envoy, err = e2e.FindEnvoy(ctx); err != nil {
		return err
	}
	if o.Tiergate, err = e2e.FindTiergate(ctx, f.root, build); err != nil {
		return err
	}
	total := oracle.NewResult(0)
	for i := range uint64(f.seeds) {
		r, err := f.one(ctx, out, f.seed+i, o)
		if err != nil {
			return err
		}
		total.Add(r)
	}
	fmt.Fprintf(out, "\n%d seeds, %d requests, %d allowed (%d %%), %d denied, %d sent again, %d differences\nreasons: %s\nconstructs: %s\nslips: %s\n", f.seeds, total.Sent, total.Allows,
		100*total.Allows/max(total.Sent, 1), total.Sent-total.Allows, total.Again, len(total.Differences), total.Histogram(), total.Reached(), total.Slipped())
	if len(total.Differences) > 0 {
		return errNotAsExpected
	}
	return nil
}

func (f *oracleFlags) one(ctx context.Context, out io.Writer, seed uint64, o oracle.Options) (*oracle.Result, error) {
	if o.Proxy = f.proxy; o.Proxy == "" {
		o.Proxy = []string{"hardened", "base"}[seed%2]
	}
	r, err := oracle.Run(ctx, seed, o)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "seed %d (%s): %d requests in %v, %d allowed, %d reasons, %d sent again, %d differences\n",
		seed, o.Proxy, r.Sent, r.Took.Round(10*time.Millisecond), r.Allows, len(r.Reasons), r.Again, len(r.Differences))
	if len(r.Differences) > 0 {
		fmt.Fprintf(out, "%sfiles: %s\n", r.Report(o), r.Dir)
	}
	return r, nil
}
