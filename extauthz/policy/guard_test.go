package policy

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// held is a server's Live with a guard: of 100 decisions a new version may turn 5
// from deny to allow.
type held struct {
	*Live
	t     *testing.T
	text  string // of the rules file
	state string
	now   time.Time
	o     Options
}

func holding(t *testing.T, text string, rows ...catalog.Row) *held {
	t.Helper()
	h := &held{t: t, text: text, state: t.TempDir(), now: now, o: options(t, stated{v: ada()}, rows...)}
	if err := h.start(); err != nil {
		t.Fatal(err)
	}
	return h
}

// start is a new process on the same state directory.
func (h *held) start() (err error) {
	h.Live, err = NewLive(LiveOptions{
		Load: func() (*Policy, *rules.Source, error) {
			return Load(fstest.MapFS{"shop.yaml": {Data: []byte(h.text)}}, h.o)
		},
		Guard: NewGuard(GuardOptions{
			Decisions: 100, Allows: 0.05, StateDir: h.state, Now: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler),
		}),
		Log: slog.New(slog.DiscardHandler),
	})
	return err
}

// ask decides a request so many times.
func (h *held) ask(times int, line string, want rules.Reason) {
	h.t.Helper()
	for range times {
		raw := request(line)
		raw.Headers = []rules.Header{{Name: "authorization", Value: "Bearer secret"}}
		if o := h.Check(h.t.Context(), raw); o.Reason != want {
			h.t.Fatalf("%s: %s (%s), want %s", line, o.Reason, o.Detail, want)
		}
	}
}

// change reloads with other rules and reports whether they wait.
func (h *held) change(old, new string) bool {
	h.t.Helper()
	if strings.Count(shop, old) != 1 {
		h.t.Fatalf("%q stands %d times in the rules", old, strings.Count(shop, old))
	}
	h.text = strings.Replace(shop, old, new, 1)
	err := h.Reload()
	if err != nil && !errors.Is(err, ErrHeld) {
		h.t.Fatal(err)
	}
	if got := h.Stats().Held != ""; got != (err != nil) {
		h.t.Errorf("held %v, the error is %v", got, err)
	}
	return err != nil
}

const (
	own       = "on: order, up_to: internal, own: owner }"
	everybody = "on: order, up_to: internal }"
)

func TestGuard(t *testing.T) {
	for _, row := range []struct {
		name     string
		mine     int // requests for what is the caller's own, and so allowed
		foreign  int // and for what is not
		old, new string
		want     bool
	}{
		{"more than 5% would be allowed", 94, 6, own, everybody, true},
		{"twin: 5% would", 95, 5, own, everybody, false},
		{"twin: nothing was denied", 100, 0, own, everybody, false},
		{"twin: another change, under which the denials stay", 0, 100, "up_to: internal, own: owner }", "up_to: secret, own: owner }", false},
		{"only the last 100 count: allows pushed the denials out", 100, 6, own, everybody, false},
		{"too few decisions to say anything", 0, 19, own, everybody, false},
		{"enough", 0, 20, own, everybody, true},
		{"a lock-down", 94, 6, own, "on: order, up_to: public, own: owner }", false},
		{"a lock-down that allows as well waits", 94, 6, "to: [read, update], " + own, "to: [read], " + everybody, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := holding(t, shop, order("1", "ada"), order("2", "bob"))
			before := h.Current()
			h.ask(row.foreign, "GET /orders/2", rules.NoRule)
			h.ask(row.mine, "GET /orders/1", rules.Allowed)
			if got := h.change(row.old, row.new); got != row.want {
				t.Fatalf("it waits: %v, want %v", got, row.want)
			}
			if took := h.Current() != before; took == row.want {
				t.Errorf("the new version is in force: %v", took)
			}
		})
	}
}

// A request that no line matched: opening a path to everybody is told of, a line
// for callers whom the rules know is what such a change is for.
func TestGuardOnNewRoutes(t *testing.T) {
	const health = "- GET /healthz -> open: { because: probe, owner: ops }"
	for _, row := range []struct {
		name, line string
		want       bool
	}{
		{"open to everybody", "- GET /debug -> open: { because: probe, owner: ops }", true},
		{"twin: for callers", "- GET /debug -> read note/n1", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := holding(t, shop)
			h.ask(50, "GET /debug", rules.NoRoute)
			if got := h.change(health, health+"\n      "+row.line); got != row.want {
				t.Errorf("it waits: %v, want %v", got, row.want)
			}
		})
	}
}

// A denial whose cause was not the rules does not count: both versions are asked
// about what is there now.
func TestGuardComparesBothVersionsNow(t *testing.T) {
	h := holding(t, shop, order("1", "ada"))
	h.o.Verifier = stated{err: rules.Faultf(rules.KeysRefreshing, "")}
	if err := h.Reload(); err != nil {
		t.Fatal(err)
	}
	h.ask(50, "GET /orders/1", rules.KeysRefreshing)
	h.o.Verifier = stated{v: ada()}
	if h.change(own, everybody) {
		t.Error("what lacked keys counts as allowed by the rules")
	}
}

func TestHeldUntilAccepted(t *testing.T) {
	h := holding(t, shop, order("2", "bob"))
	h.ask(50, "GET /orders/2", rules.NoRule)
	if !h.change(own, everybody) {
		t.Fatal("it does not wait")
	}
	hash := h.Stats().Held
	if err := h.Stats().LastError; !strings.Contains(err, "of the last 50 decisions it allows 50 that were denials, such as GET /orders/{id} -> read order/{id} by customers (rule own,") ||
		!strings.HasSuffix(err, "tiergate rules accept -c tiergate.yaml "+hash) {
		t.Errorf("it says %q", err)
	}
	if strings.Contains(h.Stats().LastError, "/orders/2") {
		t.Errorf("it names an id: %q", h.Stats().LastError)
	}
	h.ask(100, "GET /healthz", rules.OpenRoute) // what was asked before does not count any more
	if err := h.Reload(); !errors.Is(err, ErrHeld) {
		t.Errorf("asked again without an acceptance: %v", err)
	}
	if err := Acceptances(h.state).Add(strings.Repeat("ab", 32), now); err != nil {
		t.Fatal(err)
	}
	if h.freed() {
		t.Error("another version's acceptance frees it")
	}
	if err := Acceptances(h.state).Add(hash, now); err != nil {
		t.Fatal(err)
	}
	if !h.freed() {
		t.Error("it was accepted, and is not free")
	}
	if err := h.Reload(); err != nil || h.Stats().Held != "" || h.Current().Hash != hash {
		t.Errorf("accepted: %v, held %q", err, h.Stats().Held)
	}
	h.ask(1, "GET /orders/2", rules.Allowed)
}

// What waits still does after a restart, and the last good rules serve.
func TestHeldOverRestarts(t *testing.T) {
	h := holding(t, shop, order("2", "bob"))
	h.ask(50, "GET /orders/2", rules.NoRule)
	good := h.Current()
	if !h.change(own, everybody) {
		t.Fatal("it does not wait")
	}
	hash := h.Stats().Held
	if err := h.start(); !errors.Is(err, ErrHeld) || h.Current() != nil {
		t.Fatalf("the restart says %v", err)
	}
	h.Adopt(good) // as the server does
	if err := h.Reload(); !errors.Is(err, ErrHeld) || h.Stats().Held != hash {
		t.Fatalf("after the restart, without a decision: %v", err)
	}
	h.ask(1, "GET /orders/2", rules.NoRule)

	t.Run("twin: accepted", func(t *testing.T) {
		if err := Acceptances(h.state).Add(hash, now); err != nil {
			t.Fatal(err)
		}
		if err := h.start(); err != nil {
			t.Fatal(err)
		}
		h.ask(1, "GET /orders/2", rules.Allowed)
	})
}

func TestAcceptanceEnds(t *testing.T) {
	h := holding(t, shop, order("2", "bob"))
	h.ask(50, "GET /orders/2", rules.NoRule)
	h.change(own, everybody)
	if err := Acceptances(h.state).Add(h.Stats().Held, now); err != nil {
		t.Fatal(err)
	}
	h.now = now.Add(24 * time.Hour)
	if h.freed() || h.Reload() == nil {
		t.Error("an acceptance of yesterday frees it")
	}
}

// What is remembered and cannot be read holds: it may have been this version.
func TestUnreadableMemoryHolds(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       bool
	}{
		{"twin: of another version", strings.Repeat("ab", 32) + "\n", false},
		{"no hash", "nothing\n", true},
		{"too long", strings.Repeat("ab", 1<<10), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := holding(t, shop)
			if err := os.WriteFile(filepath.Join(h.state, "rules-held"), []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := h.start(); errors.Is(err, ErrHeld) != row.want {
				t.Errorf("the start says %v", err)
			}
		})
	}
}

// A version that is put in its place frees what waited: there is nothing to accept any more.
func TestAnotherVersionTakesThePlace(t *testing.T) {
	h := holding(t, shop, order("2", "bob"))
	h.ask(50, "GET /orders/2", rules.NoRule)
	h.change(own, everybody)
	waits := h.Stats().Held
	if h.change("own: owner }", "own: owner } # looked at") || h.Stats().Held != "" {
		t.Fatalf("the version that changes nothing waits: %q", h.Stats().LastError)
	}
	if !h.change(own, everybody) || h.Stats().Held != waits {
		t.Error("the first one does not wait again")
	}
}

// The ring keeps no credentials and no more than it may.
func TestRecentIsBounded(t *testing.T) {
	r := newRecent(100)
	big := request("POST /orders/1")
	big.Body = make([]byte, 1<<20)
	big.Headers = []rules.Header{
		{Name: "authorization", Value: "secret"}, {Name: "Cookie", Value: "secret"}, {Name: "dpop", Value: "secret"}, {Name: "x-kept", Value: "yes"},
	}
	for range 90 {
		r.note(big, rules.Evidence{}, rules.Deny)
	}
	if r.bytes > maxRecent || r.count >= maxRecent>>20 || r.count < 25 {
		t.Errorf("%d requests of a megabyte take %d bytes", r.count, r.bytes)
	}
	for _, s := range r.list() {
		if len(s.raw.Headers) != 1 || s.raw.Headers[0].Name != "x-kept" {
			t.Fatalf("it keeps %v", s.raw.Headers)
		}
	}
	if len(big.Headers) != 4 || big.Headers[0].Value != "secret" {
		t.Error("the request itself was changed")
	}
	small := request("GET /orders/1")
	for range 150 {
		r.note(small, rules.Evidence{}, rules.Deny)
	}
	if r.count != 100 || r.bytes != 100*sizeOf(small) {
		t.Errorf("%d small ones take %d bytes", r.count, r.bytes)
	}
	for range 100 {
		r.note(small, rules.Evidence{}, rules.Allow)
	}
	if r.count != 100 || r.bytes != 0 {
		t.Errorf("%d allows take %d bytes", r.count, r.bytes)
	}
}
