package catalog

import (
	"testing"
	"testing/synctest"
	"time"
)

// C5: a watch that was not heard of in time has ended, though nobody had the time
// to say so: on a machine with nothing to spare the bound holds all the same.
func TestC5UnheardWatchIsLostForWhoeverAsks(t *testing.T) {
	for _, row := range []struct {
		name    string
		after   time.Duration
		heard   bool // once more, before the time is up
		want    string
		lost    uint64
		watched bool
	}{
		{"twin: within the time", 500 * time.Millisecond, false, "eu", 0, true},
		{"too late", 500*time.Millisecond + 1, false, "us", 1, false},
		{"twin: heard of once more", 600 * time.Millisecond, true, "eu", 0, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := newTeller(tenant("a", "eu"))
				d := open(t, src.source(), nil)
				listening(t, d)
				to := *src.to.Load()
				to.Heard(d.clock.Now().Add(500 * time.Millisecond))
				d.fill(t, "a")
				src.Set(tenant("a", "us")) // unseen
				if row.heard {
					to.Heard(d.clock.Now().Add(time.Second))
				}
				d.clock.advance(row.after)
				if got := d.tenantOf(t, "a"); got != row.want {
					t.Errorf("tenant %q, want %q", got, row.want)
				}
				if h := d.Health("bank"); h.Lost != row.lost || h.Watched != row.watched {
					t.Errorf("%+v, want %d lost", h, row.lost)
				}
			})
		})
	}
}

// C5: what was read while nobody heard is read again once somebody does; and a
// lost channel is not watched again by a word of it.
func TestC5HeardAfterALapse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newTeller(tenant("a", "eu"))
		d := open(t, src.source(), nil)
		listening(t, d)
		to := *src.to.Load()
		to.Heard(d.clock.Now())
		d.fill(t, "a")
		d.clock.advance(1)
		d.fill(t, "a") // the lapse
		src.Set(tenant("a", "us"))
		if got := d.tenantOf(t, "a"); got != "eu" {
			t.Errorf("in between a row lasts for its time, found %q", got)
		}
		to.Heard(d.clock.Now().Add(time.Second))
		if got := d.tenantOf(t, "a"); got != "us" {
			t.Errorf("heard again: tenant %q, want us", got)
		}
		if h := d.Health("bank"); h.Lost != 1 || !h.Watched {
			t.Errorf("%+v, want it watched again", h)
		}
		to.Lost(errUnheard)
		to.Heard(d.clock.Now().Add(time.Second))
		if h := d.Health("bank"); h.Watched {
			t.Error("a lost channel is watched again before it says so")
		}
	})
}
