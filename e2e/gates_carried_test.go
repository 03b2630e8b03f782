//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"
)

// What an allow does to the request and its answer, through the real Envoy.
func TestWhatAnAllowCarries(t *testing.T) {
	g := openGates(t, nil)
	t.Run("strip_credentials", g.stripsCredentials)
	t.Run("the next nonce", g.sendsTheNextNonce)
}

// stripsCredentials: the upstream of a caller with strip_credentials does not see
// the credential; the twin differs in that key alone.
func (g *gates) stripsCredentials(t *testing.T) {
	for _, row := range []struct {
		name, issuer string
		lines        func(*maker) []string
		want         map[string]bool // headers that the bank sees
	}{
		{"twin: a bearer token", "holder", bearerLine, map[string]bool{"Authorization": true}},
		{"a bearer token", "stripped", bearerLine, map[string]bool{"Authorization": false}},
		{"twin: a bound token and its proof", "holder", byKey, map[string]bool{"Authorization": true, "Dpop": true}},
		{"a bound token and its proof", "stripped", byKey, map[string]bool{"Authorization": false, "Dpop": false}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := g.maker(t, row.issuer)
			lines := append(row.lines(m), "X-Kept: yes", "Cookie: session=kept")
			g.Bank.Reset()
			seen := g.exchange(t, g.connect(t, ""), Request{Method: "GET", Target: publicFile, Host: Host, Header: lines})
			if seen.Status != 200 || !seen.Reached {
				t.Fatalf("got %d %s, want it to reach the bank", seen.Status, seen.Why)
			}
			header := g.Bank.Seen()[0].Header
			for name, want := range row.want {
				if got := header.Get(name) != ""; got != want {
					t.Errorf("the bank sees %s: %t, want %t", name, got, want)
				}
			}
			if header.Get("X-Kept") != "yes" || header.Get("Cookie") != "session=kept" {
				t.Errorf("the bank lacks what is no credential: %v", header)
			}
		})
	}
}

func bearerLine(m *maker) []string { return []string{"Authorization: Bearer " + m.token(nil, nil)} }

// sendsTheNextNonce: once a new nonce is due, what the last one still allows
// brings it to the client; with it, nothing is due.
func (g *gates) sendsTheNextNonce(t *testing.T) {
	m := g.maker(t, "hasty")
	conn := g.connect(t, "")
	send := func(nonce string) (status int, next string) {
		t.Helper()
		resp, err := conn.Send(Request{Method: "GET", Target: publicFile, Host: Host, Header: m.proven(m.bound(), proof{nonce: nonce})})
		if err != nil {
			t.Fatal(err)
		}
		return resp.Status, resp.Header.Get("Dpop-Nonce")
	}
	twin := false // whether an allow came without one
	given := m.nonce()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		status, next := send(given)
		switch {
		case status == 200 && next == "":
			twin = true
		case status == 200 && twin:
			if next == given || strings.ContainsAny(next, " ,") {
				t.Fatalf("an allow for nonce %q brings %q", given, next)
			}
			if status, _ := send(next); status != 200 {
				t.Errorf("the nonce that an allow brought got %d, want 200", status)
			}
			return
		case status == 200: // due at once: the period had just ended
			given = next
		default: // we were slow
			given, twin = m.nonce(), false
		}
	}
	t.Errorf("no allow brought a nonce (twin: %t)", twin)
}
