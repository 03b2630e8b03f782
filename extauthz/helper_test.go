package extauthz

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// checkFunc is a Checker.
type checkFunc func(ctx context.Context, raw *rules.RawRequest) *rules.Outcome

func (f checkFunc) Check(ctx context.Context, raw *rules.RawRequest) *rules.Outcome {
	return f(ctx, raw)
}

func allowed() *rules.Outcome {
	return &rules.Outcome{Decision: rules.Decision{Effect: rules.Allow, Reason: rules.Allowed}}
}

func alwaysAllow(context.Context, *rules.RawRequest) *rules.Outcome { return allowed() }

// memory is a Recorder that keeps records.
type memory struct {
	mu      sync.Mutex
	records []audit.Record
	down    error // of Available
	refuses error // of Record
}

func (m *memory) Available() error { return m.down }

func (m *memory) Record(r *audit.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuses != nil {
		return m.refuses
	}
	kept := *r
	kept.Targets = append([]audit.Target(nil), r.Targets...)
	kept.Inputs = append([]audit.Input(nil), r.Inputs...)
	m.records = append(m.records, kept)
	return nil
}

func (m *memory) last(t *testing.T) audit.Record {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.records) == 0 {
		t.Fatal("no record was written")
	}
	return m.records[len(m.records)-1]
}

type stars struct{}

func (stars) Hash(any) string { return "****" }

// options are those of a server on one loopback port.
func options(t testing.TB, check checkFunc) Options {
	t.Helper()
	reg := prometheus.NewRegistry()
	m, err := NewMetrics(reg, Sources{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Checker: check, Audit: &memory{}, Hasher: stars{}, Metrics: m, Log: slog.New(slog.DiscardHandler),
		Listeners: []Listener{{Address: "127.0.0.1:0", Serves: []string{"api.example.com"}}},
		Admin: Admin{
			Address: "127.0.0.1:0", Probe: "127.0.0.1:0", Gatherer: reg,
			Version: func() any { return "test" }, Rules: func() any { return map[string]string{"policy": "p1"} },
		},
		Limits: DefaultLimits(), Managed: []string{"x-account-tenant"},
		Deadline: time.Minute, InFlight: 16, DrainTimeout: 20 * time.Second,
	}
}

// running is a server under test; stop ends it and returns what Run returned.
type running struct {
	*Server
	stop func() error
}

func start(t testing.TB, o Options, change ...func(*Server)) *running {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop := sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { stop() })
	return &running{Server: s, stop: stop}
}

func dial(t testing.TB, addr net.Addr, with ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	if len(with) == 0 {
		with = append(with, grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	target := addr.String()
	if addr.Network() == "unix" {
		target = "unix:" + target
	}
	conn, err := grpc.NewClient(target, with...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func client(t testing.TB, s *running) authv3.AuthorizationClient {
	t.Helper()
	return authv3.NewAuthorizationClient(dial(t, s.Addrs()[0]))
}

// request is a request as Envoy describes it.
func request(method, path string, headers map[string]string) *authv3.CheckRequest {
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Id: "17", Method: method, Path: path, Host: "api.example.com", Scheme: "https", Protocol: "HTTP/2", Headers: headers,
		}},
	}}
}

// verdict is a response in short: allow, or the status of the denial.
func verdict(r *authv3.CheckResponse) int {
	if r.GetStatus().GetCode() == 0 {
		return 200
	}
	return int(r.GetDeniedResponse().GetStatus().GetCode())
}

// reason is what the proxy's access log shows of a response.
func reason(r *authv3.CheckResponse) rules.Reason {
	return rules.Reason(r.GetDynamicMetadata().GetFields()["reason"].GetStringValue())
}

// lines collects a log.
type lines struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// raw is a message already in bytes, and rawCodec sends it as it is.
type raw []byte

type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.(raw))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	return proto.Unmarshal(data.Materialize(), v.(proto.Message))
}

// eventually polls what goes over a real socket.
func eventually(t testing.TB, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing happened within a minute")
		}
	}
}

// parsed reads an answer with the generated messages, as strictly as a proxy.
func parsed(t testing.TB, w wire) *authv3.CheckResponse {
	t.Helper()
	var r authv3.CheckResponse
	if err := proto.Unmarshal(w, &r); err != nil {
		t.Fatalf("the answer cannot be read: %v", err)
	}
	return &r
}

func writeFile(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// read is a request as the codec hands it on.
func read(in *authv3.CheckRequest) *call {
	message, err := proto.Marshal(in)
	if err != nil {
		panic(err)
	}
	c := newCall()
	c.message = string(message)
	return c
}
