//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
	"github.com/tiergate/tiergate/envoy"
)

// ruleSet is one of two policies that answer the same request by another
// route, tier and rule. A mix of the two denies, or shows in the record.
type ruleSet struct{ name, tier, action string }

var (
	setA = ruleSet{"a", "internal", "read"}
	setB = ruleSet{"b", "confidential", "update"}
)

// files are the set's rules files, one section each.
func (s ruleSet) files() map[string]string {
	return map[string]string{
		"tiers.yaml":      "tiers: [ { name: public }, { name: internal }, { name: confidential } ]\nunclassified: confidential\nbroad_above: internal\n",
		"objects.yaml":    "objects: [ { type: account, tier: " + s.tier + ", catalog: accounts, attributes: { owner: string } } ]\n",
		"routes.yaml":     "routes:\n  - host: " + Host + "\n    map:\n      - GET /v1/accounts/{id} -> " + s.action + " account/{id}\n",
		"identities.yaml": "identities: [ { name: customers, kind: human, match: { issuer: corp, client: [web] } } ]\n",
		"rules.yaml": "rules: [ { id: set-" + s.name + ", allow: customers, to: [" + s.action + "], on: account, up_to: " + s.tier +
			", own: owner, then: { set_headers: { x-bank-tenant: " + s.name + " } } } ]\n",
	}
}

// configMap lays rules out as Kubernetes does: links into ..data, which is one
// link to a versioned directory and is swapped in one step.
type configMap struct {
	dir     string
	version int
}

func (m *configMap) write(t *testing.T, s ruleSet) {
	t.Helper()
	m.version++
	version := fmt.Sprintf("..v%d", m.version)
	if err := os.MkdirAll(filepath.Join(m.dir, version), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range s.files() {
		if err := os.WriteFile(filepath.Join(m.dir, version, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if m.version == 1 {
			if err := os.Symlink(filepath.Join("..data", name), filepath.Join(m.dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := filepath.Join(m.dir, "..next")
	if err := os.Symlink(version, next); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(m.dir, "..data")); err != nil {
		t.Fatal(err)
	}
	if m.version > 2 {
		if err := os.RemoveAll(filepath.Join(m.dir, fmt.Sprintf("..v%d", m.version-2))); err != nil {
			t.Fatal(err)
		}
	}
}

// While rules are reloaded, a key rotates and one of two replicas drains, every
// request gets a right answer: allowed, by the route, tier and rule of one
// version, and the bank sees that version's header.
func TestNothingGoesWrongWhileThingsChange(t *testing.T) {
	requests, reloads := 2000, 50
	if full() {
		requests, reloads = 20_000, 400
	}
	w := world(t, programs(t, true))
	rules := &configMap{dir: filepath.Join(w.Dir, "shared-rules")}
	rules.write(t, setA)
	replicas := []*Tiergate{replica(t, w, rules, "one"), replica(t, w, rules, "two")}
	w.Tiergate = replicas[0]
	g := Gateway{Profile: envoy.Hardened}
	o, err := w.Wiring(g, replicas[0].GRPC, replicas[1].GRPC)
	if err != nil {
		t.Fatal(err)
	}
	if w.gateways[g], err = StartEnvoy(t.Context(), w.programs.Envoy, "two-replicas", w.Dir, o); err != nil {
		t.Fatal(err)
	}

	traffic := newTraffic(w, g)
	defer traffic.stop() // also when a step below fails
	traffic.start(t, 3)
	alive := replicas
	for i := range reloads {
		next := []ruleSet{setB, setA}[i%2]
		rules.write(t, next)
		for _, r := range alive {
			asked := asking(t, r.GRPC)
			eventually(t, 15*time.Second, "the reload of set "+next.name, func() bool {
				return w.check(t, asked, own()).Set["x-bank-tenant"] == next.name
			})
		}
		switch i {
		case reloads / 3:
			traffic.rotate(t, w.Corp)
		case reloads / 2:
			if err := replicas[1].Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			alive = replicas[:1]
		}
	}
	eventually(t, time.Minute, fmt.Sprintf("%d requests", requests), func() bool { return traffic.sent.Load() >= int64(requests) })
	traffic.stop()
	if err := replicas[1].Stop(); err != nil {
		t.Errorf("the drained replica ended with %v, want exit code 0", err)
	}
	traffic.judge(t, w, replicas)
	t.Logf("%d requests, %d reloads, a rotation and a drain", traffic.sent.Load(), reloads)
}

// replica serves the shared rules with a log and a state of its own.
func replica(t *testing.T, w *World, rules *configMap, name string) *Tiergate {
	t.Helper()
	config, err := w.Configure(name, func(s Settings) error {
		s["rules"] = []any{rules.dir}
		s["drain"] = map[string]any{"wait": "4s"}
		if err := s.requireKeys(); err != nil {
			return err
		}
		return s.Issuer("corp", w.Corp.Issuer(), map[string]any{"url": w.Corp.JWKSURL(), "allow_http": true, "refresh": "1s"})
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := StartTiergate(t.Context(), w.programs.Tiergate, name, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("replica %s said:\n%s", name, r.tail())
		}
		r.Stop() // how it ended is the test's to judge
	})
	if err := r.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

// traffic is ada, reading her account again and again.
type traffic struct {
	world   *World
	gateway Gateway
	token   atomic.Pointer[string]
	sent    atomic.Int64
	quit    chan struct{}
	once    sync.Once
	senders sync.WaitGroup

	mu      sync.Mutex
	answers []Response
	errs    []error
}

func newTraffic(w *World, g Gateway) *traffic {
	return &traffic{world: w, gateway: g, quit: make(chan struct{})}
}

func (tr *traffic) start(t *testing.T, senders int) {
	tr.renew(t)
	for range senders {
		tr.senders.Go(func() {
			pace := time.NewTicker(8 * time.Millisecond)
			defer pace.Stop()
			for {
				select {
				case <-pace.C:
					tr.send(t)
				case <-tr.quit:
					return
				}
			}
		})
	}
}

func (tr *traffic) send(t *testing.T) {
	r := own().Request
	r.Header = []string{"Authorization: Bearer " + *tr.token.Load()}
	resp, err := tr.world.Send(t.Context(), tr.gateway, "", r)
	tr.sent.Add(1)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if err != nil {
		tr.errs = append(tr.errs, err)
		return
	}
	tr.answers = append(tr.answers, *resp)
}

func (tr *traffic) stop() {
	tr.once.Do(func() { close(tr.quit) })
	tr.senders.Wait()
}

func (tr *traffic) renew(t *testing.T) {
	t.Helper()
	token, err := tr.world.Mint(*ada.Token)
	if err != nil {
		t.Fatal(err)
	}
	tr.token.Store(&token)
}

// rotate does what careful providers do: publish the next key, wait until
// everyone can have it, sign with it. Tokens of the old key live on.
func (tr *traffic) rotate(t *testing.T, p *idp.Provider) {
	t.Helper()
	key, err := idp.NewKey("rotated", "ES256")
	if err != nil {
		t.Fatal(err)
	}
	p.Announce(key)
	fetched := p.Fetches()
	eventually(t, 15*time.Second, "the refresh of both replicas' keys", func() bool { return p.Fetches() >= fetched+4 })
	if err := p.SignWith("rotated"); err != nil {
		t.Fatal(err)
	}
	tr.renew(t)
}

// judge compares every answer with its record and with what the bank saw.
func (tr *traffic) judge(t *testing.T, w *World, replicas []*Tiergate) {
	t.Helper()
	for _, err := range tr.errs {
		t.Errorf("a request failed: %v", err)
	}
	defer func() {
		if t.Failed() {
			t.Logf("Envoy's own words:\n%s", refusals(t, filepath.Join(w.Dir, tr.gateway.String()+".access.log")))
		}
	}()
	records := map[string]*Decision{}
	for _, r := range replicas {
		all, err := r.Decisions()
		if err != nil {
			t.Fatal(err)
		}
		for id, d := range all {
			records[id] = d
			if d.Effect != "allow" {
				t.Errorf("%s denied: %+v", r.name, d)
			}
		}
	}
	saw := map[string]string{}
	for _, r := range w.Bank.Seen() {
		saw[r.Header.Get(DecisionHeader)] = r.Header.Get("X-Bank-Tenant")
	}
	by := map[string]int{}
	for _, a := range tr.answers {
		id := decisionID(a.Header)
		d := records[id]
		if a.Status != 200 || d == nil || len(d.Targets) != 1 {
			t.Errorf("got %d %s with the record %+v, want 200 with one target", a.Status, a.Body, d)
			continue
		}
		target := d.Targets[0]
		by[target.Rule]++
		got := ruleSet{saw[id], target.Tier, target.Action}
		want := map[string]ruleSet{"set-a": setA, "set-b": setB}[target.Rule]
		if got != want {
			t.Errorf("decision %s by %s mixes %+v, want %+v", id, target.Rule, got, want)
		}
	}
	if by["set-a"] == 0 || by["set-b"] == 0 {
		t.Errorf("answers by set are %v, want some of both", by)
	}
}

// refusals are the lines of an access log that say other than 200.
func refusals(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, `"code":200`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
