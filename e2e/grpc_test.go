//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/tiergate/tiergate/envoy"
)

// ticketRules are those of a service of tickets on the bank's host. A message with
// one text is the same on the wire whatever it is called, so that a StringValue stands for each.
const ticketRules = `
objects:
  - { type: ticket, tier: internal, max_row_tier: internal, id: "T-[0-9]+" }
routes:
  - host: bank.example.com
    grpc: { descriptors: tickets.binpb }
    map:
      - RPC tickets.v1.Tickets/GetTicket -> read ticket/{message.id}
      - RPC tickets.v1.Tickets/Watch     -> list ticket: { stream: { max: 1s } }
      - GET /v1/tickets/{id}/live        -> read ticket/{id}: { stream: { max: 1s } }
      - GET /v1/tickets/{id}/plain       -> read ticket/{id}
rules:
  - { id: tickets, allow: customers, to: [read], on: ticket, up_to: internal, when: object.id == "T-1" }
  - { id: all-tickets, allow: customers, to: [list], on: ticket, up_to: internal, unbounded: true, because: watch, owner: tests, review_by: 2027-12-31 }
`

// tickets is the service behind: it notes whom it was asked about, and its stream never ends.
type tickets struct {
	mu    sync.Mutex
	seen  []string
	ended chan error // of streams, as the service sees it
}

func (s *tickets) handle(_ any, stream grpc.ServerStream) error {
	in := &wrapperspb.StringValue{}
	if err := stream.RecvMsg(in); err != nil {
		return err
	}
	method, _ := grpc.MethodFromServerStream(stream)
	s.mu.Lock()
	s.seen = append(s.seen, method+" "+in.Value)
	s.mu.Unlock()
	if err := stream.SendMsg(in); err != nil || method != "/tickets.v1.Tickets/Watch" {
		return err
	}
	<-stream.Context().Done()
	s.ended <- stream.Context().Err()
	return stream.Context().Err()
}

// reached returns what arrived since it was last asked.
func (s *tickets) reached() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

// A gRPC client through Envoy reaches its own ticket and no other,
// and what streams ends with the route's bound.
func TestGRPCThroughEnvoy(t *testing.T) {
	w := world(t, programs(t, true))
	config, err := w.Configure("grpc", Settings.requireKeys)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeRules(config, "tickets.yaml", ticketRules); err != nil {
		t.Fatal(err)
	}
	descriptors, err := Descriptors("../resolver/testdata/page.binpb.txtpb") // of docs/grpc.md
	if err != nil {
		t.Fatal(err)
	}
	if err := writeRules(config, "tickets.binpb", string(descriptors)); err != nil {
		t.Fatal(err)
	}
	w.serve(t, "grpc", config)
	service := &tickets{ended: make(chan error, 1)}
	server := grpc.NewServer(grpc.UnknownServiceHandler(service.handle))
	upstream := listening(t, server.Serve, server.Stop)
	live := &http.Server{Handler: http.HandlerFunc(goLive), ReadHeaderTimeout: time.Second}
	events := listening(t, live.Serve, func() { live.Close() })
	for _, profile := range []envoy.Profile{envoy.Hardened, envoy.Base} {
		t.Run(string(profile), func(t *testing.T) {
			e := ticketGateway(t, w, profile, upstream, events)
			token, err := w.Mint(*ada.Token)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := grpc.NewClient(e.Listener("api"), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority(Host))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			unary(t, conn, token, service)
			streams(t, conn, token, service)
			webSockets(t, e.Listener("api"), token)
		})
	}
}

// listening serves on a free port until the test ends, and returns its address.
func listening(t *testing.T, serve func(net.Listener) error, stop func()) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serve(l) // ends with stop
	}()
	t.Cleanup(func() { stop(); <-done })
	return l.Addr().String()
}

// bearing is a context of a call with that token, or with none.
func bearing(ctx context.Context, token string) context.Context {
	if token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

func unary(t *testing.T, conn *grpc.ClientConn, token string, service *tickets) {
	t.Helper()
	for _, c := range []struct {
		row, token, id string
		options        []grpc.CallOption
		want           codes.Code
	}{
		{"the own ticket", token, "T-1", nil, codes.OK},
		{"twin: another's", token, "T-2", nil, codes.PermissionDenied},
		{"twin: nobody asks", "", "T-1", nil, codes.Unauthenticated},
		{"twin: no ticket is named", token, "", nil, codes.Internal}, // Envoy's code for 400
		{"twin: compressed", token, "T-1", []grpc.CallOption{grpc.UseCompressor("gzip")}, codes.Internal},
	} {
		service.reached()
		var out wrapperspb.StringValue
		err := conn.Invoke(bearing(t.Context(), c.token), "/tickets.v1.Tickets/GetTicket", wrapperspb.String(c.id), &out, c.options...)
		if got := status.Code(err); got != c.want {
			t.Errorf("%s: got %v, want %v", c.row, err, c.want)
		}
		if seen := service.reached(); len(seen) > 0 != (c.want == codes.OK) || c.want == codes.OK && out.Value != c.id {
			t.Errorf("%s: reached %q, answered %q", c.row, seen, out.Value)
		}
	}
}

// streams opens one that nobody ends: the proxy does, at the bound of its line.
func streams(t *testing.T, conn *grpc.ClientConn, token string, service *tickets) {
	t.Helper()
	open := func(token string) (rest func() error, first error) {
		s, err := conn.NewStream(bearing(t.Context(), token), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/tickets.v1.Tickets/Watch")
		if err != nil {
			t.Fatal(err)
		}
		_ = s.SendMsg(wrapperspb.String("x")) // what is wrong comes with the answer; the stream stays open
		var m wrapperspb.StringValue
		first = s.RecvMsg(&m)
		return func() error { return s.RecvMsg(&m) }, first
	}
	service.reached()
	if _, err := open(""); status.Code(err) != codes.Unauthenticated || len(service.reached()) > 0 {
		t.Errorf("twin: nobody streams: got %v", err)
	}
	begun := time.Now()
	rest, first := open(token)
	if first != nil {
		t.Fatalf("a stream: %v", first)
	}
	if err := rest(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the stream was not cut off: %v", err)
	}
	if took := time.Since(begun); took < time.Second-50*time.Millisecond || took > StartTimeout { // timers of a proxy are rounded
		t.Errorf("the stream went on for %v, want some 1s", took)
	}
	select {
	case <-service.ended:
	case <-time.After(StartTimeout):
		t.Error("the service still streams")
	}
}

// webSockets opens one that nobody ends, and asks for one where no line says stream.
func webSockets(t *testing.T, addr, token string) {
	t.Helper()
	for _, c := range []struct {
		row, path, token string
		want             int
	}{
		{"the own ticket", "/v1/tickets/T-1/live", token, http.StatusSwitchingProtocols},
		{"twin: another's", "/v1/tickets/T-2/live", token, http.StatusForbidden},
		{"twin: a line that does not stream", "/v1/tickets/T-1/plain", token, http.StatusForbidden},
		{"twin: nobody asks", "/v1/tickets/T-1/live", "", http.StatusUnauthorized},
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		_ = conn.SetDeadline(begun.Add(StartTimeout))
		request := "GET " + c.path + " HTTP/1.1\r\nHost: " + Host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
		if c.token != "" {
			request += "Authorization: Bearer " + c.token + "\r\n"
		}
		if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.row, err)
		}
		if resp.StatusCode != c.want {
			t.Errorf("%s: got %d, want %d", c.row, resp.StatusCode, c.want)
		}
		if c.want == http.StatusSwitchingProtocols {
			said, err := io.ReadAll(in) // until the proxy ends it
			if took := time.Since(begun); string(said) != "live" || took < time.Second-50*time.Millisecond || took >= StartTimeout {
				t.Errorf("the WebSocket said %q and ended after %v: %v", said, took, err)
			}
		}
		resp.Body.Close()
		conn.Close()
	}
}

// goLive answers an upgrade and then says no more.
func goLive(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nlive")
	_, _ = io.Copy(io.Discard, conn)
}

// ticketGateway is Envoy as its file has it, in front of a service that speaks gRPC,
// with the routes that docs/grpc.md has for streams.
func ticketGateway(t *testing.T, w *World, profile envoy.Profile, upstream, events string) *Envoy {
	t.Helper()
	o, err := w.Wiring(Gateway{Profile: profile}, w.Tiergate.GRPC)
	if err != nil {
		t.Fatal(err)
	}
	o.Upstream = upstream
	b, err := NewBootstrap(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.AddCluster("tickets", upstream, true), b.AddCluster("events", events, false)); err != nil {
		t.Fatal(err)
	}
	b.Manager["upgrade_configs"] = []any{map[string]any{"upgrade_type": "websocket"}}
	route := func(prefix, cluster string, streams bool) map[string]any {
		to := map[string]any{"cluster": cluster}
		r := map[string]any{"match": map[string]any{"prefix": prefix}, "route": to}
		if streams {
			to["timeout"], to["max_stream_duration"] = "0s", map[string]any{"max_stream_duration": "1s"}
			r["typed_per_filter_config"] = map[string]any{"envoy.filters.http.ext_authz": map[string]any{
				"@type":          "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
				"check_settings": map[string]any{"disable_request_body_buffering": true},
			}}
		}
		return r
	}
	host := b.Routes["virtual_hosts"].([]any)[0].(map[string]any)
	host["routes"] = append([]any{
		route("/tickets.v1.Tickets/Watch", "tickets", true), route("/tickets.v1.Tickets/", "tickets", false), route("/v1/tickets/", "events", true),
	}, host["routes"].([]any)...)
	e, err := b.Run(t.Context(), w.programs.Envoy, "tickets", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Stop() })
	return e
}
