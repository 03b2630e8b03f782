//go:build e2e

package e2e

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// revocable configures a tiergate that takes revocations, over its socket and
// from a file, and excuses every denial of the bank's rules by a shadow entry.
func revocable(t *testing.T, w *World) (config, file string) {
	t.Helper()
	config, err := w.Configure("revocable", func(s Settings) error {
		s["control"] = map[string]any{"socket": "control/c.sock"}
		s["revocations"] = map[string]any{"file": "revoked.yaml"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(filepath.Dir(config), "revoked.yaml")
	replaceFile(t, file, "revocations: []\n")
	routes := filepath.Join(filepath.Dir(config), "rules", "accounts.yaml")
	text, err := os.ReadFile(routes)
	if err != nil {
		t.Fatal(err)
	}
	until := time.Now().AddDate(0, 0, 30).Format(time.DateOnly)
	shadowed := strings.Replace(string(text), "- host: bank.example.com\n", "- host: bank.example.com\n    shadow: [ { until: "+until+" } ]\n", 1)
	if shadowed == string(text) {
		t.Fatal("the example has no host to put in shadow")
	}
	replaceFile(t, routes, shadowed)
	return config, file
}

func replaceFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// revoke runs the command, and returns once it has.
func (w *World) revoke(t *testing.T, p *Tiergate, args ...string) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), w.programs.Tiergate, append(args, "-c", p.Config, "--because", "test")...).CombinedOutput()
	if err != nil {
		t.Fatalf("tiergate %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

// reasonOf returns why a request is decided as it is.
func (w *World) reasonOf(t *testing.T, p *Tiergate, asked *Checker, r Request, peer string) string {
	t.Helper()
	answer, err := asked.Check(t.Context(), peer, r)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.Decision(t.Context(), answer.Decision)
	if err != nil {
		t.Fatal(err)
	}
	return d.Reason
}

// The token cache is warm, the command returns, and the very next request is
// denied, whatever the shadow entry; the twin, who differs in what was revoked,
// goes on. It survives a restart, and ends when it is restored.
func TestRevokedOnTheNextRequest(t *testing.T) {
	w := world(t, programs(t, true))
	config, file := revocable(t, w)
	p := serving(t, w, "revocable", config)
	asked := asking(t, p.GRPC)
	in := func(c Call, name, value string) Call {
		c.Who = c.Who.claiming(name, value)
		return c
	}
	bob := call(person("bob", "web"), "GET", bobsAccount, "", "his own account")
	acme := call(partner, "GET", "/v1/accounts/AC400001", "", "acme's account")
	for _, c := range []struct {
		name    string
		revoked Call
		twin    Call
		args    []string
		file    string // instead of args
	}{
		{name: "by token", revoked: in(own(), "jti", "t1"), twin: in(own(), "jti", "t2"), args: []string{"--issuer", "corp", "--token-id", "t1"}},
		{name: "by session", revoked: in(own(), "sid", "s1"), twin: in(own(), "sid", "s2"), args: []string{"--issuer", "corp", "--session", "s1"}},
		{name: "by subject", revoked: own(), twin: bob, args: []string{"--issuer", "corp", "--subject", "ada"}},
		{name: "by client", revoked: in(own(), "client_id", "app"), twin: own(), args: []string{"--issuer", "corp", "--client", "app"}},
		{name: "by issuer", revoked: own(), twin: acme, args: []string{"--issuer", "corp", "--all"}},
		{name: "by identity", revoked: own(), twin: acme, args: []string{"--identity", "customers"}},
		{name: "by file", revoked: own(), twin: bob, file: "revocations: [ { by: { issuer: corp, subject: ada }, because: test } ]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request := func(c Call) Request {
				r, err := w.credentialed(c)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			bad, twin := request(c.revoked), request(c.twin)
			passes := func(what string, r Request, who Call) {
				t.Helper()
				if reason := w.reasonOf(t, p, asked, r, who.Who.Peer); reason != "allowed" && reason != "shadow_deny" {
					t.Errorf("%s: %s", what, reason)
				}
			}
			for range 2 { // then the cache knows both
				passes("before", bad, c.revoked)
				passes("the twin before", twin, c.twin)
			}
			hits := metric(t, p, `tiergate_cache_requests_total{cache="token",result="hit"}`)
			if c.file != "" {
				replaceFile(t, file, c.file)
				eventually(t, 10*time.Second, "the entry of the file", func() bool { return metric(t, p, `tiergate_revocations{form="subject"}`) > 0 })
			} else {
				w.revoke(t, p, append([]string{"revoke"}, c.args...)...)
			}
			if reason := w.reasonOf(t, p, asked, bad, c.revoked.Who.Peer); reason != "revoked" {
				t.Errorf("the next request is %s, want revoked", reason)
			}
			passes("the twin after", twin, c.twin)
			if now := metric(t, p, `tiergate_cache_requests_total{cache="token",result="hit"}`); now != hits+2 {
				t.Errorf("%v requests were answered from the token cache, want both", now-hits)
			}
			if c.file != "" {
				replaceFile(t, file, "revocations: []\n")
				eventually(t, 10*time.Second, "the end of the entry", func() bool { return metric(t, p, `tiergate_revocations{form="subject"}`) == 0 })
			} else {
				w.revoke(t, p, "revocations", "restore", w.onlyEntry(t, p))
			}
			passes("restored", bad, c.revoked)
		})
	}
	if n := metric(t, p, `tiergate_decisions_total{outcome="deny",reason="revoked"}`); n != 7 {
		t.Errorf("%v denials are counted as revoked, want 7", n)
	}

	// A crash right after the acknowledgement, and a start on what is left.
	w.revoke(t, p, "revoke", "--issuer", "corp", "--subject", "ada", "--issued-before", "now")
	old, err := w.credentialed(Call{Who: own().Who.aged(time.Minute), Request: own().Request})
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	again := serving(t, w, "again", config)
	asked = asking(t, again.GRPC)
	if reason := w.reasonOf(t, again, asked, old, ""); reason != "revoked" {
		t.Errorf("after a crash and a restart: %s, want revoked", reason)
	}
	// A later login of the same person: a token that was issued since then.
	eventually(t, 5*time.Second, "an allow for a token that was issued later", func() bool { return w.check(t, asked, own()).Allowed })
}

// S1: over the network two replicas take a revocation from a certificate that is
// named, and nothing from another one of the same authority.
func TestS1RevokingOnTwoReplicasOverTLS(t *testing.T) {
	w := world(t, programs(t, true))
	const oncall = "spiffe://bank.example.com/ops/oncall"
	leaf := func(san string) *Leaf {
		l, err := w.leaf(san)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	server := leaf("localhost")
	var replicas []*Tiergate
	var peers []string
	for _, name := range []string{"one", "two"} {
		config, err := w.Configure(name, func(s Settings) error {
			s["control"] = map[string]any{"address": "127.0.0.1:0", "tls": map[string]any{
				"cert": server.CertFile, "key": server.KeyFile, "client_ca": w.CA.File, "client_sans": []any{oncall},
			}}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		p := serving(t, w, name, config)
		text, err := os.ReadFile(filepath.Join(filepath.Dir(config), name+".addresses.json"))
		if err != nil {
			t.Fatal(err)
		}
		var bound struct{ Control []string }
		if err := json.Unmarshal(text, &bound); err != nil || len(bound.Control) != 1 {
			t.Fatalf("%s: %v", text, err)
		}
		_, port, _ := strings.Cut(bound.Control[0], ":")
		replicas, peers = append(replicas, p), append(peers, "localhost:"+port)
	}
	revoke := func(l *Leaf, subject string) (string, error) {
		said, err := exec.CommandContext(t.Context(), w.programs.Tiergate, "revoke", "--peers", strings.Join(peers, ","),
			"--cert", l.CertFile, "--key-file", l.KeyFile, "--ca", w.CA.File, "--timeout", "3s", "--issuer", "corp", "--subject", subject, "--because", "test").CombinedOutput()
		return string(said), err
	}
	if said, err := revoke(leaf("spiffe://bank.example.com/ops/intern"), "ada"); err == nil || strings.Count(said, "  NOT acknowledged  ") != 2 {
		t.Errorf("a certificate that is not named: %v\n%s", err, said)
	}
	for _, p := range replicas {
		if answer := w.check(t, asking(t, p.GRPC), own()); !answer.Allowed {
			t.Errorf("%d before anything is revoked, want an allow", answer.Status)
		}
	}
	for _, peer := range peers { // who merely connects keeps nobody out
		for range 100 {
			c, err := net.Dial("tcp", peer)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
		}
	}
	if said, err := revoke(leaf(oncall), "ada"); err != nil || strings.Count(said, "  acknowledged  ") != 2 {
		t.Fatalf("the named certificate: %v\n%s", err, said)
	}
	for _, p := range replicas {
		asked := asking(t, p.GRPC)
		r, err := w.credentialed(own())
		if err != nil {
			t.Fatal(err)
		}
		if reason := w.reasonOf(t, p, asked, r, ""); reason != "revoked" {
			t.Errorf("%s, want revoked", reason)
		}
		if answer := w.check(t, asked, call(person("bob", "web"), "GET", bobsAccount, "", "")); !answer.Allowed {
			t.Errorf("the twin: %d, want an allow", answer.Status)
		}
		if !strings.Contains(p.Log(), oncall) {
			t.Error("the log does not say who revoked")
		}
	}
	if said, err := revoke(leaf(oncall), "eve"); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	if err := replicas[1].Stop(); err != nil {
		t.Fatal(err)
	}
	said, err := revoke(leaf(oncall), "mallory")
	if err == nil || strings.Count(said, "  NOT acknowledged  ") != 1 || strings.Count(said, "  acknowledged ") != 1 ||
		!strings.Contains(said, "NOT acknowledged by 1 of 2 replicas: "+peers[1]) {
		t.Errorf("with one replica down: %v\n%s", err, said)
	}
}

// onlyEntry is the id of the one entry in force.
func (w *World) onlyEntry(t *testing.T, p *Tiergate) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), w.programs.Tiergate, "revocations", "list", "-c", p.Config).Output()
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	if err != nil || len(lines) != 2 {
		t.Fatalf("want one entry: %v\n%s", err, said)
	}
	return strings.Fields(lines[1])[0]
}
