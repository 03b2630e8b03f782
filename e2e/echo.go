package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Reached is the header of every answer that an Echo gives: what has it was let
// through to the API.
const Reached = "X-Lab-Reached"

// Echo stands for an API: it answers every request with 200 and says what arrived.
type Echo struct {
	addr     string
	server   *http.Server
	finished chan struct{} // closed when server has returned
}

// StartEcho listens on a free loopback port.
func StartEcho() (*Echo, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("echo: %w", err)
	}
	e := &Echo{
		addr:     listener.Addr().String(),
		server:   &http.Server{Handler: http.HandlerFunc(echo), ReadHeaderTimeout: 10 * time.Second},
		finished: make(chan struct{}),
	}
	go func() {
		defer close(e.finished)
		_ = e.server.Serve(listener) // until Close
	}()
	return e, nil
}

// Addr is the host:port.
func (e *Echo) Addr() string { return e.addr }

// Close ends the server and all its connections.
func (e *Echo) Close() error {
	err := e.server.Close()
	<-e.finished
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// echo shows the headers that rules may set, which begin with x- by custom.
func echo(w http.ResponseWriter, r *http.Request) {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s reached the API\n", r.Method, r.URL.RequestURI())
	var names []string
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-") && !strings.HasPrefix(lower, "x-envoy-") && !strings.HasPrefix(lower, "x-forwarded-") && lower != "x-request-id" {
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&text, "%s: %s\n", name, strings.Join(r.Header.Values(name), ", "))
	}
	w.Header().Set("content-type", "text/plain; charset=utf-8")
	w.Header().Set(Reached, "yes")
	_, _ = w.Write([]byte(text.String()))
}
