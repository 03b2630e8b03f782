package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// counter decides all the time, as many requests would, through a catalog.
type counter struct {
	view   *catalog.View
	typ    *rules.Type
	health func() catalog.Health
}

func newCounter(t *testing.T, src catalog.Source, ttl time.Duration) *counter {
	t.Helper()
	c, err := catalog.New(catalog.Options{Sources: map[string]catalog.Source{"bank": src}, TTL: map[string]time.Duration{"default": ttl}})
	if err != nil {
		t.Fatal(err)
	}
	typ := &rules.Type{Name: "account", Catalog: "bank", Tier: 0, MaxRowTier: 1, RowTiers: true, Attributes: []rules.Attribute{
		{Name: "name", Kind: rules.String}, {Name: "owner", Kind: rules.String}, {Name: "tenant", Kind: rules.String},
	}}
	schema := &rules.Schema{Tiers: []rules.TierInfo{{Name: "internal"}, {Name: "restricted"}}, Unclassified: 1, Types: map[string]*rules.Type{"account": typ}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var done sync.WaitGroup
	done.Go(func() { _ = c.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
		_ = c.Wait(context.WithoutCancel(ctx))
	})
	return &counter{view: c.Bind(schema), typ: typ, health: func() catalog.Health { return c.Health("bank") }}
}

// allows decides for ada on accounts up to internal that she owns. What cannot be
// decided is denied.
func (c *counter) allows(ctx context.Context, id string) bool {
	targets := []rules.Target{{Action: "read", Object: rules.Object{Type: c.typ, ID: id, RowTier: rules.NoTier}}}
	if _, err := c.view.Fill(ctx, targets, nil); err != nil {
		return false
	}
	o := &targets[0].Object
	owner, _ := o.Attribute(1)
	return o.RowTier == 0 && owner == "ada"
}

// TestNewEnemy raises a tier or gives an account away at T, while decisions on it
// go on, and while the channel of changes is cut or dies at random. No decision that
// begins after T and the bound may allow: two heartbeats while the channel stands,
// else the time that rows may be cached.
func TestNewEnemy(t *testing.T) {
	rounds := 10
	if os.Getenv("TIERGATE_FULL") != "" {
		rounds = 500
	}
	const beat, ttl = 250 * time.Millisecond, time.Second
	b := open(t, migrated(t, createAccounts("text"), accounts()), func(o *Options) { o.Outbox, o.Heartbeat, o.Timeout = true, beat, time.Second })
	c := newCounter(t, b.Source, ttl)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("%d rounds, seed %d", rounds, seed)
	var slowest time.Duration
	for n := range rounds {
		id := fmt.Sprint("acc", n)
		b.exec(t, "INSERT INTO account (id, tier, owner) VALUES ($1, 'internal', 'ada')", id)
		b.waitAllowed(t, c, id)
		bound := 2 * beat
		fault := []string{"none", "none", "cut", "silence"}[random.IntN(4)]
		if n < 4 {
			fault = []string{"none", "cut", "silence", "none"}[n]
		}
		heal := func() {}
		hurt := func() {
			if fault != "none" {
				heal, bound = b.hurt(t, fault), ttl
			}
		}
		first := random.IntN(2) == 0
		if first {
			hurt()
		}
		column, value := "tier", "restricted"
		if random.IntN(2) == 0 {
			column, value = "owner", "eve"
		}
		before := c.health()
		b.exec(t, "UPDATE account SET "+column+" = $2 WHERE id = $1", id, value)
		committed := time.Now()
		if !first {
			hurt()
		}
		seen := decideUntil(t, c, id, committed.Add(bound+100*time.Millisecond)).Sub(committed)
		if h := c.health(); fault == "none" && seen > bound && (!before.Watched || h.Lost != before.Lost) {
			fault, bound = "none, but it does not stand for want of time", ttl // since an earlier fault, or on a busy machine
			seen = max(seen, decideUntil(t, c, id, committed.Add(bound+100*time.Millisecond)).Sub(committed))
		}
		if seen > bound {
			t.Fatalf("round %d (seed %d): %s, %s changed to %s: a decision that began %v after the commit allows, the bound is %v", n, seed, fault, column, value, seen, bound)
		} else if fault == "none" {
			slowest = max(slowest, seen)
		}
		heal()
	}
	t.Logf("with the channel standing the last wrong decision began at most %v after the commit", slowest)
}

// decideUntil decides from several goroutines, and returns when the last decision
// that allowed began.
func decideUntil(t *testing.T, c *counter, id string, until time.Time) time.Time {
	t.Helper()
	var last atomic.Int64
	start := time.Now()
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			pace := time.NewTicker(100 * time.Microsecond)
			defer pace.Stop()
			for began := time.Now(); began.Before(until); began = time.Now() {
				if c.allows(context.WithoutCancel(t.Context()), id) {
					last.Store(int64(began.Sub(start)))
				}
				<-pace.C // the machine has other tests to run
			}
		})
	}
	all.Wait()
	return start.Add(time.Duration(last.Load()))
}

func (b *bench) waitAllowed(t *testing.T, c *counter, id string) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !c.allows(t.Context(), id); {
		if time.Now().After(until) {
			t.Fatalf("%s is never allowed", id)
		}
	}
}

// hurt cuts the channel, or lets it die in silence until heal is called.
func (b *bench) hurt(t *testing.T, fault string) (heal func()) {
	t.Helper()
	var pid int
	err := b.admin.QueryRow(t.Context(), "SELECT pid FROM pg_stat_activity WHERE application_name = 'tiergate watch'").Scan(&pid)
	if err != nil {
		return func() {} // it is away already
	}
	if fault == "cut" {
		b.exec(t, "SELECT pg_terminate_backend($1)", pid)
		return func() {}
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) { // it may have ended
		t.Fatalf("stop the server's process %d: %v", pid, err)
	}
	return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
}
