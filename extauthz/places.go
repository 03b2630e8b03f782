package extauthz

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Places of a control listener.
const (
	// maxControl bounds the connections of operators at one time.
	maxControl = 64
	// maxUnproven bounds those that have not proved yet whose they are.
	maxUnproven = 256
	// slowAnswer is after how long a request that is still being answered keeps
	// its place no longer: its client does not read.
	slowAnswer = 5 * time.Second
)

// places is a listener on which whoever comes last finds a place, so that nobody
// keeps operators out by merely staying: when all places are taken, the
// connection that has waited longest is closed, never one whose request came
// whole and is being answered. Those that have to prove themselves by a TLS
// handshake have places of their own until they have.
type places struct {
	net.Listener
	proof   bool // by a handshake; without it whoever connects is an operator
	dropped prometheus.Counter

	mu       sync.Mutex
	unproven []*placed // as they came
	known    []*placed
}

// placed is a connection with a place, which it has until it is closed.
type placed struct {
	net.Conn
	in     *places
	source netip.Prefix // of unproven ones; the zero Prefix off TCP

	// Both are in's to guard.
	answering int       // requests that came whole
	since     time.Time // it answers, or waits
}

// Accept implements net.Listener.
func (p *places) Accept() (net.Conn, error) {
	for {
		c, err := p.Listener.Accept()
		if err != nil {
			return nil, err
		}
		next := &placed{Conn: c, in: p, source: sourceOf(c), since: time.Now()}
		var out *placed
		p.mu.Lock()
		if p.proof {
			out = p.meet(next)
		} else {
			out = p.seat(next)
		}
		p.mu.Unlock()
		p.drop(out)
		if out != next {
			return next, nil
		}
	}
}

// meet gives a connection one of the places of the unproven and returns the one
// that loses its own for it: the oldest of the source that has the most, so that
// one source alone cannot take them from the others.
func (p *places) meet(next *placed) (out *placed) {
	p.unproven = append(p.unproven, next)
	if len(p.unproven) <= maxUnproven {
		return nil
	}
	from := make(map[netip.Prefix]int)
	for _, u := range p.unproven {
		from[u.source]++
	}
	most := 0
	for i, u := range p.unproven {
		if from[u.source] > from[p.unproven[most].source] {
			most = i
		}
	}
	out = p.unproven[most]
	p.unproven = slices.Delete(p.unproven, most, most+1)
	return out
}

// seat gives an operator's connection a place and returns the one that loses its
// own for it, which is next itself while all others are being answered.
func (p *places) seat(next *placed) (out *placed) {
	if len(p.known) < maxControl {
		p.known = append(p.known, next)
		return nil
	}
	first := 0
	for i, k := range p.known {
		if k.before(p.known[first]) {
			first = i
		}
	}
	out = p.known[first]
	if out.answering > 0 && time.Since(out.since) <= slowAnswer {
		return next
	}
	p.known[first] = next
	return out
}

// before says which of two is dropped first: who waits before who is answered,
// and then who has for longer.
func (c *placed) before(d *placed) bool {
	if (c.answering == 0) != (d.answering == 0) {
		return c.answering == 0
	}
	return c.since.Before(d.since)
}

// drop closes a connection for which there is no place; nil is none.
func (p *places) drop(out *placed) {
	if out == nil {
		return
	}
	p.dropped.Inc()
	out.Close() //nolint:errcheck // nobody waits for what it had to say
}

// proven is told of every change of a connection's state. Beyond StateNew it has
// said something that a handshake of its own has secured, and becomes an
// operator's.
func proven(c net.Conn, state http.ConnState) {
	if state != http.StateActive && state != http.StateIdle {
		return
	}
	held, ok := placeOf(c)
	if !ok {
		return
	}
	p := held.in
	p.mu.Lock()
	var out *placed
	if i := slices.Index(p.unproven, held); i >= 0 {
		p.unproven = slices.Delete(p.unproven, i, i+1)
		held.since = time.Now()
		out = p.seat(held)
	}
	p.mu.Unlock()
	p.drop(out)
}

// begin says that a request has come whole and is being answered, end that it was.
func (c *placed) begin() { c.answers(1) }
func (c *placed) end()   { c.answers(-1) }

func (c *placed) answers(more int) {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	c.answering += more
	c.since = time.Now()
}

// Close implements net.Conn.
func (c *placed) Close() error {
	p := c.in
	p.mu.Lock()
	for _, list := range []*[]*placed{&p.unproven, &p.known} {
		if i := slices.Index(*list, c); i >= 0 {
			*list = slices.Delete(*list, i, i+1)
		}
	}
	p.mu.Unlock()
	return c.Conn.Close()
}

// placeOf finds the place of a connection as net/http knows it.
func placeOf(c net.Conn) (held *placed, ok bool) {
	if t, secured := c.(*tls.Conn); secured {
		c = t.NetConn()
	}
	held, ok = c.(*placed)
	return held, ok
}

// sourceOf is where a connection comes from: an IPv4 address, or the network of
// an IPv6 one, of which a single machine has 2^64 addresses.
func sourceOf(c net.Conn) netip.Prefix {
	tcp, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	addr := tcp.AddrPort().Addr().Unmap()
	network, _ := addr.Prefix(min(addr.BitLen(), 64)) // the zero Prefix of no address
	return network
}
