package extauthz

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// Server answers Checks on its listeners, and operators on the admin listener.
type Server struct {
	o        Options
	answers  *answers
	ids      ids
	inFlight atomic.Int64
	health   *health.Server
	serving  atomic.Bool // health has said SERVING
	draining atomic.Bool
	grpc     []*endpoint
	admin    []*adminServer
	sleep    func(time.Duration) // time.Sleep
}

// New checks the options and binds every listener. Run serves them; without it
// Close gives them back.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Server{o: o, answers: newAnswers(o.Managed, o.ExposeReason), health: health.NewServer(), sleep: time.Sleep}
	s.answers.challenges = newChallenges(&o.Challenges)
	s.setServing(grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	if err := s.bind(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) bind() error {
	for i := range s.o.Listeners {
		e, err := s.newEndpoint(&s.o.Listeners[i])
		if err != nil {
			return fmt.Errorf("extauthz: %w", err)
		}
		s.grpc = append(s.grpc, e)
	}
	for _, bind := range []func() ([]*adminServer, error){s.newAdmin, s.newControl} {
		servers, err := bind()
		s.admin = append(s.admin, servers...)
		if err != nil {
			return fmt.Errorf("extauthz: %w", err)
		}
	}
	return nil
}

// Close gives back the listeners of a server that was never run.
func (s *Server) Close() {
	for _, e := range s.grpc {
		e.listener.Close() //nolint:errcheck // nobody was served on it
		e.server.Stop()
	}
	for _, a := range s.admin {
		a.listener.Close() //nolint:errcheck // nobody was served on it
	}
}

// Addrs returns the bound addresses of the gRPC listeners, in their order.
func (s *Server) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(s.grpc))
	for i, e := range s.grpc {
		addrs[i] = e.listener.Addr()
	}
	return addrs
}

// AdminAddr returns the bound address of the admin listener, or nil.
func (s *Server) AdminAddr() net.Addr { return s.adminAddr("admin") }

// ProbeAddr returns the bound address of the listener for a kubelet, or nil.
func (s *Server) ProbeAddr() net.Addr { return s.adminAddr("probe") }

// ControlAddrs returns the bound addresses of the control listeners, the socket first.
func (s *Server) ControlAddrs() []net.Addr {
	var addrs []net.Addr
	for _, a := range s.admin {
		if a.name == controlName {
			addrs = append(addrs, a.listener.Addr())
		}
	}
	return addrs
}

func (s *Server) adminAddr(name string) net.Addr {
	for _, a := range s.admin {
		if a.name == name {
			return a.listener.Addr()
		}
	}
	return nil
}

// Run serves until ctx ends or one part fails; the first failure stops the
// rest. Stopping has two steps: health says NOT_SERVING while Checks are still
// taken, so that the proxy turns to another replica, and only then the
// listeners close.
func (s *Server) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, e := range s.grpc {
		g.Go(guard("grpc "+e.listener.Addr().String(), e.serve))
		if e.tls != nil {
			g.Go(guard("tls", func() error { return e.tls.run(ctx, s.o.Log, s.o.Metrics) }))
		}
	}
	for _, a := range s.admin {
		g.Go(guard(a.name, a.serve))
		if a.tls != nil {
			g.Go(guard("tls", func() error { return a.tls.run(ctx, s.o.Log, s.o.Metrics) }))
		}
		if a.socket != nil {
			g.Go(guard("control socket", func() error { return a.socket.watch(ctx, socketPoll) }))
		}
	}
	g.Go(guard("ready", func() error { return s.awaitReady(ctx) }))
	g.Go(guard("drain", func() error {
		<-ctx.Done()
		return s.drain()
	}))
	return g.Wait()
}

// guard makes a panic in a goroutine of ours an error that stops the server.
func guard(name string, run func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%s: panic: %v\n%s", name, p, debug.Stack())
			}
		}()
		if err = run(); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return err
	}
}

// readyPoll is how often a server that is not ready yet looks again.
const readyPoll = 100 * time.Millisecond

// awaitReady reports SERVING once everything was loaded. A later outage denies
// where it must and leaves health as it is: a proxy with no healthy replica
// would have nobody left to ask.
func (s *Server) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for len(s.notReady()) > 0 {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	s.setServing(grpc_health_v1.HealthCheckResponse_SERVING)
	s.serving.Store(true)
	s.o.Log.Info("ready", slog.Int("listeners", len(s.grpc)))
	return nil
}

func (s *Server) notReady() []string {
	if s.draining.Load() {
		return []string{"draining"}
	}
	if s.o.Admin.NotReady == nil {
		return nil
	}
	return s.o.Admin.NotReady()
}

func (s *Server) setServing(status grpc_health_v1.HealthCheckResponse_ServingStatus) {
	s.health.SetServingStatus("", status)
	s.health.SetServingStatus(serviceName, status)
}

// drain ends the server in its two steps. The error says that Checks were given up.
func (s *Server) drain() error {
	s.draining.Store(true)
	s.health.Shutdown() // NOT_SERVING for good
	s.o.Log.Info("draining", slog.Duration("wait", s.o.DrainWait))
	s.sleep(s.o.DrainWait)
	err := s.closeGRPC()
	for _, a := range s.admin {
		a.close()
	}
	if err == nil {
		s.o.Log.Info("stopped")
	}
	return err
}

// closeGRPC lets the Checks in flight end, then cuts those that are late.
func (s *Server) closeGRPC() error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all sync.WaitGroup
		for _, e := range s.grpc {
			all.Go(e.server.GracefulStop)
		}
		all.Wait()
	}()
	timeout := time.NewTimer(s.o.DrainTimeout)
	defer timeout.Stop()
	select {
	case <-done:
		return nil
	case <-timeout.C:
	}
	late := s.inFlight.Load()
	for _, e := range s.grpc {
		e.server.Stop() // waits for no Check; GracefulStop may go on to
	}
	return fmt.Errorf("%d checks did not end within %v", late, s.o.DrainTimeout)
}
