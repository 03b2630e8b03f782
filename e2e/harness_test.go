package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.yaml.in/yaml/v4"
)

func TestConfigureCopiesTheExample(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "copy")
	path, err := Configure(os.DirFS("../examples/bank"), dir, func(s Settings) error {
		return s.Issuer("corp", "http://127.0.0.1:1", map[string]any{"discovery": true, "allow_http": true})
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s Settings
	if err := yaml.Load(text, &s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"127.0.0.1:0", "http://127.0.0.1:1", "allow_http: true", "serves:"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the copy lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "9191") {
		t.Errorf("the copy listens on the example's port:\n%s", text)
	}
	if _, err := os.Stat(filepath.Join(dir, "rules", "rules.yaml")); err != nil {
		t.Error(err)
	}
}

func TestConfigureRefuses(t *testing.T) {
	keep := func(Settings) error { return nil }
	for _, row := range []struct {
		name, config, want string
		edit               func(Settings) error
	}{
		{"no file", "", "tiergate.yaml", keep},
		{"no listener", "rules: [./rules]", "no listen.grpc", keep},
		{"a listener that is no mapping", "listen: { grpc: [here] }", "want mappings", keep},
		{"no such issuer", "listen: { grpc: [ { address: x } ] }", `no issuer "corp"`, func(s Settings) error { return s.Issuer("corp", "", nil) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			example := fstest.MapFS{}
			if row.config != "" {
				example["tiergate.yaml"] = &fstest.MapFile{Data: []byte(row.config)}
			}
			_, err := Configure(example, filepath.Join(t.TempDir(), "copy"), row.edit)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error is %v, want it to say %q", err, row.want)
			}
		})
	}
}

func TestRequestIsSentByteForByte(t *testing.T) {
	r := Request{Method: "POST", Target: "//a/%2e%2E/..;x?b=%zz", Host: "h", Header: []string{"x-a: 1", "x-a: 2"}, Body: "{}"}
	want := "POST //a/%2e%2E/..;x?b=%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\nx-a: 1\r\nx-a: 2\r\n" +
		"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
	if got := r.bytes(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Header = []string{"content-type: text/plain"}
	if got := r.bytes(); strings.Contains(got, "application/json") {
		t.Errorf("got %q, want the content type it names and no other", got)
	}
}

func TestCurlQuotes(t *testing.T) {
	r := Request{Method: "POST", Target: "/v1/a;b", Host: "bank.example.com", Header: []string{"x: it's"}, Body: `{"a":1}`}
	got := r.Curl("http", "127.0.0.1:81", "-k")
	want := `curl -i --path-as-is -X POST 'http://bank.example.com:81/v1/a;b' --resolve bank.example.com:81:127.0.0.1 -k ` +
		`-H 'x: it'\''s' -H 'Content-Type: application/json' -d '{"a":1}'`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestOwnedHeaders(t *testing.T) {
	h := http.Header{
		DecisionHeader:    {"01J"},
		"X-Bank-Tenant":   {"nord"},
		"X_bank_customer": {"bob"},
		"X-Bank.Tenant":   {"acme"},
		"X-Tiergate-Tier": {"low"},
		"Accept":          {"*/*"},
	}
	want := []string{"x-bank-tenant: nord", "x-bank.tenant: acme", "x-tiergate-tier: low", "x_bank_customer: bob"}
	if got := owned(h); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A check that cannot fail shows nothing: each wrong outcome is noticed.
func TestCallsNoticeWhatIsWrong(t *testing.T) {
	denied := own().denied(403, "no_rule")
	lie := own()
	lie.Lie = "x-bank-customer"
	fine := Seen{Status: 200, Reached: true, Why: "own-accounts", owned: []string{setsCustomer}}
	with := func(change func(*Seen)) Seen { s := fine; change(&s); return s }
	for _, row := range []struct {
		name string
		call Call
		seen Seen
		ok   bool
	}{
		{"allowed", own(), fine, true},
		{"by another rule", own(), with(func(s *Seen) { s.Why = "auditors-read" }), false},
		{"without our header", own(), with(func(s *Seen) { s.owned = nil }), false},
		{"with one header more", own(), with(func(s *Seen) { s.owned = append(s.owned, "x-bank-tenant: nord") }), false},
		{"refused", own(), Seen{Status: 403, Why: "no_rule"}, false},
		{"a believed lie", lie, with(func(s *Seen) { s.Lied = true }), false},
		{"denied", denied, Seen{Status: 403, Why: "no_rule"}, true},
		{"denied for another reason", denied, Seen{Status: 403, Why: "no_route"}, false},
		{"denied with another status", denied, Seen{Status: 401, Why: "no_rule"}, false},
		{"denied, but the bank saw it", denied, Seen{Status: 403, Why: "no_rule", Reached: true}, false},
		{"any refusal", own().denied(AnyRefusal, "a|b"), Seen{Status: 400, Why: "b"}, true},
		{"any refusal is no 503", own().denied(AnyRefusal, "a|b"), Seen{Status: 503, Why: "b"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if problem := row.call.CheckWith(row.seen); (problem == "") != row.ok {
				t.Errorf("problem is %q, want one: %t", problem, !row.ok)
			}
		})
	}
}

func TestWinsAreCountedHonestly(t *testing.T) {
	for _, row := range []struct {
		name         string
		before, with Seen
		want         bool
	}{
		{"got through, now denied", Seen{Reached: true}, Seen{}, true},
		{"was refused already", Seen{}, Seen{}, false},
		{"gets through still", Seen{Reached: true}, Seen{Reached: true}, false},
		{"the lie was believed, now gone", Seen{Reached: true, Lied: true}, Seen{Reached: true}, true},
		{"the bootstrap removed the lie", Seen{Reached: true}, Seen{Reached: true}, false},
	} {
		if got := (Result{Before: row.before, With: row.with}).Win(); got != row.want {
			t.Errorf("%s: a win is %t, want %t", row.name, got, row.want)
		}
	}
}

func TestWhyNamesTheRule(t *testing.T) {
	for _, row := range []struct{ name, record, want string }{
		{"no target", `{"effect":"deny","reason":"no_route"}`, "no_route"},
		{"no rule, and the nearest one is named", `{"effect":"deny","reason":"no_rule","targets":[{"effect":"deny","reason":"no_rule","rule":"own"}]}`, "no_rule"},
		{"an allow's rule", `{"effect":"allow","reason":"allowed","targets":[{"effect":"allow","rule":"own"}]}`, "own"},
		{"a denial's rule, not that of the allowed target before it",
			`{"effect":"deny","reason":"denied_by_rule","targets":[{"effect":"allow","rule":"own"},{"effect":"deny","rule":"frozen"}]}`, "frozen"},
	} {
		var d Decision
		if err := json.Unmarshal([]byte(row.record), &d); err != nil {
			t.Fatal(err)
		}
		if got := d.Why(); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestProcessThatEndsEarlyIsReported(t *testing.T) {
	p, err := start("early", t.TempDir(), "/bin/sh", "-c", "echo something is wrong; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	err = p.until(t.Context(), "being ready", func() (bool, error) { return false, nil })
	if err == nil || !strings.Contains(err.Error(), "something is wrong") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("error is %v, want exit status 3 and what the process said", err)
	}
	if err := p.Stop(); err == nil {
		t.Error("Stop is nil for a process that ended with 3")
	}
}

func TestStopEndsAProcess(t *testing.T) {
	p, err := start("sleep", t.TempDir(), "/bin/sleep", "60")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := p.until(ctx, "a miracle", func() (bool, error) { return false, nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("until = %v, want the deadline", err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop = %v, want nil for a death by SIGTERM", err)
	}
	select {
	case <-p.Done():
	default:
		t.Error("the process is not done after Stop")
	}
}

func TestFindEnvoyNamesWhatIsMissing(t *testing.T) {
	t.Setenv("TIERGATE_ENVOY", "/nowhere/envoy")
	if _, err := FindEnvoy(t.Context()); err == nil || !strings.Contains(err.Error(), "/nowhere/envoy") {
		t.Errorf("error is %v, want the path", err)
	}
	t.Setenv("TIERGATE_ENVOY", "")
	t.Setenv("TIERGATE_ENVOY_VERSION", "1.0.0")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	_, err := FindEnvoy(t.Context())
	if err == nil {
		t.Fatal("found an Envoy where there is none")
	}
	for _, want := range []string{"Envoy 1.0.0 is missing", "python3", "$TIERGATE_ENVOY"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error is %q, want it to say %q", err, want)
		}
	}
}

func TestEnvoyOfTheEnvironmentComesFirst(t *testing.T) {
	t.Setenv("TIERGATE_ENVOY", "/bin/sh")
	t.Setenv("TIERGATE_ENVOY_VERSION", "1.0.0")
	if got, err := FindEnvoy(t.Context()); err != nil || got != "/bin/sh" {
		t.Errorf("got %q (%v), want /bin/sh", got, err)
	}
}

func TestCertificatesSayWhoTheyAre(t *testing.T) {
	ca, err := NewCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ san, uri, dns, ip string }{
		{billingWorkload, billingWorkload, "", ""},
		{Host, "", Host, ""},
		{"127.0.0.1", "", "", "127.0.0.1"},
	} {
		leaf, err := ca.Issue(row.san)
		if err != nil {
			t.Fatal(err)
		}
		cert := leaf.TLS.Leaf
		var uri, dns, ip string
		if len(cert.URIs) > 0 {
			uri = cert.URIs[0].String()
		}
		if len(cert.DNSNames) > 0 {
			dns = cert.DNSNames[0]
		}
		if len(cert.IPAddresses) > 0 {
			ip = cert.IPAddresses[0].String()
		}
		if uri != row.uri || dns != row.dns || ip != row.ip {
			t.Errorf("%s: SANs are %q %q %q, want %q %q %q", row.san, uri, dns, ip, row.uri, row.dns, row.ip)
		}
	}
}
