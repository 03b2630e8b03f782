package extauthz

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/tiergate/tiergate/rules"
)

func TestNewNamesEveryOptionThatIsWrong(t *testing.T) {
	_, err := New(Options{DrainWait: -1, Managed: []string{"x-envoy-y"}, Admin: Admin{Address: "0.0.0.0:9192"}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"Checker", "Audit", "Hasher", "Metrics", "Log", "Listeners", "Deadline is 0s, want more than 0", "InFlight is 0",
		"DrainWait is -1ns", "DrainTimeout", "x-envoy-y", "Limits.Connections", `Admin.Address is "0.0.0.0:9192"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %s in:\n%v", want, err)
		}
	}
}

func TestListenersThatAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	for name, c := range map[string]struct {
		l    Listener
		want string
	}{
		"off loopback without TLS": {Listener{Address: "0.0.0.0:0", Serves: []string{"a"}}, "off loopback, want TLS with a client CA and allowed client SANs"},
		"all interfaces":           {Listener{Address: ":0", Serves: []string{"a"}}, "off loopback"},
		"a name":                   {Listener{Address: "example.com:0", Serves: []string{"a"}}, "off loopback"},
		"no port":                  {Listener{Address: "127.0.0.1", Serves: []string{"a"}}, "off loopback"},
		"serves nothing":           {Listener{Address: "127.0.0.1:0"}, "serves no host"},
		"TLS without client SANs":  {Listener{Address: "0.0.0.0:0", Serves: []string{"a"}, TLS: &TLS{CertFile: "c", KeyFile: "k", ClientCA: "ca"}}, "without ClientSANs"},
		"a relative socket":        {Listener{Address: "unix:sock", Serves: []string{"a"}}, "absolute path"},
		"a file in the way":        {Listener{Address: "unix:" + file, Serves: []string{"a"}}, "not a socket"},
		"no such certificate":      {Listener{Address: "127.0.0.1:0", Serves: []string{"a"}, TLS: &TLS{"/nonexistent", "k", "ca", []string{"x"}}}, "/nonexistent"},
	} {
		o := options(t, alwaysAllow)
		o.Listeners = append(o.Listeners, c.l)
		s, err := New(o)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestUnixSocketAnswersAndIsTakenOverFromTheDead(t *testing.T) {
	address := "unix:" + filepath.Join(t.TempDir(), "s")
	o := options(t, alwaysAllow)
	o.Listeners[0].Address = address
	s := start(t, o)
	if r, err := client(t, s).Check(t.Context(), request("GET", "/", nil)); err != nil || verdict(r) != 200 {
		t.Errorf("%v, %v", r, err)
	}
	second := options(t, alwaysAllow)
	second.Listeners[0].Address = address
	if _, err := New(second); err == nil || !strings.Contains(err.Error(), "another process answers") {
		t.Errorf("a second server on the socket: %v", err)
	}
}

func TestEachListenerServesItsOwnHosts(t *testing.T) {
	o := options(t, func(_ context.Context, raw *rules.RawRequest) *rules.Outcome {
		if raw.Serves.Has("b.example.com") {
			return allowed()
		}
		return denial(rules.HostNotServed, "")
	})
	o.Listeners = append(o.Listeners, Listener{Address: "127.0.0.1:0", Serves: []string{"b.example.com"}})
	s := start(t, o)
	for i, want := range []int{403, 200} {
		r, err := authv3.NewAuthorizationClient(dial(t, s.Addrs()[i])).Check(t.Context(), request("GET", "/", nil))
		if err != nil || verdict(r) != want {
			t.Errorf("listener %d: %v, %v, want %d", i, r, err, want)
		}
	}
}

// G2: nothing is served but Check and health.
func TestG2UnknownServicesAndReflectionAreUnimplemented(t *testing.T) {
	conn := dial(t, start(t, options(t, alwaysAllow)).Addrs()[0])
	for _, method := range []string{
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
		"/envoy.service.auth.v3.Authorization/Other",
		"/envoy.service.auth.v2.Authorization/Check",
		"envoy.service.auth.v3.Authorization/Check",
	} {
		err := conn.Invoke(t.Context(), method, &authv3.CheckRequest{}, &authv3.CheckResponse{})
		if c := status.Code(err); c != codes.Unimplemented && c != codes.Internal {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// G3: what is missing is denied, what is odd does no harm.
func TestG3AnyMessageGetsAnAnswer(t *testing.T) {
	s := start(t, options(t, func(_ context.Context, raw *rules.RawRequest) *rules.Outcome {
		if raw.Method == http.MethodGet && raw.Path == "/" {
			return allowed()
		}
		return denial(rules.MalformedRequest, "")
	}))
	conn := dial(t, s.Addrs()[0])
	for name, c := range map[string]struct {
		message []byte
		want    int
	}{
		"empty":              {nil, 400},
		"not a proto":        {[]byte{0xff, 0xff, 0xff}, 400},
		"not UTF-8":          {[]byte("\x0a\x0a\x22\x08\x12\x06\x12\x04\x12\x02\xff\xfe"), 400},
		"unknown field":      {[]byte{0x98, 0x3f, 0x01}, 400},
		"4 MB of an unknown": {append([]byte{0x9a, 0x3f, 0x80, 0x80, 0x80, 0x02}, make([]byte, 4<<20)...), 400},
	} {
		var resp authv3.CheckResponse
		err := conn.Invoke(t.Context(), authv3.Authorization_Check_FullMethodName, raw(c.message), &resp, grpc.ForceCodecV2(rawCodec{}))
		if err != nil || verdict(&resp) != c.want {
			t.Errorf("%s: %v, %v, want %d", name, verdict(&resp), err, c.want)
		}
	}
}

// A message over the limit is an answer: an error would be an allow where a
// proxy fails open.
func TestG1AMessageOverTheLimitIs413(t *testing.T) {
	o := options(t, alwaysAllow)
	o.Limits.Message = 4 << 10
	c := client(t, start(t, o))
	for name, n := range map[string]struct {
		body, status int
		reason       rules.Reason
	}{
		"below":        {3 << 10, 200, rules.Allowed},
		"above":        {4 << 10, 413, rules.BodyTooLarge},
		"7 times over": {28 << 10, 413, rules.BodyTooLarge},
	} {
		in := request("POST", "/", map[string]string{"content-type": "application/grpc"})
		in.Attributes.Request.Http.RawBody = make([]byte, n.body)
		r, err := c.Check(t.Context(), in)
		if err != nil || verdict(r) != n.status || reason(r) != n.reason {
			t.Errorf("%s: %d %s, %v, want %d %s", name, verdict(r), reason(r), err, n.status, n.reason)
			continue
		}
		if rec := o.Audit.(*memory).last(t); rec.EnvoyID != "17" || rec.Reason != string(n.reason) {
			t.Errorf("%s: the record says %q %s", name, rec.EnvoyID, rec.Reason)
		}
	}
}

// startPaused starts a server that waits as long as it is told before it closes
// the listeners: resume returns what it was to wait, and lets it go on.
func startPaused(t *testing.T, o Options) (s *running, resume func() time.Duration) {
	t.Helper()
	asked, goOn := make(chan time.Duration, 1), make(chan struct{})
	s = start(t, o, func(s *Server) {
		s.sleep = func(d time.Duration) { asked <- d; <-goOn }
	})
	once := sync.OnceFunc(func() { close(goOn) })
	t.Cleanup(once) // before the server is stopped
	return s, func() time.Duration { defer once(); return <-asked }
}

// refuses says that nobody listens at an address.
func refuses(addr net.Addr) bool {
	c, err := net.Dial(addr.Network(), addr.String())
	if err == nil {
		c.Close()
	}
	return err != nil
}

// L2: a replica that is told to stop says so first, takes Checks while the proxy
// still sends them, and finishes those it took.
func TestL2DrainHasTwoSteps(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	o := options(t, func(_ context.Context, raw *rules.RawRequest) *rules.Outcome {
		if raw.Path == "/slow" {
			close(entered)
			<-release
		}
		return allowed()
	})
	o.DrainWait = time.Minute
	s, resume := startPaused(t, o)
	conn := dial(t, s.Addrs()[0])
	checks, health := authv3.NewAuthorizationClient(conn), grpc_health_v1.NewHealthClient(conn)
	serving := func(service string) grpc_health_v1.HealthCheckResponse_ServingStatus {
		r, err := health.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		if err != nil {
			t.Fatal(err)
		}
		return r.Status
	}
	eventually(t, func() bool {
		return serving("") == grpc_health_v1.HealthCheckResponse_SERVING && serving(serviceName) == grpc_health_v1.HealthCheckResponse_SERVING
	})

	var wg sync.WaitGroup
	wg.Go(func() {
		if r, err := checks.Check(t.Context(), request("GET", "/slow", nil)); err != nil || verdict(r) != 200 {
			t.Errorf("the Check in flight: %v, %v", r, err)
		}
	})
	<-entered
	stopped := make(chan error)
	go func() { stopped <- s.stop() }()
	eventually(t, func() bool { return serving("") == grpc_health_v1.HealthCheckResponse_NOT_SERVING })
	if serving(serviceName) != grpc_health_v1.HealthCheckResponse_NOT_SERVING {
		t.Error("the service's own health is still SERVING")
	}
	if r, err := checks.Check(t.Context(), request("GET", "/", nil)); err != nil || verdict(r) != 200 {
		t.Errorf("a Check while the proxy turns away: %v, %v", r, err)
	}
	if got := resume(); got != o.DrainWait {
		t.Errorf("it waits for %v before it closes the listeners, want %v", got, o.DrainWait)
	}
	eventually(t, func() bool { return refuses(s.Addrs()[0]) })
	select {
	case err := <-stopped:
		t.Errorf("Run() = %v with a Check in flight", err)
	default:
	}
	close(release)
	if err := <-stopped; err != nil {
		t.Errorf("Run() = %v", err)
	}
	wg.Wait()
}

// L3: a Check that hangs cannot hold up the end.
func TestL3DrainIsBounded(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(release) })
	o := options(t, func(context.Context, *rules.RawRequest) *rules.Outcome {
		close(entered)
		<-release
		return allowed()
	})
	o.DrainTimeout = 50 * time.Millisecond
	s := start(t, o)
	c := client(t, s)
	go c.Check(context.Background(), request("GET", "/", nil))
	<-entered
	if err := s.stop(); err == nil || !strings.Contains(err.Error(), "1 checks did not end") {
		t.Errorf("Run() = %v", err)
	}
}

func TestAListenerThatDiesEndsTheServer(t *testing.T) {
	for _, kill := range []func(*Server){
		func(s *Server) { s.grpc[0].listener.Close() },
		func(s *Server) { s.admin[0].listener.Close() },
	} {
		s, err := New(options(t, alwaysAllow))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- s.Run(t.Context()) }()
		kill(s)
		if err := <-done; err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("Run() = %v", err)
		}
	}
}

// L1 in small: beyond the bound the answer comes at once.
func TestL1BeyondTheBoundTheAnswerIs503AtOnce(t *testing.T) {
	entered, release := make(chan struct{}, 2), make(chan struct{})
	o := options(t, func(context.Context, *rules.RawRequest) *rules.Outcome {
		entered <- struct{}{}
		<-release
		return allowed()
	})
	o.InFlight = 2
	c := client(t, start(t, o))
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if r, err := c.Check(t.Context(), request("GET", "/", nil)); err != nil || verdict(r) != 200 {
				t.Errorf("a Check within the bound: %v, %v", r, err)
			}
		})
	}
	<-entered
	<-entered
	r, err := c.Check(t.Context(), request("GET", "/", nil))
	if err != nil || verdict(r) != 503 {
		t.Errorf("a Check beyond the bound: %v, %v", r, err)
	}
	if rec := o.Audit.(*memory).last(t); rec.Reason != string(rules.Overloaded) {
		t.Errorf("its record says %s", rec.Reason)
	}
	close(release)
	wg.Wait()
}

// G1: connections beyond the bound are closed, the others go on.
func TestG1ConnectionsAreBounded(t *testing.T) {
	o := options(t, alwaysAllow)
	o.Limits.Connections = 1
	s := start(t, o)
	first := client(t, s)
	if _, err := first.Check(t.Context(), request("GET", "/", nil)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := client(t, s).Check(ctx, request("GET", "/", nil)); status.Code(err) != codes.Unavailable && status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("a second connection: %v", err)
	}
	if _, err := first.Check(t.Context(), request("GET", "/", nil)); err != nil {
		t.Errorf("the first connection: %v", err)
	}
}

func TestGuardMakesAPanicAnError(t *testing.T) {
	err := guard("keys", func() error { panic("boom") })()
	if err == nil || !strings.Contains(err.Error(), "keys: panic: boom") {
		t.Errorf("got %v", err)
	}
}
