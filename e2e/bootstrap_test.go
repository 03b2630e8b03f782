//go:build e2e

package e2e

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/tiergate/tiergate/envoy"
)

// yes is an authorizer that allows everything and keeps what it was asked.
// It shows what a bootstrap sends, apart from what tiergate makes of it.
type yes struct {
	authv3.UnimplementedAuthorizationServer
	addr string

	mu    sync.Mutex
	asked []*authv3.CheckRequest
	no    bool
}

func sayYes(t *testing.T) *yes {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	y := &yes{addr: listener.Addr().String()}
	server := grpc.NewServer()
	authv3.RegisterAuthorizationServer(server, y)
	healthpb.RegisterHealthServer(server, health.NewServer())
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener) // ends with Stop
	}()
	t.Cleanup(func() { server.Stop(); <-done })
	return y
}

func (y *yes) Check(_ context.Context, r *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.asked = append(y.asked, r)
	if y.no {
		return &authv3.CheckResponse{
			Status:       &statuspb.Status{Code: int32(codes.PermissionDenied)},
			HttpResponse: &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{Status: &typev3.HttpStatus{Code: typev3.StatusCode_Forbidden}}},
		}, nil
	}
	return &authv3.CheckResponse{
		Status: &statuspb.Status{Code: int32(codes.OK)},
		HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{
			Headers: []*corev3.HeaderValueOption{{
				Header:       &corev3.HeaderValue{Key: "x-bank-customer", Value: "ada"},
				AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
			}},
			HeadersToRemove: []string{"x-bank-tenant", "x-envoy-auth-failure-mode-allowed"},
		}},
	}, nil
}

// last is the one request that was asked since the last call of last.
func (y *yes) last(t *testing.T) *authv3.AttributeContext {
	t.Helper()
	y.mu.Lock()
	defer y.mu.Unlock()
	if len(y.asked) != 1 {
		t.Fatalf("asked %d times, want once", len(y.asked))
	}
	a := y.asked[0].GetAttributes()
	y.asked = nil
	return a
}

// openTo is the world with one gateway that asks y.
func openTo(t *testing.T, y *yes, g Gateway) *World {
	t.Helper()
	w := world(t, programs(t, false))
	o, err := w.Wiring(g, y.addr)
	if err != nil {
		t.Fatal(err)
	}
	if w.gateways[g], err = StartEnvoy(t.Context(), w.programs.Envoy, g.String(), w.Dir, o); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestBootstrapsValidate(t *testing.T) {
	p := programs(t, false)
	w := world(t, p)
	for _, g := range Gateways {
		t.Run(g.String(), func(t *testing.T) {
			o, err := w.Wiring(g, "127.0.0.1:9191", "unix:/run/tiergate.sock")
			if err != nil {
				t.Fatal(err)
			}
			o.Mesh.Listen = "127.0.0.1:0"
			if err := ValidateBootstrap(t.Context(), p.Envoy, t.TempDir(), o); err != nil {
				t.Error(err)
			}
		})
	}
	for _, profile := range []envoy.Profile{envoy.Hardened, envoy.Base} {
		t.Run(string(profile)+" as it is", func(t *testing.T) {
			if err := ValidateBootstrap(t.Context(), p.Envoy, t.TempDir(), envoy.Options{Profile: profile}); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("edited", func(t *testing.T) {
		o := envoy.Options{Profile: envoy.Hardened, Managed: []string{"x-mine"}, Bodies: []envoy.Bodies{{Method: "POST|PUT", Path: "/a/[^/]+"}}}
		if err := ValidateBootstrap(t.Context(), p.Envoy, t.TempDir(), o); err != nil {
			t.Error(err)
		}
	})
}

// What Envoy sends to tiergate is what the bootstrap promises.
func TestHardenedAsks(t *testing.T) {
	y := sayYes(t)
	g := Gateway{Profile: envoy.Hardened}
	w := openTo(t, y, g)
	send := func(t *testing.T, peer string, r Request) *Response {
		t.Helper()
		r.Host = Host
		resp, err := w.Send(t.Context(), g, peer, r)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}

	t.Run("raw headers, without those that are ours", func(t *testing.T) {
		send(t, "", Request{Method: "GET", Target: "/v1/customers/ada", Header: []string{
			"x-bank-customer: bob", "X-Bank-Tenant: acme", "x-tiergate-decision: forged", "X-TIERGATE-anything: forged",
			"x-envoy-auth-failure-mode-allowed: true", "x-envoy-auth-partial-body: false", "x-note: kept",
		}})
		asked := y.last(t).GetRequest().GetHttp()
		if len(asked.GetHeaders()) != 0 || len(asked.GetHeaderMap().GetHeaders()) == 0 {
			t.Error("headers are not raw")
		}
		var names []string
		for _, h := range asked.GetHeaderMap().GetHeaders() {
			names = append(names, h.GetKey())
		}
		for _, gone := range []string{"x-bank-customer", "x-bank-tenant", "x-tiergate-decision", "x-tiergate-anything", "x-envoy-auth-failure-mode-allowed", "x-envoy-auth-partial-body"} {
			if slices.Contains(names, gone) {
				t.Errorf("tiergate is told the client's %s", gone)
			}
		}
		if !slices.Contains(names, "x-note") {
			t.Errorf("headers are %v, want x-note among them", names)
		}
	})

	t.Run("mutations arrive", func(t *testing.T) {
		w.Bank.Reset()
		send(t, "", Request{Method: "GET", Target: "/v1/customers/ada", Header: []string{"x-bank-customer: bob", "x-bank-tenant: acme"}})
		y.last(t)
		seen := w.Bank.Seen()
		if len(seen) != 1 || seen[0].Header.Get("X-Bank-Customer") != "ada" || seen[0].Header.Get("X-Bank-Tenant") != "" {
			t.Errorf("the bank saw %+v, want x-bank-customer: ada and no x-bank-tenant", seen)
		}
	})

	t.Run("bodies where the map reads them", func(t *testing.T) {
		for _, row := range []struct {
			method, target string
			buffered       bool
		}{
			{"POST", "/v1/transfers", true},
			{"POST", "/v1/accounts:lookup", true},
			{"POST", "/v1/accounts:batchGet", true},
			{"PATCH", "/v1/accounts/NO100001", true},
			{"PUT", "/v1/accounts/NO100001", true},
			{"PATCH", "/v1/cards/card-11", true},
			{"POST", "/v1/customers/ada/accounts", true},
			{"POST", "/v1/admin/users", false},
			{"POST", "/v1/accounts/NO100001/close", false},
			{"DELETE", "/v1/transfers/t-1001", false},
		} {
			send(t, "", Request{Method: row.method, Target: row.target, Body: `{"id":"NO100001"}`})
			body := y.last(t).GetRequest().GetHttp().GetRawBody()
			if got := len(body) > 0; got != row.buffered {
				t.Errorf("%s %s: body sent to tiergate is %t, want %t", row.method, row.target, got, row.buffered)
			}
		}
	})

	t.Run("a body over the limit", func(t *testing.T) {
		w.Bank.Reset()
		resp := send(t, "", Request{Method: "POST", Target: "/v1/transfers", Body: `{"from":"` + strings.Repeat("x", 70_000) + `"}`})
		if resp.Status != http.StatusRequestEntityTooLarge || len(w.Bank.Seen()) != 0 {
			t.Errorf("got %d and the bank saw %d requests, want 413 and none", resp.Status, len(w.Bank.Seen()))
		}
	})

	t.Run("the peer", func(t *testing.T) {
		send(t, billingWorkload, Request{Method: "GET", Target: "/v1/customers/ada"})
		asked := y.last(t)
		if got := asked.GetSource().GetPrincipal(); got != billingWorkload {
			t.Errorf("principal is %q, want %q", got, billingWorkload)
		}
		if asked.GetSource().GetCertificate() == "" {
			t.Error("the peer's certificate is missing")
		}
		if got := asked.GetTlsSession().GetSni(); got != Host {
			t.Errorf("sni is %q, want %q", got, Host)
		}
	})

	t.Run("a stranger's certificate", func(t *testing.T) {
		other, err := NewCA(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := other.Issue(billingWorkload)
		if err != nil {
			t.Fatal(err)
		}
		w.mu.Lock()
		w.leaves["stranger"] = leaf
		w.mu.Unlock()
		if resp, err := w.Send(t.Context(), g, "stranger", Request{Method: "GET", Target: "/healthz", Host: Host}); err == nil {
			t.Errorf("got %d, want the connection refused", resp.Status)
		}
	})

	t.Run("one spelling", func(t *testing.T) {
		for _, row := range []struct{ sent, asked string }{
			{"/v1//customers/./x/../ada", "/v1/customers/ada"},
			{"/v1/customers/%61da", "/v1/customers/ada"},
		} {
			send(t, "", Request{Method: "GET", Target: row.sent})
			if got := y.last(t).GetRequest().GetHttp().GetPath(); got != row.asked {
				t.Errorf("%s: tiergate is asked about %s, want %s", row.sent, got, row.asked)
			}
		}
	})

	t.Run("refused by Envoy, not asked", func(t *testing.T) {
		w.Bank.Reset()
		for _, r := range []Request{
			{Method: "GET", Target: "/v1/customers%2fada"},
			{Method: "GET", Target: "/v1/customers%5cada"},
			{Method: "GET", Target: "/v1/customers/ada", Header: []string{"x_bank_customer: bob"}},
		} {
			if resp := send(t, "", r); resp.Status != http.StatusBadRequest {
				t.Errorf("%s %v: got %d, want 400", r.Target, r.Header, resp.Status)
			}
		}
		y.mu.Lock()
		defer y.mu.Unlock()
		if len(y.asked) != 0 || len(w.Bank.Seen()) != 0 {
			t.Errorf("asked %d times and the bank saw %d requests, want none", len(y.asked), len(w.Bank.Seen()))
		}
	})

	t.Run("no", func(t *testing.T) {
		y.mu.Lock()
		y.no = true
		y.mu.Unlock()
		w.Bank.Reset()
		resp := send(t, "", Request{Method: "GET", Target: "/v1/customers/ada"})
		if resp.Status != http.StatusForbidden || len(w.Bank.Seen()) != 0 {
			t.Errorf("got %d and the bank saw %d requests, want 403 and none", resp.Status, len(w.Bank.Seen()))
		}
	})
}

// base.yaml leaves open what its comment says, or it would test nothing.
func TestBaseLeavesSpellingsAlone(t *testing.T) {
	y := sayYes(t)
	g := Gateway{Profile: envoy.Base}
	w := openTo(t, y, g)
	for _, row := range []struct{ sent, asked string }{
		{"/v1/a/../b", "/v1/b"},
		{`/v1/a\..\b`, "/v1/b"},
		{"/v1//b", "/v1//b"},
		{"/v1/a%2fb", "/v1/a%2fb"},
		{"/v1/a%5cb", "/v1/a%5cb"},
		{"/v1/a;x/b", "/v1/a;x/b"},
	} {
		if _, err := w.Send(t.Context(), g, "", Request{Method: "GET", Target: row.sent, Host: Host}); err != nil {
			t.Fatal(err)
		}
		asked := y.last(t).GetRequest().GetHttp()
		if asked.GetPath() != row.asked {
			t.Errorf("%s: asked about %s, want %s", row.sent, asked.GetPath(), row.asked)
		}
		if len(asked.GetHeaders()) == 0 {
			t.Error("headers are raw, want them joined")
		}
	}
}
