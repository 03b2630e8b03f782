package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/load"
	"github.com/tiergate/tiergate/examples"
)

// maxRequests bounds a run whatever the flags say.
const maxRequests = 50_000_000

// loader holds the flags of `load`.
type loader struct {
	tiergate    string
	rate        load.Rate
	size        load.Size
	connections int
	direct      bool
	target      string
	requests    string
	tokens      string
	out         io.Writer
}

func loadCommand() *cobra.Command {
	l := &loader{}
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Send traffic at a fixed rate and show what its senders feel",
		Long: `Sends requests at the times of a Poisson process, whatever the answers take, and
takes each latency from the moment at which the request was due. Without
--target it starts bank, identity provider, tiergate and Envoy on loopback and
reads many accounts with many tokens; with --target it sends to an Envoy of
yours, and only there: --requests names a file of lines such as

    GET https://accounts.example.com/v1/accounts/AC123456 allow

(allow or deny: the answer that is expected), --tokens a file of bearer tokens,
one a line, that the requests take in turn.`,
		Example: `  tiergate-lab load --rate 500 --duration 30s
  tiergate-lab load --direct --rate 5000
  tiergate-lab load --target http://127.0.0.1:8080 --requests requests.txt --tokens tokens.txt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l.out = cmd.OutOrStdout()
			return l.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&l.tiergate, "tiergate", "", "the tiergate to run (default: $TIERGATE_BIN, the one beside this program, or on PATH)")
	flags.Float64Var(&l.rate.PerSecond, "rate", 500, "requests a second")
	flags.DurationVar(&l.rate.Duration, "duration", 10*time.Second, "how long")
	flags.IntVar(&l.rate.Count, "count", 1_000_000, "requests at most")
	flags.IntVar(&l.rate.Senders, "senders", 256, "requests in flight at most")
	flags.IntVar(&l.size.Objects, "objects", 10_000, "accounts that are read")
	flags.IntVar(&l.size.Tokens, "tokens-minted", 500, "customers who read them")
	flags.IntVar(&l.connections, "connections", 2, "gRPC connections with --direct")
	flags.BoolVar(&l.direct, "direct", false, "ask tiergate over gRPC, without Envoy")
	flags.StringVar(&l.target, "target", "", "an Envoy of yours, scheme://host:port")
	flags.StringVar(&l.requests, "requests", "", "with --target: a file of requests")
	flags.StringVar(&l.tokens, "tokens", "", "with --target: a file of tokens")
	return cmd
}

func (l *loader) run(ctx context.Context) error {
	if l.rate.Count > maxRequests || l.rate.Duration > 24*time.Hour {
		return fmt.Errorf("--count %d --duration %v: at most %d requests and 24h", l.rate.Count, l.rate.Duration, maxRequests)
	}
	if l.target != "" {
		return l.theirs(ctx)
	}
	return l.ours(ctx)
}

// ours loads a world of its own.
func (l *loader) ours(ctx context.Context) (err error) {
	bank, err := fs.Sub(examples.FS, "bank")
	if err != nil {
		return err
	}
	var p e2e.Programs
	if p.Tiergate, err = findTiergate(l.tiergate); err != nil {
		return err
	}
	if !l.direct {
		if p.Envoy, err = e2e.FindEnvoy(ctx); err != nil {
			return err
		}
	}
	stage, err := load.NewStage(ctx, bank, p, l.size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	var target load.Target
	if l.direct {
		if target, err = load.GRPC(stage.Tiergate.GRPC, l.connections, stage.Requests); err != nil {
			return err
		}
	} else {
		base, err := stage.Envoy(ctx)
		if err != nil {
			return err
		}
		target = load.HTTP(base, l.rate.Senders, stage.Requests)
	}
	defer target.Close()
	return l.send(ctx, target, stage.Requests)
}

// theirs loads a proxy of the user's.
func (l *loader) theirs(ctx context.Context) error {
	base, err := url.Parse(l.target)
	if err != nil || base.Host == "" || base.Path != "" || base.Scheme != "http" && base.Scheme != "https" {
		return fmt.Errorf("--target %q: want http://host:port or https://host:port", l.target)
	}
	requests, err := readRequests(l.requests, l.tokens)
	if err != nil {
		return err
	}
	if !onLoopback(base.Hostname()) {
		fmt.Fprintf(l.out, "sending %v requests a second for %v to %s\n", l.rate.PerSecond, l.rate.Duration, base.Host)
	}
	target := load.HTTP(l.target, l.rate.Senders, requests)
	defer target.Close()
	return l.send(ctx, target, requests)
}

func onLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// readRequests reads `METHOD URL allow|deny` lines, and gives them the tokens in turn.
func readRequests(file, tokenFile string) ([]load.Request, error) {
	lines, err := readLines(file)
	if err != nil {
		return nil, fmt.Errorf("--requests: %w", err)
	}
	var tokens []string
	if tokenFile != "" {
		if tokens, err = readLines(tokenFile); err != nil {
			return nil, fmt.Errorf("--tokens: %w", err)
		}
	}
	var requests []load.Request
	for n, line := range lines {
		r, err := parseRequest(line)
		if err != nil {
			return nil, fmt.Errorf("--requests: %s: request %d: %w", file, n+1, err)
		}
		if len(tokens) > 0 {
			r.Token = tokens[n%len(tokens)]
		}
		requests = append(requests, r)
	}
	if len(requests) == 0 {
		return nil, fmt.Errorf("--requests: no request in %q", file)
	}
	return requests, nil
}

func parseRequest(line string) (load.Request, error) {
	words := strings.Fields(line)
	if len(words) != 3 || words[2] != "allow" && words[2] != "deny" {
		return load.Request{}, fmt.Errorf("%q: want METHOD URL allow, or deny", line)
	}
	u, err := url.Parse(words[1])
	if err != nil || u.Host == "" {
		return load.Request{}, fmt.Errorf("%q: want a whole URL", words[1])
	}
	return load.Request{Method: words[0], Host: u.Host, Path: u.RequestURI(), Allowed: words[2] == "allow"}, nil
}

// readLines returns the lines that hold something and are no comment.
func readLines(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	var lines []string
	in := bufio.NewScanner(file)
	for in.Scan() {
		if line := strings.TrimSpace(in.Text()); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines, in.Err()
}

// send runs the load and prints what came of it.
func (l *loader) send(ctx context.Context, target load.Target, requests []load.Request) error {
	r, err := load.Open(ctx, target, requests, l.rate)
	if err != nil {
		return err
	}
	seconds := r.Took.Seconds()
	fmt.Fprintf(l.out, "%d requests in %.1f s: %.0f a second, %.0f were asked for; %d allowed, %d denied, %d failed, %d not as expected\n",
		r.Sent, seconds, float64(r.Sent)/seconds, l.rate.PerSecond, r.Allowed, r.Denied, r.Failed, r.Wrong)
	fmt.Fprintf(l.out, "latency from the moment a request was due, in ms:")
	for _, q := range []float64{50, 90, 99, 99.9, 100} {
		fmt.Fprintf(l.out, "  p%v %.2f", q, float64(r.Latency.ValueAtQuantile(q))/1e3)
	}
	fmt.Fprintf(l.out, "\n%d were sent more than 5 ms late: the senders, or this machine, were busy\n", r.Late)
	if r.FirstError != nil {
		fmt.Fprintf(l.out, "the first failure: %v\n", r.FirstError)
	}
	if r.Failed+r.Wrong > 0 {
		return errNotAsExpected
	}
	return ctx.Err()
}
