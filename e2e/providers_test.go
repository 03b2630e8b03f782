//go:build e2e

package e2e

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
)

// J1 to J8 and A21 to A23: what an identity provider does to the built binary.
// Every row has an issuer of its own, so one row's fault is no other row's.

// faulty are issuers behind one tiergate that is asked straight over gRPC.
type faulty struct {
	*World
	asked *Checker
	all   map[string]*idp.Provider
}

// startFaulty serves an issuer per name. jwks changes how the keys are reached.
func startFaulty(t *testing.T, names []string, jwks map[string]any) *faulty {
	t.Helper()
	f := &faulty{World: world(t, programs(t, true)), all: map[string]*idp.Provider{}}
	for _, name := range names {
		p, err := idp.Start(idp.Options{Name: "k", Alg: "ES256"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Stop() })
		f.all[name] = p
	}
	f.serve(t, jwks)
	if err := f.Tiergate.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

// serve starts tiergate with all issuers, and does not wait until it is ready.
func (f *faulty) serve(t *testing.T, jwks map[string]any) {
	t.Helper()
	config, err := f.Configure("tiergate", func(s Settings) error {
		issuers, _ := s["issuers"].([]any)
		for name, p := range f.all {
			keys := map[string]any{"url": p.JWKSURL(), "allow_http": true, "refresh": "1s"}
			maps.Copy(keys, jwks)
			issuers = append(issuers, map[string]any{"name": name, "issuer": p.Issuer(), "audience": []any{Audience}, "jwks": keys})
		}
		s["issuers"] = issuers
		return s.requireKeys()
	})
	if err != nil {
		t.Fatal(err)
	}
	var rules strings.Builder
	rules.WriteString("identities:\n")
	for name := range f.all {
		fmt.Fprintf(&rules, "  - { name: people-of-%s, kind: human, match: { issuer: %s } }\n", name, name)
	}
	rules.WriteString("rules:\n  - { id: people-read-public-files, allow: { kind: human }, to: [read], on: file, up_to: public, when: object.id.startsWith(\"public/\") }\n")
	if err := writeRules(config, "faulty.yaml", rules.String()); err != nil {
		t.Fatal(err)
	}
	if f.Tiergate, err = StartTiergate(t.Context(), f.programs.Tiergate, "tiergate", config); err != nil {
		t.Fatal(err)
	}
	f.asked = asking(t, f.Tiergate.GRPC)
}

// reason asks with a token and returns why it was refused, "" for an allow.
func (f *faulty) reason(t *testing.T, token string) string {
	t.Helper()
	answer, err := f.asked.Check(t.Context(), "", publicRequest(token))
	if err != nil {
		t.Fatal(err)
	}
	if answer.Allowed {
		return ""
	}
	d, err := f.Tiergate.Decision(t.Context(), answer.Decision)
	if err != nil {
		t.Fatal(err)
	}
	return d.Reason
}

func (f *faulty) wants(t *testing.T, what, token, want string) {
	t.Helper()
	if got := f.reason(t, token); got != want {
		t.Errorf("%s: refused for %q, want %q", what, got, want)
	}
}

func publicRequest(token string) Request {
	return Request{Method: "GET", Target: publicFile, Host: Host, Header: []string{"Authorization: Bearer " + token}}
}

// fresh is a good token that nobody has seen before, under the provider's present key.
func fresh(t *testing.T, p *idp.Provider) string {
	t.Helper()
	return signed(t, p, p.Current())
}

// signed is a good token but for its key.
func signed(t *testing.T, p *idp.Provider, key *idp.Key) string {
	t.Helper()
	token, err := key.Sign(nil, p.Complete(idp.Claims{"sub": "ada", "aud": Audience, "client_id": "web"}))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func rotate(t *testing.T, p *idp.Provider) {
	t.Helper()
	if err := p.Rotate("ES256"); err != nil {
		t.Fatal(err)
	}
}

type faultRow struct {
	name  string
	fault idp.Fault
	stop  bool // the provider is down
	hangs bool // a fetch that has begun goes on until its time is up
}

func faultRows(canary *idp.Provider) []faultRow {
	return []faultRow{
		{name: "J2 down", stop: true},
		{name: "J2 connections are reset", fault: idp.Fault{Reset: true}},
		{name: "J3 never answers", fault: idp.Fault{Delay: time.Hour}, hangs: true},
		{name: "A22 J3 a byte a second", fault: idp.Fault{SlowBytes: time.Second}, hangs: true},
		{name: "J4 500", fault: idp.ServerError},
		{name: "J4 503 with a key set", fault: idp.Fault{Status: 503}},
		{name: "A22 J4 HTML with 200", fault: idp.HTML},
		{name: "A22 J4 an empty object", fault: idp.EmptyObject},
		{name: "J4 null", fault: idp.NullBody},
		{name: "J4 empty keys", fault: idp.EmptyKeys},
		{name: "J4 cut", fault: idp.Fault{Cut: 40}},
		{name: "A22 J4 a gzip bomb, within the limit as it is sent", fault: idp.Fault{Bomb: 200 << 20}},
		{name: "J4 a byte over the limit", fault: idp.Fault{Size: 256<<10 + 1}},
		{name: "A22 J4 32 megabytes", fault: idp.Fault{Size: 32 << 20}},
		{name: "J5 redirect to another host", fault: idp.Fault{Redirect: canary.JWKSURL()}},
		{name: "J5 redirect to a metadata address", fault: idp.Fault{Redirect: "http://169.254.169.254/latest/meta-data/"}},
		{name: "A22 J5 redirect to itself, for ever", fault: idp.Fault{Redirect: "/jwks.json"}},
		{name: "J8 10,000 keys", fault: idp.Fault{Body: `{"keys":[` + strings.Repeat(`{"kty":"EC"},`, 9999) + `{"kty":"EC"}]}`}},
		{name: "J8 no key that can be used", fault: idp.Fault{Body: `{"keys":[{"kty":"oct","kid":"k-1","k":"AAAA"},{"kty":"EC","kid":"k-1"}]}`}},
	}
}

// A provider that breaks while tiergate runs costs nobody whose key is known. A
// key that it made meanwhile is unknown until it is mended, and then known
// within five seconds.
func TestFaultyProviders(t *testing.T) {
	canary, err := idp.Start(idp.Options{Name: "canary", Alg: "ES256"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { canary.Stop() })
	rows := faultRows(canary)
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = fmt.Sprintf("faulty-%d", i)
	}
	f := startFaulty(t, names, nil)
	before := f.metric(t, "go_goroutines")
	t.Run("rows", func(t *testing.T) {
		for i, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				t.Parallel()
				f.suffer(t, row, f.all[names[i]])
			})
		}
	})
	if n := canary.Fetches(); n != 0 {
		t.Errorf("J5: %d requests to the host of the redirect, want none", n)
	}
	if rss := f.metric(t, "process_resident_memory_bytes"); rss > 300<<20 {
		t.Errorf("J4: %.0f MiB of memory after the faults", rss/(1<<20))
	}
	eventually(t, 10*time.Second, "the end of what the faults started", func() bool { return f.metric(t, "go_goroutines") <= before+5 })
}

func (f *faulty) suffer(t *testing.T, row faultRow, p *idp.Provider) {
	known := fresh(t, p)
	f.wants(t, "the twin, before the fault", known, "")
	fetched, began := p.Fetches(), time.Now()
	if row.stop {
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
	} else {
		p.Break(row.fault)
	}
	rotate(t, p)
	if got := f.reason(t, fresh(t, p)); got != "token_key_unknown" && got != "keys_refreshing" {
		t.Errorf("a key of the time of the fault: refused for %q, want token_key_unknown or keys_refreshing", got)
	}
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		f.wants(t, "a known token", known, "")
	}
	f.wants(t, "a new token under a known key", signed(t, p, p.Keys()[0]), "")
	// The refresh of every second backs off; two asked for by the unknown key come on top.
	if n, limit := p.Fetches()-fetched, 4+int(time.Since(began)/time.Second); n > limit {
		t.Errorf("%d fetches in %v of the fault, want at most %d", n, time.Since(began), limit)
	}
	if row.stop {
		if err := p.Resume(); err != nil {
			t.Fatal(err)
		}
	}
	p.Break(idp.Fault{})
	limit := 5 * time.Second
	if row.hangs {
		limit += 5 * time.Second // the fetch that hangs must end first
	}
	eventually(t, limit, "an allow under the new key", func() bool { return f.reason(t, fresh(t, p)) == "" })
	f.wants(t, "a known token, after the fault", known, "")
}

// metric is the value of an unlabelled metric, or of one with exactly these labels.
func (f *faulty) metric(t *testing.T, name string) float64 {
	t.Helper()
	text, err := f.Tiergate.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no metric %s", name)
	}
	value, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// A21, J6: what a rotation does to tokens that were cached, and to those that
// are new. Nothing of a key that was removed passes after the next refresh.
func TestRotations(t *testing.T) {
	f := startFaulty(t, []string{"slow", "rotating", "replaced", "replayed"}, nil)
	bound := 5 * time.Second // of a refresh of one second, on a busy machine
	t.Run("A21 J6 a new key is fetched once", func(t *testing.T) {
		p := f.all["rotating"]
		f.wants(t, "the twin", fresh(t, p), "")
		rotate(t, p)
		f.wants(t, "the first token of a new key", fresh(t, p), "")
	})
	t.Run("A21 J6 a removed key ends what it signed, cached or not", func(t *testing.T) {
		p := f.all["rotating"]
		cached := fresh(t, p)
		f.wants(t, "the twin", cached, "")
		old := p.Current().ID
		rotate(t, p)
		f.wants(t, "the old key, still published", cached, "")
		p.RemoveKey(old)
		eventually(t, bound, "the end of the removed key", func() bool { return f.reason(t, cached) == "token_key_unknown" })
		f.wants(t, "the key that stayed", fresh(t, p), "")
	})
	t.Run("A21 J6 the same kid with another key", func(t *testing.T) {
		p := f.all["replaced"]
		cached, kid := fresh(t, p), p.Current().ID
		f.wants(t, "the twin", cached, "")
		key, err := idp.NewKey(kid, "ES256")
		if err != nil {
			t.Fatal(err)
		}
		p.RemoveKey(kid)
		p.AddKey(key)
		eventually(t, bound, "the end of the old half", func() bool { return f.reason(t, cached) == "token_signature_invalid" })
		f.wants(t, "the new half", fresh(t, p), "")
	})
	t.Run("A21 an old set replayed after a newer one", func(t *testing.T) {
		p := f.all["replayed"]
		old := fresh(t, p)
		f.wants(t, "the twin", old, "")
		p.Break(idp.Fault{Header: dated(0)})
		rotate(t, p)
		p.RemoveKey("k-1")
		eventually(t, bound, "the end of the removed key", func() bool { return f.reason(t, old) == "token_key_unknown" })
		p.Break(idp.Fault{Stale: true, Header: dated(-time.Hour)}) // what a cache on the way kept
		fetched := p.Fetches()
		eventually(t, 3*bound, "two fetches of the old set", func() bool { return p.Fetches() >= fetched+2 })
		f.wants(t, "the removed key", old, "token_key_unknown")
		f.wants(t, "the key in force", fresh(t, p), "")
	})
	t.Run("J4 withdrawn keys with empty_key_set: keep", func(t *testing.T) {
		p := f.all["slow"]
		token := fresh(t, p)
		f.wants(t, "the twin", token, "")
		p.Break(idp.EmptyKeys)
		eventually(t, bound, "the alarm", func() bool { return f.metric(t, `tiergate_keys_empty_sets_total{issuer="slow"}`) > 0 })
		f.wants(t, "a known token", token, "")
	})
}

// dated is the Date of an answer made so long from now.
func dated(d time.Duration) http.Header {
	return http.Header{"Date": {time.Now().Add(d).UTC().Format(http.TimeFormat)}}
}

func TestJ4WithdrawnKeysAreBelievedWhereThatIsSaid(t *testing.T) {
	f := startFaulty(t, []string{"careful"}, map[string]any{"empty_key_set": "withdraw"})
	p := f.all["careful"]
	token := fresh(t, p)
	f.wants(t, "the twin", token, "")
	p.Break(idp.EmptyKeys)
	eventually(t, 5*time.Second, "the end of all keys", func() bool { return f.reason(t, token) == "token_key_unknown" })
	p.Break(idp.Fault{})
	eventually(t, 5*time.Second, "their return", func() bool { return f.reason(t, token) == "" })
}

// J1: at the start there is no provider, or none that can be trusted.
func TestJ1NoKeysFromTheStart(t *testing.T) {
	w := world(t, programs(t, true))
	leaf, err := w.CA.Issue("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		o    idp.Options
		ca   string
		host string // in place of the provider's
		good bool
	}{
		{"twin: an authority of our own", idp.Options{TLS: serverTLS(leaf)}, w.CA.File, "", true},
		{"TLS of another authority", idp.Options{TLS: serverTLS(leaf)}, other.File, "", false},
		{"TCP refused", idp.Options{TLS: serverTLS(leaf), Down: true}, w.CA.File, "", false},
		{"no TLS where TLS is wanted", idp.Options{}, w.CA.File, "", false},
		{"no such host", idp.Options{TLS: serverTLS(leaf)}, w.CA.File, "nobody.invalid", false},
	} {
		t.Run("J1 "+row.name, func(t *testing.T) {
			row.o.Alg = "ES256"
			p, err := idp.Start(row.o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { p.Stop() })
			f := &faulty{World: world(t, w.programs), all: map[string]*idp.Provider{"late": p}}
			f.serve(t, map[string]any{"url": "https://" + or(row.host, p.Addr()) + "/jwks.json", "ca": row.ca, "allow_http": false})
			if row.good {
				eventually(t, 5*time.Second, "an allow", func() bool { return f.reason(t, fresh(t, p)) == "" })
				return
			}
			f.wants(t, "without keys", fresh(t, p), "jwks_unavailable")
			if _, err := get(t.Context(), "http://"+f.Tiergate.Admin+"/readyz"); err == nil {
				t.Error("it is ready without the keys of a required issuer")
			}
			if row.o.Down {
				if err := p.Resume(); err != nil {
					t.Fatal(err)
				}
				eventually(t, 5*time.Second, "an allow", func() bool { return f.reason(t, fresh(t, p)) == "" })
			}
		})
	}
}

// J8, A23: what is wrong with one key costs that key alone, and is counted.
func TestJ8BadKeysBesideAGoodOne(t *testing.T) {
	causes := map[idp.Flaw]string{
		idp.RSA1024: "weak", idp.RSA16384: "weak", idp.ExponentOne: "weak", idp.HugeRSAExp: "malformed", idp.ROCA: "weak",
		idp.OffCurve: "malformed", idp.Symmetric: "symmetric", idp.Private: "private", idp.Encryption: "use",
	}
	var names []string
	for i := range idp.Flaws() {
		names = append(names, fmt.Sprintf("flawed-%d", i))
	}
	f := startFaulty(t, append(names, "doubled"), nil)
	skipped := func(issuer, cause string) bool {
		return f.metric(t, fmt.Sprintf("tiergate_keys_skipped{cause=%q,issuer=%q}", cause, issuer)) == 1
	}
	t.Run("keys", func(t *testing.T) {
		for i, flaw := range idp.Flaws() {
			t.Run("J8 "+string(flaw), func(t *testing.T) {
				t.Parallel()
				p := f.all[names[i]]
				f.wants(t, "the twin", fresh(t, p), "")
				key, err := idp.NewFlawedKey("bad", flaw)
				if err != nil {
					t.Fatal(err)
				}
				p.Announce(key)
				eventually(t, 10*time.Second, "the flawed key", func() bool { return skipped(names[i], causes[flaw]) })
				f.wants(t, "the good key beside it", fresh(t, p), "")
				want := "token_key_unknown"
				if flaw == idp.Symmetric {
					want = "token_alg_not_allowed"
				}
				f.wants(t, "what the flawed key signed", signed(t, p, key), want)
			})
		}
		t.Run("J8 a kid twice", func(t *testing.T) {
			t.Parallel()
			p := f.all["doubled"]
			first := p.Current()
			second, err := idp.NewKey(first.ID, "ES256")
			if err != nil {
				t.Fatal(err)
			}
			p.AddKey(second)
			eventually(t, 10*time.Second, "the second key", func() bool { return skipped("doubled", "duplicate") })
			f.wants(t, "the first of the two", signed(t, p, first), "")
			f.wants(t, "the second", signed(t, p, second), "token_signature_invalid")
		})
	})
}

// J7, A22: key ids that nobody has, as fast as one can send them: fetches as the
// rate allows, nobody parked, and known keys served as before.
func TestA22J7AFloodOfKeyIDs(t *testing.T) {
	flood := 1_000
	if full() {
		flood = 10_000
	}
	f := startFaulty(t, []string{"flooded"}, map[string]any{"refresh": "10m"})
	p := f.all["flooded"]
	known := fresh(t, p)
	f.wants(t, "the twin", known, "")
	for _, fault := range []idp.Fault{{}, {Delay: time.Hour}} {
		p.Break(fault)
		fetched, began, reasons := p.Fetches(), time.Now(), f.flood(t, p, known, flood)
		if reasons["token_key_unknown"]+reasons["keys_refreshing"] != flood {
			t.Errorf("reasons of the flood: %v", reasons)
		}
		if n, limit := p.Fetches()-fetched, 3+int(time.Since(began)/(30*time.Second)); n > limit {
			t.Errorf("%d fetches for %d key ids in %v, want at most %d", n, flood, time.Since(began), limit)
		}
	}
	f.wants(t, "a known token", known, "")
}

func serverTLS(l *Leaf) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{l.TLS}, MinVersion: tls.VersionTLS12}
}
