package extauthz

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const unixPrefix = "unix:"

// local reports whether only this machine can reach an address.
func local(address string) bool {
	return strings.HasPrefix(address, unixPrefix) || Loopback(address)
}

// Loopback reports whether a host:port is one of this machine alone. A name other
// than localhost is none: who resolves it says where it leads.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// listen binds host:port or unix:/path. A socket that a dead process left is
// taken over, one that answers is not. The socket can be used by its group.
func listen(address string) (net.Listener, error) {
	path, unix := strings.CutPrefix(address, unixPrefix)
	if !unix {
		return net.Listen("tcp", address)
	}
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("listen %s: want unix: and an absolute path", address)
	}
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("listen %s: %w", address, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o660); err != nil { //nolint:gosec // the proxy is of the group
		l.Close() //nolint:errcheck // it was never used
		return nil, err
	}
	return l, nil
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeSocket {
		return errors.New("the path is there already and is not a socket")
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close() //nolint:errcheck // it was only to see
		return errors.New("another process answers on this socket")
	}
	return os.Remove(path)
}

// gate is a listener that closes connections beyond a bound at once: waiting
// ones would hold file descriptors that the good ones need.
type gate struct {
	net.Listener
	limit   int64
	open    atomic.Int64
	metrics *Metrics
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g.open.Add(1) > g.limit {
			g.open.Add(-1)
			g.metrics.refused.Inc()
			c.Close() //nolint:errcheck // nothing was said on it
			continue
		}
		g.metrics.connections.Inc()
		return &gated{Conn: c, gate: g}, nil
	}
}

// gated is a connection that counts until it is closed.
type gated struct {
	net.Conn
	gate *gate
	once sync.Once
}

// Close implements net.Conn.
func (c *gated) Close() error {
	c.once.Do(func() {
		c.gate.open.Add(-1)
		c.gate.metrics.connections.Dec()
	})
	return c.Conn.Close()
}
