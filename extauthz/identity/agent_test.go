package identity

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	grpcmetadata "google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// agent is a Workload API on a Unix socket that says what it is told, to whoever
// watches, at once.
type agent struct {
	workload.UnimplementedSpiffeWorkloadAPIServer

	address string
	path    string

	mu      sync.Mutex
	server  *grpc.Server
	served  chan struct{}
	x509    map[string][]byte // DER, by trust domain
	jwt     map[string][]byte // key sets
	fails   codes.Code        // of every call; OK for none
	changed chan struct{}     // closed by the next change
	calls   int
}

func startAgent(t *testing.T) *agent {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	a := &agent{path: filepath.Join(dir, "s"), changed: make(chan struct{}), x509: map[string][]byte{}, jwt: map[string][]byte{}}
	a.address = "unix://" + a.path
	a.start(t)
	t.Cleanup(func() {
		a.stop()
		_ = os.RemoveAll(dir)
	})
	return a
}

func (a *agent) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("unix", a.path)
	if err != nil {
		t.Fatal(err)
	}
	server, served := grpc.NewServer(), make(chan struct{})
	workload.RegisterSpiffeWorkloadAPIServer(server, a)
	a.mu.Lock()
	a.server, a.served = server, served
	a.mu.Unlock()
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
}

// stop ends the agent, as an outage does: all streams break.
func (a *agent) stop() {
	a.mu.Lock()
	server, served := a.server, a.served
	a.server = nil
	a.mu.Unlock()
	if server != nil {
		server.Stop()
		<-served
	}
}

func (a *agent) tell(change func(*agent)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
	close(a.changed)
	a.changed = make(chan struct{})
}

// stream sends what there is, and again after every change.
func (a *agent) stream(s grpc.ServerStream, send func() error) error {
	if md, _ := grpcmetadata.FromIncomingContext(s.Context()); len(md.Get("workload.spiffe.io")) != 1 {
		return status.Error(codes.InvalidArgument, "security header missing")
	}
	for {
		a.mu.Lock()
		fails, changed := a.fails, a.changed
		a.calls++
		var err error
		if fails == codes.OK {
			err = send()
		}
		a.mu.Unlock()
		switch {
		case fails != codes.OK:
			return status.Error(fails, "as told")
		case err != nil:
			return err
		}
		select {
		case <-changed:
		case <-s.Context().Done():
			return nil
		}
	}
}

// FetchX509Bundles implements the Workload API.
func (a *agent) FetchX509Bundles(_ *workload.X509BundlesRequest, s grpc.ServerStreamingServer[workload.X509BundlesResponse]) error {
	return a.stream(s, func() error { return s.Send(&workload.X509BundlesResponse{Bundles: a.x509}) })
}

// FetchJWTBundles implements the Workload API.
func (a *agent) FetchJWTBundles(_ *workload.JWTBundlesRequest, s grpc.ServerStreamingServer[workload.JWTBundlesResponse]) error {
	return a.stream(s, func() error { return s.Send(&workload.JWTBundlesResponse{Bundles: a.jwt}) })
}
