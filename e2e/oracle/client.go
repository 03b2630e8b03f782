package oracle

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// reply is what came back for a request.
type reply struct {
	Status   int
	Decision string
	Nonce    string // for the next proof
}

// credential is what a request carries of a token, "" for none.
type credential struct{ token, proof string }

// wire is one worker's connections to the proxy, kept alive; one for each peer.
type wire struct {
	plain  string // address of the listener for clients without a certificate
	mesh   string
	config func(peer string) (*tls.Config, error)
	conns  map[string]*conn
}

type conn struct {
	net.Conn
	r *bufio.Reader
}

func (c *wire) close() {
	for _, conn := range c.conns {
		conn.Close() //nolint:errcheck // nothing more is expected of it
	}
}

// send writes a request byte for byte and reads the answer. A connection that
// the proxy closed meanwhile is opened anew, once.
func (c *wire) send(ctx context.Context, n int, r *Request, with credential) (reply, error) {
	for attempt := 0; ; attempt++ {
		conn, fresh, err := c.conn(ctx, r.Peer)
		if err != nil {
			return reply{}, err
		}
		got, keep, err := exchange(conn, r, text(n, r, with))
		if err != nil || !keep {
			conn.Close() //nolint:errcheck // replaced
			delete(c.conns, r.Peer)
		}
		if err == nil || fresh || attempt > 0 {
			return got, err
		}
	}
}

func (c *wire) conn(ctx context.Context, peer string) (_ *conn, fresh bool, err error) {
	if known, ok := c.conns[peer]; ok {
		return known, false, nil
	}
	addr := c.plain
	if peer != "" {
		addr = c.mesh
	}
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, false, err
	}
	if peer != "" {
		config, err := c.config(peer)
		if err != nil {
			return nil, false, err
		}
		raw = tls.Client(raw, config)
	}
	made := &conn{raw, bufio.NewReader(raw)}
	c.conns[peer] = made
	return made, true, nil
}

func exchange(c *conn, r *Request, text string) (got reply, keep bool, err error) {
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return got, false, err
	}
	_, writeErr := io.WriteString(c, text) // the proxy may answer before it has read everything
	resp, err := http.ReadResponse(c.r, &http.Request{Method: r.Method})
	if err != nil {
		return got, false, errors.Join(err, writeErr)
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end below
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return got, false, err
	}
	return reply{resp.StatusCode, resp.Header.Get(decisionHeader), resp.Header.Get("DPoP-Nonce")}, !resp.Close && writeErr == nil, nil
}

// text is the request as HTTP/1.1 has it.
func text(n int, r *Request, c credential) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n%s: %d\r\n", r.Method, r.Target, r.Host, numberHeader, n)
	for _, h := range r.Headers {
		b.WriteString(h.Name + ": " + h.Value + "\r\n")
	}
	switch {
	case r.Auth != "":
		b.WriteString("Authorization: " + r.Auth + "\r\n")
	case c.token != "":
		b.WriteString("Authorization: " + cmp.Or(r.Scheme, "Bearer") + " " + c.token + "\r\n")
	}
	if c.proof != "" {
		b.WriteString("DPoP: " + c.proof + "\r\n")
	}
	if r.Body != nil {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(*r.Body), *r.Body)
		return b.String()
	}
	b.WriteString("\r\n")
	return b.String()
}
