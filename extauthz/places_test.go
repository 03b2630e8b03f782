package extauthz

import (
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// visit is a connection from an address that records whether it was closed.
type visit struct {
	net.Conn
	from   string
	closed bool
}

func (v *visit) Close() error { v.closed = true; return nil }

func (v *visit) RemoteAddr() net.Addr {
	addr, err := net.ResolveTCPAddr("tcp", v.from)
	if err != nil {
		return &net.UnixAddr{Name: v.from}
	}
	return addr
}

// door is a listener at which the next visit stands.
type door struct {
	net.Listener
	next net.Conn
}

func (d *door) Accept() (net.Conn, error) {
	if d.next == nil {
		return nil, net.ErrClosed
	}
	c := d.next
	d.next = nil
	return c, nil
}

type crowded struct {
	*places
	door *door
}

func newPlaces(proof bool) crowded {
	d := &door{}
	return crowded{&places{Listener: d, proof: proof, dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "dropped"})}, d}
}

// come lets one more in, a moment after the last; held is nil when there was no place.
func (c crowded) come(from string) (v *visit, held *placed) {
	time.Sleep(time.Millisecond) // a bubble's
	v = &visit{from: from}
	c.door.next = v
	if in, err := c.Accept(); err == nil {
		held = in.(*placed)
	}
	return v, held
}

func (c crowded) fill(t *testing.T, n int, from func(i int) string) (visits []*visit, held []*placed) {
	t.Helper()
	for i := range n {
		v, h := c.come(from(i))
		if h == nil {
			t.Fatalf("no place for visit %d", i)
		}
		visits, held = append(visits, v), append(held, h)
	}
	return visits, held
}

func (c crowded) wantClosed(t *testing.T, visits []*visit, want ...int) {
	t.Helper()
	var got []int
	for i, v := range visits {
		if v.closed {
			got = append(got, i)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("closed are %v, want %v", got, want)
	}
	if n := testutil.ToFloat64(c.dropped); int(n) != len(want) {
		t.Errorf("%v are counted, want %d", n, len(want))
	}
}

func alone(int) string { return "192.0.2.1:1" }

func apart(i int) string { return fmt.Sprintf("198.51.%d.%d:1", i/256, i%256) }

// bubble runs a test in which milliseconds between visits cost nothing.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func TestTheUnprovenHaveAFairShare(t *testing.T) {
	bubble(t, "of one source the oldest goes", func(t *testing.T) {
		c := newPlaces(true)
		visits, _ := c.fill(t, maxUnproven+2, alone)
		c.wantClosed(t, visits, 0, 1)
	})
	bubble(t, "a source that has the most gives way to others", func(t *testing.T) {
		c := newPlaces(true)
		visits, _ := c.fill(t, maxUnproven, func(i int) string {
			if i == 0 {
				return "203.0.113.9:1"
			}
			return alone(i)
		})
		more, _ := c.fill(t, 2, apart)
		c.wantClosed(t, append(visits, more...), 1, 2)
	})
	bubble(t, "and to itself", func(t *testing.T) {
		c := newPlaces(true)
		half, _ := c.fill(t, maxUnproven/2, alone)
		other, _ := c.fill(t, maxUnproven/2, func(int) string { return "203.0.113.9:1" })
		next, _ := c.come("203.0.113.9:1")
		c.wantClosed(t, append(append(half, other...), next), maxUnproven/2)
	})
	bubble(t, "where all have as many the oldest goes", func(t *testing.T) {
		c := newPlaces(true)
		visits, _ := c.fill(t, maxUnproven+1, apart)
		c.wantClosed(t, visits, 0)
	})
	bubble(t, "an IPv6 network is one source, mapped addresses are IPv4", func(t *testing.T) {
		c := newPlaces(true)
		visits, _ := c.fill(t, maxUnproven, func(i int) string {
			switch {
			case i < 2:
				return fmt.Sprintf("[2001:db8::%x]:1", i+1)
			case i == 2:
				return "[::ffff:198.51.100.1]:1"
			}
			return apart(1000 + i)
		})
		next, _ := c.come("[2001:db8::ffff:0:0:1]:1")
		c.wantClosed(t, append(visits, next), 0)
	})
}

// Who has proved itself does not count among those who have not, and the other
// way round.
func TestTheUnprovenTakeNoOperatorsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newPlaces(true)
		operators, held := c.fill(t, maxControl, alone)
		for _, h := range held {
			proven(h, http.StateNew)
			proven(h, http.StateActive)
			proven(h, http.StateIdle) // says nothing new
		}
		strangers, unproven := c.fill(t, maxUnproven, alone)
		c.wantClosed(t, append(operators, strangers...))
		// One more operator: the one that has waited longest goes.
		proven(unproven[0], http.StateActive)
		c.wantClosed(t, append(operators, strangers...), 0)
		// Who was dropped in the middle of its handshake stays so.
		c.come("192.0.2.1:1") // takes the place that came free
		c.come("192.0.2.1:1")
		c.wantClosed(t, append(operators, strangers...), 0, maxControl+1)
		proven(unproven[1], http.StateActive)
		c.wantClosed(t, append(operators, strangers...), 0, maxControl+1)
		if len(c.known) != maxControl || len(c.unproven) != maxUnproven {
			t.Errorf("%d operators and %d others, want %d and %d", len(c.known), len(c.unproven), maxControl, maxUnproven)
		}
	})
}

func TestWhoWaitsGivesWayToWhoComes(t *testing.T) {
	bubble(t, "the one that has waited longest", func(t *testing.T) {
		c := newPlaces(false)
		visits, held := c.fill(t, maxControl, alone)
		held[0].begin() // is being answered
		held[1].begin()
		time.Sleep(time.Millisecond)
		held[1].end() // was answered a moment ago
		next, _ := c.come("")
		c.wantClosed(t, append(visits, next), 2)
	})
	bubble(t, "nobody while all are being answered", func(t *testing.T) {
		c := newPlaces(false)
		visits, held := c.fill(t, maxControl, alone)
		for _, h := range held {
			h.begin()
		}
		late, place := c.come("")
		c.wantClosed(t, append(visits, late), maxControl)
		if place != nil {
			t.Error("there was a place")
		}
		held[7].begin() // a second request of the same connection
		held[7].end()
		late, _ = c.come("")
		if !late.closed || visits[7].closed {
			t.Error("who has another request under way has lost its place")
		}
	})
	bubble(t, "whose client does not read", func(t *testing.T) {
		c := newPlaces(false)
		visits, held := c.fill(t, maxControl, alone)
		for _, h := range held {
			h.begin()
		}
		time.Sleep(slowAnswer)
		held[0].end()
		held[0].begin()
		next, place := c.come("")
		c.wantClosed(t, append(visits, next), 1)
		if place == nil {
			t.Error("no place")
		}
	})
	bubble(t, "nobody while there are places", func(t *testing.T) {
		c := newPlaces(false)
		visits, held := c.fill(t, maxControl, alone)
		held[5].Close()
		held[5].Close()
		next, place := c.come("")
		if place == nil || next.closed || testutil.ToFloat64(c.dropped) != 0 {
			t.Error("a place that was given back was not given away")
		}
		c.come("")
		if visits[0].closed == false || next.closed {
			t.Error("one that was given back twice was given away twice")
		}
	})
}

// A connection that nobody placed gets nowhere, and takes nothing.
func TestAConnectionWithoutAPlace(t *testing.T) {
	v := &visit{from: "192.0.2.1:1"}
	proven(v, http.StateActive)
	if ctx := withUser(t.Context(), v); ctx.Value(placeKey{}) != nil || ctx.Value(userKey{}) != nil {
		t.Error("it has a place, or a user")
	}
}
