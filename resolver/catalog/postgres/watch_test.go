package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// ear hears changes, in the order they are told.
type ear struct{ heard chan string }

func (e ear) Changed(keys []catalog.Key) {
	for _, k := range keys {
		e.heard <- k.Type + "/" + k.ID
	}
}
func (e ear) Lost(err error) {
	if !errors.Is(err, errUnheard) && !errors.Is(err, catalog.ErrUnavailable) {
		e.heard <- "an odd error: " + err.Error()
	}
	e.heard <- "lost"
}
func (e ear) Watched()        { e.heard <- "watched" }
func (e ear) Heard(time.Time) {}

// next waits for what is told next.
func (e ear) next(t *testing.T) string {
	t.Helper()
	select {
	case s := <-e.heard:
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is told")
		return ""
	}
}

func (e ear) wants(t *testing.T, want ...string) {
	t.Helper()
	for i, w := range want {
		if got := e.next(t); got != w {
			t.Fatalf("told %q as number %d, want %q of %q", got, i, w, want)
		}
	}
}

// wantsAll is wants in any order.
func (e ear) wantsAll(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for range want {
		got = append(got, e.next(t))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("told %q, want %q", got, want)
	}
}

// watch starts to listen, until the test ends.
func (b *bench) watch(t *testing.T) ear {
	t.Helper()
	e := ear{make(chan string, 100)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var done sync.WaitGroup
	done.Go(func() {
		if err := b.Watch(ctx, e); err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	return e
}

// migrated is a setup with the outbox and the triggers of the accounts.
func migrated(t *testing.T, setup string, types map[string]Type) string {
	t.Helper()
	sql, err := Outbox(OutboxOptions{Types: types})
	if err != nil {
		t.Fatal(err)
	}
	return setup + ";\n" + sql
}

func told(o *Options) { o.Outbox = true }

func openWatched(t *testing.T, more string) (*bench, ear) {
	t.Helper()
	b := open(t, migrated(t, createAccounts("text"), accounts())+more, told)
	e := b.watch(t)
	e.wants(t, "watched")
	return b, e
}

// listener is the process of the server that the watching connection has.
func (b *bench) listener(t *testing.T) int {
	t.Helper()
	var pid int
	if err := b.admin.QueryRow(t.Context(), "SELECT pid FROM pg_stat_activity WHERE application_name = 'tiergate watch'").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestEveryChangeIsToldOnce(t *testing.T) {
	b, e := openWatched(t, "")
	for _, step := range []struct {
		sql  string
		want []string
	}{
		{"INSERT INTO account (id) VALUES ('a'), ('b')", []string{"account/a", "account/b"}},
		{"UPDATE account SET tier = 'restricted' WHERE id = 'a'", []string{"account/a"}},
		{"UPDATE account SET tier = 'restricted'", []string{"account/b"}}, // a has it already
		{"UPDATE account SET id = 'c' WHERE id = 'a'", []string{"account/a", "account/c"}},
		{"DELETE FROM account WHERE id = 'b'", []string{"account/b"}},
		{"BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM account WHERE id = 'c'; COMMIT", []string{"account/c"}},
		{"BEGIN; INSERT INTO account (id) VALUES ('never'); ROLLBACK; INSERT INTO account (id) VALUES ('d')", []string{"account/d"}},
		{"TRUNCATE account", []string{"lost", "watched"}},
		{"INSERT INTO account (id) VALUES (NULL)", []string{"lost", "watched"}},
		{"INSERT INTO account (id) SELECT 'm' || n FROM generate_series(1, 10001) n", []string{"lost", "watched"}},
		{`INSERT INTO account (id) VALUES ('\x6100')`, []string{`account/\x6100`, "account/a\x00"}},
	} {
		b.exec(t, step.sql)
		if step.want[0] == "lost" {
			e.wants(t, step.want...)
		} else {
			e.wantsAll(t, step.want...)
		}
	}
}

func TestChangeOfATransactionThatCommitsLateIsTold(t *testing.T) {
	b, e := openWatched(t, "")
	late := b.server.Conn(t, "postgres")
	if _, err := late.Exec(t.Context(), "SET search_path = "+b.schema+"; BEGIN; INSERT INTO account (id) VALUES ('late')"); err != nil {
		t.Fatal(err)
	}
	b.exec(t, "INSERT INTO account (id) VALUES ('early')") // with the higher number
	e.wants(t, "account/early")
	b.exec(t, "INSERT INTO account (id) VALUES ('next')")
	e.wants(t, "account/next")
	if _, err := late.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	e.wants(t, "account/late")
}

func TestChangeWithoutNotificationIsToldByTheHeartbeat(t *testing.T) {
	b, e := openWatched(t, "DROP TRIGGER tiergate_wake ON tiergate_changes")
	began := time.Now()
	b.exec(t, "INSERT INTO account (id) VALUES ('a')")
	e.wants(t, "account/a")
	t.Logf("told after %v, heartbeat %v", time.Since(began), b.options.Heartbeat)
}

func TestC5ChannelThatIsCutIsLostAtOnceAndComesBack(t *testing.T) {
	b, e := openWatched(t, "")
	for range 3 {
		b.exec(t, "SELECT pg_terminate_backend($1)", b.listener(t))
		e.wants(t, "lost", "watched") // it is cut; it stands again
		b.exec(t, "INSERT INTO account (id) VALUES ('a')")
		e.wants(t, "account/a")
	}
}

func TestC5ChannelThatDiesInSilenceIsLostWithinTwoHeartbeats(t *testing.T) {
	b := open(t, migrated(t, createAccounts("text"), accounts()), func(o *Options) { o.Outbox, o.Heartbeat = true, time.Second })
	e := b.watch(t)
	e.wants(t, "watched")
	pid := b.listener(t)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil { // the server is a child of ours: nothing is missing
		t.Fatalf("stop the server's process %d: %v", pid, err)
	}
	defer syscall.Kill(pid, syscall.SIGCONT)
	began := time.Now()
	e.wants(t, "lost")
	if took := time.Since(began); took > 4*b.options.Heartbeat { // twice the bound, for a busy machine
		t.Errorf("lost after %v, want at most two heartbeats of %v", took, b.options.Heartbeat)
	}
	e.wants(t, "watched")
}

func TestPrunedChangesThatWereNotReadAreLost(t *testing.T) {
	b, e := openWatched(t, "")
	b.exec(t, "INSERT INTO account (id) VALUES ('a')")
	e.wants(t, "account/a")
	b.exec(t, "BEGIN; INSERT INTO account (id) VALUES ('b'); SELECT tiergate_prune((pg_current_xact_id()::text::bigint + 1)::text::xid8); COMMIT")
	e.wants(t, "lost", "watched")
}

func TestPruningKeepsWhatAReaderMayNotHaveRead(t *testing.T) {
	b := open(t, migrated(t, createAccounts("text"), accounts()), told)
	w := watch{source: b.Source}
	if err := w.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer settle(w.conn)
	b.exec(t, "INSERT INTO account (id) VALUES ('old')")
	first, err := w.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.exec(t, "INSERT INTO account (id) VALUES ('new')")
	left := func() (n int) {
		t.Helper()
		if err := b.admin.QueryRow(t.Context(), "SELECT count(*) FROM tiergate_changes").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var p pruner
	p.after(t.Context(), &w, first)
	later := first
	if later.asked = first.asked.Add(pruneAfter - 1); left() != 2 {
		t.Fatal("changes are gone at once")
	}
	p.after(t.Context(), &w, later)
	if left() != 2 {
		t.Error("changes were pruned too early")
	}
	later.asked = first.asked.Add(pruneAfter + pruneEvery)
	p.after(t.Context(), &w, later)
	if left() != 1 || p.denied {
		t.Errorf("%d changes are left, want the new one; denied %v", left(), p.denied)
	}
}

func TestWatchOfADatabaseWithoutOutboxTellsNothingAndSaysWhy(t *testing.T) {
	log := newLog()
	b := open(t, createAccounts("text"), func(o *Options) { o.Outbox, o.Log = true, log.logger() })
	e := b.watch(t)
	log.waitFor(t, "tiergate_changes")
	select {
	case s := <-e.heard:
		t.Errorf("told %q", s)
	default:
	}
}

func TestWatchAsAReaderWithoutOtherRights(t *testing.T) {
	sql, err := Outbox(OutboxOptions{Types: accounts(), Readers: []string{"tiergate_reader"}})
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "DROP ROLE IF EXISTS tiergate_reader; CREATE ROLE tiergate_reader LOGIN; "+createAccounts("text")+";\n"+sql+sql, told) // twice: it may be run again
	b.exec(t, "GRANT USAGE ON SCHEMA "+b.schema+" TO tiergate_reader; GRANT SELECT ON account TO tiergate_reader")
	t.Cleanup(func() { b.exec(t, "DROP OWNED BY tiergate_reader; DROP ROLE tiergate_reader") })
	o := b.options
	o.DSN = strings.Replace(b.dsn(b.server), "postgres@", "tiergate_reader@", 1)
	reader := &bench{admin: b.admin, server: b.server, schema: b.schema}
	if reader.Source, err = Open(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	e := reader.watch(t)
	e.wants(t, "watched")
	b.exec(t, "INSERT INTO account (id) VALUES ('a')")
	e.wants(t, "account/a")
	o.Heartbeat = time.Minute // pruning has that long
	slow, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(slow.Close)
	w := watch{source: slow}
	if err := w.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer settle(w.conn)
	if err := w.pruneBefore(t.Context(), 3); err != nil {
		t.Errorf("prune: %v", err)
	}
}

func TestOutboxRefusesWhatItCannotSpell(t *testing.T) {
	for name, want := range map[string]string{"a'b": "letters", strings.Repeat("x", 41): "40 at most", "": "letters"} {
		if _, err := Outbox(OutboxOptions{Types: map[string]Type{name: {Table: "t"}}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	if sql, err := Outbox(OutboxOptions{Types: map[string]Type{"a": {Query: "SELECT 1"}}}); err != nil || strings.Contains(sql, "tell_a") {
		t.Errorf("a query has a trigger: %v", err)
	}
}

func TestCompositeIdsAreToldAsRequestsNameThem(t *testing.T) {
	types := map[string]Type{"repo": {Table: "repo", ID: []string{"owner", "Name"}}}
	b := open(t, migrated(t, `CREATE TABLE repo (owner text, "Name" int)`, types), func(o *Options) { o.Outbox, o.Types = true, types })
	e := b.watch(t)
	e.wants(t, "watched")
	b.exec(t, "INSERT INTO repo VALUES ('ada', 7)")
	e.wants(t, "repo/ada/7")
}

func ExampleOutbox() {
	sql, err := Outbox(OutboxOptions{Types: map[string]Type{"account": {Table: "bank.accounts"}}})
	for line := range strings.Lines(sql) {
		if strings.HasPrefix(line, "CREATE TRIGGER \"tiergate_account\"") {
			fmt.Print(line)
		}
	}
	fmt.Println(err)
	// Output:
	// CREATE TRIGGER "tiergate_account" AFTER INSERT OR DELETE ON "bank"."accounts" FOR EACH ROW EXECUTE FUNCTION "tiergate_tell_account"();
	// <nil>
}
