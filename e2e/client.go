package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Request is an HTTP/1.1 request that is sent byte for byte: an attack is in
// the spelling, which http.Client would mend.
type Request struct {
	Method string
	Target string
	Host   string
	Header []string // "name: value", in this order
	Body   string   // sent as application/json unless Header says otherwise
}

// Response is a whole answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Send opens a connection to addr, over TLS where config is not nil, sends r
// and returns the answer.
func Send(ctx context.Context, addr string, config *tls.Config, r Request) (*Response, error) {
	c, err := Dial(ctx, addr, config)
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // the answer is all that counts
	return c.exchange(r, r.bytes())
}

// Connection is one connection, on which requests follow each other.
type Connection struct {
	conn   net.Conn
	reader *bufio.Reader
}

// Dial opens a connection to addr, over TLS where config is not nil.
func Dial(ctx context.Context, addr string, config *tls.Config) (*Connection, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if config != nil {
		conn = tls.Client(conn, config)
	}
	return &Connection{conn, bufio.NewReader(conn)}, nil
}

// Close closes the connection.
func (c *Connection) Close() error { return c.conn.Close() }

// Send sends r, byte for byte, and returns the answer. The connection stays
// open unless the other end closes it.
func (c *Connection) Send(r Request) (*Response, error) { return c.exchange(r, r.text("")) }

func (c *Connection) exchange(r Request, text string) (*Response, error) {
	if err := c.conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	_, sent := io.WriteString(c.conn, text) // an answer may come before the end of what is too long
	resp, err := http.ReadResponse(c.reader, &http.Request{Method: r.Method})
	if err != nil {
		if sent != nil {
			err = sent
		}
		return nil, fmt.Errorf("answer to %s %s: %w", r.Method, r.Target, err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("answer to %s %s: %w", r.Method, r.Target, err)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

func (r Request) bytes() string { return r.text("Connection: close\r\n") }

// text is the request with a line of our own after the host.
func (r Request) text(line string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n%s", r.Method, r.Target, r.Host, line)
	for _, line := range r.Header {
		b.WriteString(line + "\r\n")
	}
	if r.Body != "" {
		if !r.has("content-type") {
			b.WriteString("Content-Type: application/json\r\n")
		}
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.Body))
	}
	b.WriteString("\r\n" + r.Body)
	return b.String()
}

func (r Request) has(name string) bool {
	for _, line := range r.Header {
		key, _, _ := strings.Cut(line, ":")
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

// Curl returns the request as a command line that sends it to addr, host:port.
func (r Request) Curl(scheme, addr string, flags ...string) string {
	_, port, _ := net.SplitHostPort(addr)
	origin := net.JoinHostPort(r.Host, port)
	words := []string{"curl", "-i", "--path-as-is", "-X", r.Method, quote(scheme + "://" + origin + r.Target), "--resolve", origin + ":127.0.0.1"}
	words = append(words, flags...)
	for _, line := range r.Header {
		words = append(words, "-H", quote(line))
	}
	if r.Body != "" {
		words = append(words, "-H", quote("Content-Type: application/json"), "-d", quote(r.Body))
	}
	return strings.Join(words, " ")
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
