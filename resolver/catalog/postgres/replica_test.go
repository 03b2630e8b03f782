package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	pg "github.com/tiergate/tiergate/e2e/postgres"
	"github.com/tiergate/tiergate/resolver/catalog"
)

// pair is a bench whose source reads from a replica.
type pair struct {
	*bench
	replica *pg.Server
	standby *pgx.Conn
}

// openPair starts a primary with a replica that applies what it gets after delay.
func openPair(t *testing.T, delay string, change func(*Options)) *pair {
	t.Helper()
	primary := pg.Start(t)
	b := openOn(t, primary, migrated(t, createAccounts("text"), accounts())+oneAccount, nil)
	b.Close()
	replica := primary.Standby(t, delay)
	b.admin = primary.Conn(t, "postgres") // the copy cut the one before
	b.exec(t, "SET search_path = "+b.schema)
	p := &pair{bench: b, replica: replica, standby: replica.Conn(t, "postgres")}
	p.caughtUp(t)
	o := b.options
	o.Replica, o.MaxLag, o.Outbox = b.dsn(replica), time.Second, true
	if change != nil {
		change(&o)
	}
	var err error
	if b.Source, err = Open(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return p
}

// caughtUp waits until the replica has what the primary has now.
func (p *pair) caughtUp(t *testing.T) {
	t.Helper()
	var end string
	if err := p.admin.QueryRow(t.Context(), "SELECT pg_current_wal_insert_lsn()").Scan(&end); err != nil {
		t.Fatal(err)
	}
	for seen, until := false, time.Now().Add(20*time.Second); !seen; {
		if err := p.standby.QueryRow(t.Context(), "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", end).Scan(&seen); err != nil || time.Now().After(until) {
			t.Fatalf("the replica does not catch up: %v", err)
		}
	}
}

// readBy says which server the last rows came from, by what its sessions did.
func (p *pair) readBy(t *testing.T) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.snapshot == "" {
		return "replica"
	}
	return "primary"
}

// wantReplica asks until the replica answers.
func (p *pair) wantReplica(t *testing.T) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); ; {
		if p.get(t, "account", "a"); p.readBy(t) == "replica" {
			return
		}
		if time.Now().After(until) {
			t.Fatal("the replica never answers")
		}
	}
}

func TestReplicaThatIsFreshAnswers(t *testing.T) {
	p := openPair(t, "0", nil)
	if p.get(t, "account", "a"); p.readBy(t) != "primary" {
		t.Error("a replica answered before anybody knew how far it must be")
	}
	p.watch(t).wants(t, "watched")
	p.wantReplica(t)
	rows := 0
	for row, err := range p.Rows(t.Context(), "account") {
		if rows++; err != nil || row.Key.ID != "a" {
			t.Errorf("listed %+v, %v", row, err)
		}
	}
	if rows != 1 {
		t.Errorf("%d rows, want 1", rows)
	}
}

// A change is told within milliseconds, and the replica has it later: the row must
// not come back as it was.
func TestC2ReplicaBehindNeverAnswersWithWhatWasToldToHaveChanged(t *testing.T) {
	p := openPair(t, "300ms", nil)
	e := p.watch(t)
	e.wants(t, "watched")
	for n := range 100 {
		tier := fmt.Sprint("tier", n)
		p.exec(t, "UPDATE account SET tier = $1 WHERE id = 'a'", tier)
		switch told := e.next(t); told {
		case "account/a":
		case "lost": // a machine with no time to spare: the channel starts anew, and tells of no change since
			e.wants(t, "watched")
			continue
		default:
			t.Fatalf("told %q, want the change", told)
		}
		if r := p.get(t, "account", "a")[0]; r.Tier != tier {
			t.Fatalf("after the change was told the tier is %q, want %q (read from the %s)", r.Tier, tier, p.readBy(t))
		}
	}
}

func TestC2ReplicaThirtySecondsBehind(t *testing.T) {
	p := openPair(t, "30s", func(o *Options) { o.Outbox = false }) // no change is told: only the position counts
	e := p.watch(t)
	p.wantReplica(t) // it has everything so far
	p.exec(t, "UPDATE account SET tier = 'higher' WHERE id = 'a'")
	committed := time.Now()
	for p.get(t, "account", "a")[0].Tier != "higher" {
		if time.Since(committed) > p.options.MaxLag+time.Second {
			t.Fatalf("%v after the change the row is as it was, max_lag is %v", time.Since(committed), p.options.MaxLag)
		}
	}
	t.Logf("the change was seen after %v", time.Since(committed))
	if by := p.readBy(t); by != "primary" {
		t.Errorf("read from the %s", by)
	}
	// The primary goes down, too: what the replica has is stale, and said to be.
	p.server.Stop()
	if rows, err := p.Lookup(t.Context(), keys("account", "a")); !errors.Is(err, catalog.ErrStale) {
		t.Errorf("with the primary down: %+v, %v, want ErrStale", rows, err)
	}
	if len(e.heard) > 0 {
		t.Errorf("a source without outbox tells %q", <-e.heard)
	}
}

func TestReplicaThatIsNone(t *testing.T) {
	other := pg.Shared(t)
	for name, dsn := range map[string]func(*bench) string{
		"the primary itself":   func(b *bench) string { return b.dsn(b.server) },
		"nobody":               func(*bench) string { return "postgres://postgres@127.0.0.1:1/postgres" },
		"a cluster of its own": func(b *bench) string { return b.dsn(other) },
	} {
		b := openOn(t, other, createAccounts("text")+oneAccount, nil)
		o := b.options
		o.Replica, o.MaxLag = dsn(b), time.Second
		s, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		s.proof.add(sample{asked: time.Now().Add(time.Hour), end: position{system: "1", at: 1}}, time.Now())
		if r := (&bench{Source: s}).get(t, "account", "a")[0]; r.Tier != "restricted" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestProof(t *testing.T) {
	began := time.Now()
	at := began.Add
	p := &proof{}
	if _, err := p.floor(began); !errors.Is(err, catalog.ErrStale) {
		t.Errorf("without a sample: %v", err)
	}
	for n := range 10 {
		asked := at(time.Duration(n) * time.Second)
		p.add(sample{asked, position{"c", uint64(100 * n)}}, asked.Add(-5*time.Second))
	}
	if len(p.samples) != 6 {
		t.Errorf("%d samples are kept, want 6", len(p.samples))
	}
	for _, c := range []struct {
		name  string
		since time.Duration
		want  uint64
	}{
		{"the very moment", 6 * time.Second, 600},
		{"between two: the later one", 6*time.Second + 1, 700},
		{"before all", 0, 400},
	} {
		if got, err := p.floor(at(c.since)); err != nil || got.at != c.want {
			t.Errorf("%s: %d, %v, want %d", c.name, got.at, err, c.want)
		}
	}
	if _, err := p.floor(at(9*time.Second + 1)); !errors.Is(err, catalog.ErrStale) {
		t.Errorf("nobody has told the position since then: %v", err)
	}
	p.raise(position{"c", 850})
	p.raise(position{"c", 820})
	if got, _ := p.floor(at(6 * time.Second)); got.at != 850 {
		t.Errorf("floor %d, want what was told, 850", got.at)
	}
	p.add(sample{at(10 * time.Second), position{"d", 7}}, at(5*time.Second))
	if got, _ := p.floor(at(0)); got != (position{"d", 7}) {
		t.Errorf("another cluster: %+v, want its own position alone", got)
	}
	for _, c := range []struct {
		replied []string
		want    string
	}{
		{[]string{"t", "0/3C", "c"}, ""},
		{[]string{"t", "0/3B", "c"}, "behind"},
		{[]string{"t", "1/0", "x"}, "no replica of this primary"},
		{[]string{"f", "1/0", "c"}, "no replica"},
		{[]string{"t", "", "c"}, "no position"},
	} {
		floor := position{"c", 60}
		if err := floor.check(c.replied); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.replied, err, c.want)
		}
	}
}

func TestLogEnd(t *testing.T) {
	for _, c := range []struct {
		reply []string
		want  uint64
		bad   bool
	}{
		{[]string{"f", "0/2000028", "s", "8192"}, 0x2000000, false}, // the first page of a file, without a record
		{[]string{"f", "0/2002018", "s", "8192"}, 0x2002000, false},
		{[]string{"f", "0/2002018", "s", "16384"}, 0x2002018, false}, // inside a larger page
		{[]string{"f", "A/2002017", "s", "8192"}, 0xA02002017, false},
		{[]string{"t", "", "s", "8192"}, 0, true},
		{[]string{"f", "0-1", "s", "8192"}, 0, true},
		{[]string{"f", "0/1", "s", "0"}, 0, true},
	} {
		if got, err := parseLogEnd(c.reply); (err != nil) != c.bad || got.at != c.want {
			t.Errorf("%q: %x, %v, want %x", c.reply, got.at, err, c.want)
		}
	}
}
