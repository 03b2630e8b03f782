package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/examples"
)

func demoCommand() *cobra.Command {
	d := &demo{}
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Play the attack script behind Envoy's jwt_authn, then with tiergate",
		Example: "  tiergate-lab demo --tiergate bin/tiergate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.out = cmd.OutOrStdout()
			return d.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&d.tiergate, "tiergate", "", "the tiergate to run (default: $TIERGATE_BIN, the one beside this program, or on PATH)")
	cmd.Flags().BoolVar(&d.keep, "keep", false, "print curl lines and keep everything running until interrupted")
	return cmd
}

type demo struct {
	tiergate string
	keep     bool
	out      io.Writer
	problems []string
}

func (d *demo) run(ctx context.Context) (err error) {
	began := time.Now()
	programs, err := d.programs(ctx)
	if err != nil {
		return err
	}
	bank, err := fs.Sub(examples.FS, "bank")
	if err != nil {
		return err
	}
	w, err := e2e.NewWorld(bank, programs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.Serve(ctx); err != nil {
		return err
	}
	if err := w.Open(ctx, e2e.Gateways...); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "A bank behind Envoy %s: \"before\" with Envoy's own jwt_authn (issuer, audience, signature, expiry), then with tiergate.\n\n", e2e.VersionOf(programs.Envoy))

	if err := d.attacks(ctx, w); err != nil {
		return err
	}
	if err := d.reach(ctx, w); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nDone in %.1f s.", time.Since(began).Seconds())
	if d.keep {
		return d.wait(ctx, w, programs.Tiergate)
	}
	fmt.Fprintln(d.out, " To play on: make demo KEEP=1")
	return d.verdict()
}

func (d *demo) verdict() error {
	if len(d.problems) == 0 {
		return nil
	}
	return fmt.Errorf("%w:\n  %s", errNotAsExpected, strings.Join(d.problems, "\n  "))
}

func (d *demo) programs(ctx context.Context) (e2e.Programs, error) {
	var p e2e.Programs
	var err error
	if p.Tiergate, err = findTiergate(d.tiergate); err != nil {
		return p, err
	}
	p.Envoy, err = e2e.FindEnvoy(ctx)
	return p, err
}

// findTiergate returns the absolute path of the server to run.
func findTiergate(flag string) (string, error) {
	candidates := []string{flag, os.Getenv("TIERGATE_BIN")}
	if self, err := os.Executable(); err == nil {
		candidates = append(candidates, filepath.Join(filepath.Dir(self), "tiergate"))
	}
	for _, c := range append(candidates, "tiergate") {
		if c == "" {
			continue
		}
		path, err := exec.LookPath(c)
		if err == nil {
			return filepath.Abs(path)
		}
		if c == flag {
			return "", fmt.Errorf("--tiergate: %w", err)
		}
	}
	return "", errors.New("tiergate is missing: build it with `make build`, or name it with --tiergate")
}

// tally counts how the attacks and their twins ended.
type tally struct{ wins, refused, disarmed, twins int }

// attacks plays every row twice and prints the table.
func (d *demo) attacks(ctx context.Context, w *e2e.World) error {
	t := &table{widths: []int{3, 62, 30, 30, 15, 15, 24}}
	t.add(cell{"", dim}, cell{"request", dim}, cell{"who", dim}, cell{"object", dim}, cell{"before", dim}, cell{"with tiergate", dim}, cell{"decided by", dim})
	var n tally
	rows := e2e.Attacks()
	for i, row := range rows {
		attack, err := d.play(ctx, w, row, row.Attack)
		if err != nil {
			return err
		}
		twin, err := d.play(ctx, w, row, row.Twin)
		if err != nil {
			return err
		}
		n.count(attack, twin)
		t.add(attackLine(i+1, row, attack)...)
		t.add(twinLine(twin)...)
	}
	t.print(d.out)
	fmt.Fprintf(d.out, "\n%d attacks, each with its legitimate twin below it; [base] goes through an Envoy that normalises as little as Istio's default.\n", len(rows))
	fmt.Fprintf(d.out, "  %d got through before and are stopped now. Not counted: %d that Envoy or jwt_authn refuses already, %d that the bootstrap disarms by itself.\n", n.wins, n.refused, n.disarmed)
	fmt.Fprintf(d.out, "  %d of %d twins pass.\n", n.twins, len(rows))
	return nil
}

// play plays one call twice and keeps what was not as expected.
func (d *demo) play(ctx context.Context, w *e2e.World, row e2e.Row, c e2e.Call) (e2e.Result, error) {
	r, err := w.PlayTwice(ctx, row.Through(), c)
	if err != nil {
		return r, fmt.Errorf("%s: %w", row.Name, err)
	}
	for _, p := range r.Problems {
		d.problems = append(d.problems, fmt.Sprintf("%s (%s): %s %s as %v: %s", row.Name, row.Through(), c.Request.Method, c.Request.Target, c.Who, p))
	}
	return r, nil
}

func (n *tally) count(attack, twin e2e.Result) {
	switch {
	case attack.Win():
		n.wins++
	case !attack.Before.Reached:
		n.refused++
	case attack.Call.Stripped:
		n.disarmed++
	}
	if twin.With.Reached && len(twin.Problems) == 0 {
		n.twins++
	}
}

// wait prints how to play on and keeps the world until ctx ends.
func (d *demo) wait(ctx context.Context, w *e2e.World, tiergate string) error {
	fmt.Fprintln(d.out, "\n\nEverything keeps running. Paste any of these; Ctrl-C ends it all.")
	for i, row := range e2e.Attacks() {
		if i%4 != 0 { // a few of each sort
			continue
		}
		fmt.Fprintf(d.out, "\n# %s\n", row.Name)
		for _, c := range []e2e.Call{row.Attack, row.Twin} {
			line, err := w.Curl(e2e.Gateway{Profile: row.Through()}, c)
			if err != nil {
				return err
			}
			fmt.Fprintln(d.out, line)
		}
	}
	fmt.Fprintf(d.out, "\n# the decisions so far\ntail -n 3 %s\n# what is loaded\ncurl -s http://%s/rules\n", w.Tiergate.DecisionLog(), w.Tiergate.Admin)
	fmt.Fprintf(d.out, "# why the last one ended so\n%s explain -c %s --decision \"$(tail -n 1 %s | cut -d '\"' -f 8)\"\n", tiergate, w.Tiergate.Config, w.Tiergate.DecisionLog())
	if err := d.verdict(); err != nil {
		fmt.Fprintln(d.out, "\n"+err.Error())
	}
	<-ctx.Done()
	return d.verdict()
}
