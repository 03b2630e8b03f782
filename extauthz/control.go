package extauthz

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

// Control is where operators change what the server knows, unlike Admin. Whoever
// gets as far as the handler is known: by the user that owns the socket, or by a
// certificate that is named. There is no other way in, not even from loopback.
type Control struct {
	Socket  string // absolute path of a Unix socket; "" for none
	Address string // host:port, with TLS; "" for none
	TLS     *TLS
	// Handler answers a request of who: a user of this machine, or the SAN by
	// which a certificate was let in.
	Handler func(w http.ResponseWriter, r *http.Request, who string)
}

// controlPatience is how long a TLS handshake may take, and then the header of a request.
const controlPatience = 3 * time.Second

func (c *Control) check() error {
	var errs []error
	bad := func(when bool, format string, args ...any) {
		if when {
			errs = append(errs, fmt.Errorf("extauthz: Options.Control."+format, args...))
		}
	}
	bad(c.Handler == nil && (c.Socket != "" || c.Address != ""), "Handler is nil")
	bad(c.Socket != "" && !filepath.IsAbs(c.Socket), "Socket is %q, want an absolute path", c.Socket)
	bad(c.Address != "" && c.TLS == nil, "Address is %q without TLS, which is needed on loopback too: any process of this machine can connect there", c.Address)
	bad(strings.HasPrefix(c.Address, unixPrefix), "Address is %q, want host:port", c.Address)
	if c.TLS != nil {
		errs = append(errs, c.TLS.check(c.Address))
	}
	return errors.Join(errs...)
}

const controlName = "control"

func (s *Server) newControl() ([]*adminServer, error) {
	c := &s.o.Control
	var servers []*adminServer
	if c.Socket != "" {
		l, err := openSocket(c.Socket, s.o.Log, s.o.Metrics.controlLost)
		if err != nil {
			return nil, fmt.Errorf("control: %w", err)
		}
		a := c.server(&places{Listener: l, dropped: s.o.Metrics.controlDropped}, s.o.Log)
		a.socket = l
		servers = append(servers, a)
	}
	if c.Address == "" {
		return servers, nil
	}
	files, err := openTLS(c.TLS)
	if err != nil {
		return servers, fmt.Errorf("control: %w", err)
	}
	l, err := net.Listen("tcp", c.Address)
	if err != nil {
		return servers, fmt.Errorf("control: %w", err)
	}
	a := c.server(&places{Listener: l, proof: true, dropped: s.o.Metrics.controlDropped}, s.o.Log)
	a.tls, a.listener = files, tls.NewListener(a.listener, files.config())
	return append(servers, a), nil
}

func (c *Control) server(l *places, to *slog.Logger) *adminServer {
	return &adminServer{name: controlName, listener: l, server: &http.Server{
		Handler:           http.HandlerFunc(c.serve),
		ConnContext:       withUser,
		ConnState:         proven,
		ReadHeaderTimeout: controlPatience, // of a handshake too
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(complaints{to}, "", 0),
	}}
}

// complaints are what net/http has to say about connections that it refuses. Who
// can reach the port can make any number of them.
type complaints struct{ log *slog.Logger }

func (c complaints) Write(text []byte) (int, error) {
	c.log.Debug("control connection refused", slog.String("error", strings.TrimSpace(string(text))))
	return len(text), nil
}

// serve names who asks. A connection without a name is not let in: it would be a
// listener that somebody added here without saying who may use it.
func (c *Control) serve(w http.ResponseWriter, r *http.Request) {
	who, _ := r.Context().Value(userKey{}).(string)
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		who, _ = c.TLS.named(r.TLS.PeerCertificates[0])
	}
	if who == "" {
		http.Error(w, "nobody knows who asks", http.StatusForbidden)
		return
	}
	w.Header().Set("x-content-type-options", "nosniff")
	p, ok := r.Context().Value(placeKey{}).(*placed)
	if !ok {
		http.Error(w, "a connection without a place", http.StatusInternalServerError) // never: ours have one
		return
	}
	awaitBody(r)
	p.begin()
	defer p.end()
	c.Handler(w, r, who)
}

// maxAwaited is how much of a body is waited for before a request counts as
// whole, in bytes: more than a handler reads.
const maxAwaited = 64 << 10

// awaitBody returns once the body of a request is there. The handler reads it as
// it came, an error at its end among it.
func awaitBody(r *http.Request) {
	var body bytes.Buffer
	_, err := io.Copy(&body, io.LimitReader(r.Body, maxAwaited))
	if err != nil {
		r.Body = io.NopCloser(io.MultiReader(&body, failing{err}))
		return
	}
	r.Body = io.NopCloser(io.MultiReader(&body, r.Body))
}

// failing is what is left of a body that could not be read to its end.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type (
	userKey  struct{}
	placeKey struct{}
)

// withUser keeps the place that a connection has, and which user of this machine
// connects.
func withUser(ctx context.Context, c net.Conn) context.Context {
	p, ok := placeOf(c)
	if !ok {
		return ctx // and serve lets nobody in
	}
	ctx = context.WithValue(ctx, placeKey{}, p)
	if u, ok := p.Conn.(*net.UnixConn); ok {
		return context.WithValue(ctx, userKey{}, userOf(u))
	}
	return ctx
}
