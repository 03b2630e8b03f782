package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/tiergate/tiergate/extauthz"
	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/regular"
)

func newServe() *cobra.Command {
	var file, addresses, level string
	cmd := &cobra.Command{
		Use:   "serve -c tiergate.yaml",
		Short: "Answer Envoy's checks",
		Long: `serve runs the server until SIGTERM or SIGINT, and then drains: health says "not serving" first, the
listeners close after drain.wait. SIGHUP looks at the rules at once and reopens the decision log.`,
		Example: "  tiergate serve -c tiergate.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return errors.New("serve wants -c tiergate.yaml")
			}
			var l slog.Level
			if err := l.UnmarshalText([]byte(level)); err != nil {
				return fmt.Errorf("no log level %q, want debug, info, warn or error", level)
			}
			hup := make(chan os.Signal, 1)
			signal.Notify(hup, syscall.SIGHUP) // before anything is loaded: by itself SIGHUP ends a process
			defer signal.Stop(hup)
			signal.Ignore(syscall.SIGPIPE) // whoever reads our logs may go away: that is a failed write, not our end
			defer signal.Reset(syscall.SIGPIPE)
			log := slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: l, ReplaceAttr: readable}))
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, os.Interrupt)
			defer stop()
			return serve(ctx, file, addresses, log, cmd.ErrOrStderr(), hup)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the server's configuration")
	cmd.Flags().StringVar(&addresses, "addresses-file", "", "write the bound addresses here as JSON, once listening")
	cmd.Flags().StringVar(&level, "log-level", "info", "debug, info, warn or error")
	return cmd
}

// readable writes durations as people do: 1.5s, not 1500000000.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// service is a running server: everything that serve joins and must end.
type service struct {
	parts  *parts
	live   *policy.Live
	audit  *audit.Writer
	server *extauthz.Server
	log    *slog.Logger
	hup    <-chan os.Signal
}

func serve(ctx context.Context, file, addresses string, log *slog.Logger, stderr io.Writer, hup <-chan os.Signal) (err error) {
	c, err := loadConfig(file)
	if err != nil {
		return explainMistakes(stderr, err, nil)
	}
	c.server = true
	s := &service{log: log, hup: hup}
	if s.parts, err = assembleWith(c, log, ownJournal); err != nil {
		return explainMistakes(stderr, err, nil)
	}
	defer func() { err = errors.Join(err, s.parts.close()) }()
	if s.live, err = s.firstPolicy(stderr); err != nil {
		return err
	}
	if s.audit, err = openAudit(c, log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.audit.Close()) }()
	if s.server, err = s.newServer(c); err != nil {
		return err
	}
	if err := writeAddresses(addresses, s.server); err != nil {
		s.server.Close()
		return err
	}
	log.Info("listening", slog.Any("grpc", texts(s.server.Addrs())), slog.String("version", version))
	return s.run(ctx)
}

// explainMistakes shows mistakes with their lines, and leaves a short error.
func explainMistakes(stderr io.Writer, err error, src *rules.Source) error {
	var ms rules.Mistakes
	if !errors.As(err, &ms) {
		return err
	}
	fmt.Fprint(stderr, ms.Report(lines(src)))
	if len(ms) == 1 {
		return errors.New("1 mistake in what was loaded")
	}
	return fmt.Errorf("%d mistakes in what was loaded", len(ms))
}

// firstPolicy loads the rules. Where they do not load, the last good ones of
// the state directory serve, loudly, so that a restart survives a bad edit.
func (s *service) firstPolicy(stderr io.Writer) (*policy.Live, error) {
	state := s.parts.config.path(s.parts.config.StateDir.V)
	var first *rules.Source // of a first load that failed, for the report
	live, err := policy.NewLive(policy.LiveOptions{
		Load: func() (*policy.Policy, *rules.Source, error) {
			p, src, err := s.parts.load()
			first = src
			return p, src, err
		},
		Taken: s.taken(state),
		Guard: s.parts.config.rulesGuard(s.log),
		Log:   s.log,
	})
	if err == nil {
		return live, nil
	}
	if state == "" {
		return nil, explainMistakes(stderr, err, first)
	}
	kept, missing := policy.LastGood(state, s.parts.loadFS)
	switch {
	case missing == nil:
		s.log.Error("rules not loaded, serving the last good ones", slog.String("error", err.Error()))
		live.Adopt(kept)
		s.compareRevocations(kept)
		return live, nil
	case !errors.Is(missing, policy.ErrNoneKept):
		s.log.Error("last good rules not used", slog.String("error", missing.Error()))
	}
	return nil, explainMistakes(stderr, err, first)
}

// compareRevocations tells which of them stop nobody under a version of the rules.
func (s *service) compareRevocations(p *policy.Policy) {
	s.parts.revoked.Compare(s.parts.config.names(p), s.log)
}

// taken writes each version that took effect into the state directory, and tells
// which revocations it makes useless.
func (s *service) taken(state string) func(*policy.Policy) {
	return func(p *policy.Policy) {
		s.compareRevocations(p)
		if state == "" {
			return
		}
		if err := policy.KeepLastGood(state, p); err != nil {
			s.log.Error("last good rules not kept", slog.String("error", err.Error()))
		}
	}
}

// standardOutput is the audit.file that is none: whoever runs us collects it.
const standardOutput = "-"

func openAudit(c *config, log *slog.Logger) (*audit.Writer, error) {
	o := audit.Options{
		Buffer: orDefault(c.Audit.Buffer.V, defaultBuffer), Required: c.Audit.Mode.V == "required", Log: log,
	}
	switch c.Audit.File.V {
	case "":
		o.Out = io.Discard
	case standardOutput:
		o.Out = os.Stdout
	default:
		o.Path = c.path(c.Audit.File.V)
	}
	return audit.Open(o)
}

func (s *service) newServer(c *config) (*extauthz.Server, error) {
	key, err := audit.LoadKey(c.path(c.StateDir.V))
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics, err := extauthz.NewMetrics(registry, s.sources())
	if err != nil {
		return nil, err
	}
	o := extauthz.Options{
		Checker: s.live, Audit: s.audit, Hasher: key, Metrics: metrics, Log: s.log,
		Admin: extauthz.Admin{
			Address: c.Listen.Admin.V, Probe: c.Listen.Probe.V, Pprof: c.Listen.Pprof, Gatherer: registry,
			NotReady: s.notReady, Version: func() any { return buildInfo() }, Rules: s.showRules,
		},
		Control:    s.control(c),
		Challenges: extauthz.Challenges{DPoP: s.parts.verifier.ProofAlgorithms(), ResourceMetadata: c.ResourceMetadata.V},
		Limits:     extauthz.DefaultLimits(), Managed: c.Headers.Managed.Values(), ExposeReason: c.ExposeReason,
		Config: c.hash(), Deadline: c.deadline(), InFlight: orDefault(c.Limits.InFlight.V, defaultInFlight),
		DrainWait: defaultDrain, DrainTimeout: orDefault(c.Drain.Timeout.V, defaultTimeout),
	}
	if c.Drain.Wait.Pos != (rules.Pos{}) {
		o.DrainWait = c.Drain.Wait.V
	}
	for _, l := range c.Listen.GRPC {
		listener := extauthz.Listener{Address: l.Address.V, Serves: l.Serves.Values()}
		if l.TLS != nil {
			listener.TLS = c.tls(l.TLS)
		}
		o.Listeners = append(o.Listeners, listener)
	}
	return extauthz.New(o)
}

func (c *config) tls(t *tlsConfig) *extauthz.TLS {
	return &extauthz.TLS{
		CertFile: c.path(t.Cert.V), KeyFile: c.path(t.Key.V), ClientCA: c.path(t.ClientCA.V), ClientSANs: t.ClientSANs.Values(),
	}
}

// lookupWait is for look-ups that outlive their Check to fill the cache.
const lookupWait = 3 * time.Second

// run serves until ctx ends or one part fails; then all have ended.
func (s *service) run(ctx context.Context) error {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var g errgroup.Group
	failed, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	start := func(name string, run func(context.Context) error) {
		g.Go(func() error {
			err := guarded(name, func() error { return run(background) })
			if err != nil {
				fail(err) // a part that dies takes the process with it
			}
			return err
		})
	}
	start("keys", s.parts.verifier.Run)
	start("revocations", s.parts.revoked.Run)
	start("budgets", s.parts.budgets.Run)
	start("rules", func(ctx context.Context) error { return s.live.Watch(ctx, s.parts.config.rulesDirs()) })
	for name, f := range s.parts.files {
		start("catalog "+name, f.Run)
	}
	start("catalog changes", s.parts.options.Catalog.Run)
	start("signals", s.hangups)
	err := s.server.Run(failed) // drains before it returns: the parts stay up that long
	stop()
	settled, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupWait)
	defer cancel()
	return errors.Join(err, g.Wait(), s.parts.options.Catalog.Wait(settled))
}

// hangups reloads the rules and reopens the decision log on SIGHUP.
func (s *service) hangups(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.hup:
			s.audit.Reopen()
			s.live.Look()
		}
	}
}

// writeAddresses tells whoever started us with port 0 where we listen. The file
// appears whole.
func writeAddresses(path string, s *extauthz.Server) error {
	if path == "" {
		return nil
	}
	bound := struct {
		GRPC  []string `json:"grpc"`
		Admin string   `json:"admin,omitempty"`
		Probe string   `json:"probe,omitempty"`

		Control []string `json:"control,omitempty"`
	}{GRPC: texts(s.Addrs()), Control: texts(s.ControlAddrs())}
	if a := s.AdminAddr(); a != nil {
		bound.Admin = a.String()
	}
	if a := s.ProbeAddr(); a != nil {
		bound.Probe = a.String()
	}
	text, err := json.Marshal(bound)
	if err != nil {
		return err
	}
	return regular.Replace(path, text, 0o600)
}

func texts(addrs []net.Addr) []string {
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = a.String()
		if a.Network() == "unix" {
			out[i] = "unix:" + a.String()
		}
	}
	return out
}
