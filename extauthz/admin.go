package extauthz

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin is what operators see. Nothing on it changes anything.
type Admin struct {
	Address  string              // on loopback; "" for none
	Probe    string              // /healthz and /readyz alone, for a kubelet; any address; "" for none
	Pprof    bool                // profiles on Address
	Gatherer prometheus.Gatherer // for /metrics
	NotReady func() []string     // names what was not loaded yet; nil is always ready
	Version  func() any          // for /version, as JSON
	Rules    func() any          // for /rules, as JSON
}

func (a *Admin) check() error {
	switch {
	case a.Address == "":
		return nil
	case !local(a.Address):
		return fmt.Errorf("extauthz: Options.Admin.Address is %q, want loopback: it shows rules and profiles", a.Address)
	case a.Gatherer == nil || a.Version == nil || a.Rules == nil:
		return errors.New("extauthz: Options.Admin wants Gatherer, Version and Rules")
	}
	return nil
}

// adminServer is one HTTP listener.
type adminServer struct {
	name     string
	listener net.Listener
	server   *http.Server
	tls      *tlsFiles // nil for plaintext
	socket   *socket   // that has to be looked after; nil for none
}

func (s *Server) newAdmin() ([]*adminServer, error) {
	var servers []*adminServer
	add := func(name, address string, mux *http.ServeMux) error {
		if address == "" {
			return nil
		}
		l, err := listen(address)
		if err != nil {
			return err
		}
		servers = append(servers, &adminServer{name: name, listener: l, server: &http.Server{
			Handler:           guardHTTP(mux),
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			WriteTimeout:      2 * time.Minute, // a CPU profile takes 30 s
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
		}})
		return nil
	}
	admin, probe := http.NewServeMux(), http.NewServeMux()
	s.handleHealth(admin)
	s.handleHealth(probe)
	s.handleState(admin)
	err := add("admin", s.o.Admin.Address, admin)
	if err == nil {
		err = add("probe", s.o.Admin.Probe, probe)
	}
	return servers, err
}

func (s *Server) handleHealth(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/plain; charset=utf-8")
		missing := s.notReady()
		if len(missing) == 0 && !s.serving.Load() {
			missing = []string{"health"} // whoever sees this page may count on the proxies' health checks
		}
		if len(missing) == 0 {
			fmt.Fprintln(w, "ready")
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "not ready: %s\n", strings.Join(missing, ", "))
	})
}

func (s *Server) handleState(mux *http.ServeMux) {
	a := &s.o.Admin
	if a.Address == "" {
		return
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.Gatherer, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /version", showJSON(a.Version))
	mux.HandleFunc("GET /rules", showJSON(a.Rules))
	if a.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
}

func showJSON(what func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		text, err := json.MarshalIndent(what(), "", "  ")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("content-type", "application/json")
		w.Write(append(text, '\n')) //nolint:errcheck // the client is gone
	}
}

// guardHTTP answers only those who name this machine by an address or as
// localhost: a page in an operator's browser reaches loopback through a DNS name
// of its own.
func guardHTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !namesAddress(r.Host) {
			http.Error(w, "this listener answers only to an IP address or localhost", http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("x-content-type-options", "nosniff")
		w.Header().Set("cache-control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func namesAddress(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

func (a *adminServer) serve() error {
	if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// close ends the listener; requests under way get a second.
func (a *adminServer) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if a.server.Shutdown(ctx) != nil {
		a.server.Close() //nolint:errcheck // Shutdown has failed already
	}
}
