package rules

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// Durations may be whole days; nothing else is a day.
func TestDurationsInDays(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90d": 90 * 24 * time.Hour, "0d": 0, "36500d": 36_500 * 24 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute,
		"36501d": -1, "-1d": -1, "1.5d": -1, "1d12h": -1, "d": -1, "+1d": -1, "1 d": -1, "1D": -1, "99999999999999999999d": -1, "": -1,
	} {
		got, err := parseDuration(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q is %v, %v, want %v", text, got, err, want)
		}
	}
}

// Without a configuration nobody knows how long tokens live: that is said, and
// only where a kind demands it.
func TestMaxLifetimeIsUncheckedWithoutConfiguration(t *testing.T) {
	const what = "max_lifetime of issuers, which kinds demand"
	for demand, want := range map[string]bool{"max_lifetime: 1m": true, "owner": false} {
		text := "kinds: { agent: { require: { " + demand + " } } }\n" +
			"identities: [ { name: bot, kind: agent, owner: team, match: { issuer: corp, subject: bot } } ]\n"
		src, ms := Parse(fstest.MapFS{"a.yaml": {Data: readBase(t)}, "b.yaml": {Data: []byte(text)}})
		set, more := Compile(src, Env{Partial: true, Now: testNow})
		if err := append(ms, more...).Err(); err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(set.Unchecked(), what); got != want {
			t.Errorf("%s: unchecked %q", demand, set.Unchecked())
		}
		if _, more := Compile(src, testEnv()); (len(more) > 0) != want {
			t.Errorf("%s, with a configuration: %v", demand, more)
		}
	}
}

// A workload that no request can come from is a mistake; each has its twin, in
// another configuration, where it can.
func TestNobodyCanPresent(t *testing.T) {
	const gateway = "spiffe://example.com/gateway"
	anywhere, here := PeersEnv{}, PeersEnv{TrustDomains: []string{"example.com"}}
	for _, row := range []struct {
		name, identity string
		peers          PeersEnv
		want           string
	}{
		{"twin: any trust domain", `workload: "spiffe://other.example/x"`, anywhere, ""},
		{"workload of a trust domain that does not count", `workload: "spiffe://other.example/x"`, here, `a.yaml:1:89: workload "spiffe://other.example/x" is of trust domain "other.example", which does not count: nobody can present it`},
		{"twin: one that counts", `workload: "spiffe://example.com/x"`, here, ""},
		{"peer of a trust domain that does not count", `peer: "spiffe://sub.example.com/x"`, here, `a.yaml:1:57: peer "spiffe://sub.example.com/x" is of trust domain "sub.example.com", which does not count: nobody can present it`},
		{"twin: a proxy that speaks for nobody", `peer: "` + gateway + `"`, here, ""},
		{"peer that is a gateway", `peer: "` + gateway + `"`, PeersEnv{Via: []string{gateway}}, `a.yaml:1:57: peer "` + gateway + `" is a proxy of peer.via: the peer of its requests is whom it speaks for, never the proxy, so nobody can present it`},
		{"workload that is a gateway", `workload: "` + gateway + `"`, PeersEnv{Via: []string{gateway}}, `a.yaml:1:89: workload "` + gateway + `" is a proxy of peer.via: the peer of its requests is whom it speaks for, never the proxy, so nobody can present it`},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := "identities: [ { name: x, kind: workload, match: { " + row.identity + " } } ]\n"
			if strings.HasPrefix(row.identity, "workload") {
				text = "identities: [ { name: x, kind: workload, match: { issuer: corp, subject: x }, " + row.identity + " } ]\n"
			}

			src, ms := Parse(fstest.MapFS{"a.yaml": {Data: []byte(text)}, "base.yaml": {Data: readBase(t)}})
			env := testEnv()
			env.Peers = row.peers
			_, more := Compile(src, env)
			got := ""
			for _, m := range append(ms, more...) {
				got += m.Pos.String() + ": " + m.Text
			}
			if got != row.want {
				t.Errorf("got %s\nwant %s", got, row.want)
			}
			set, more := Compile(src, Env{Partial: true, Now: testNow, Peers: row.peers})
			if len(more) > 0 || !slices.Contains(set.Unchecked(), "trust domains of peers") {
				t.Errorf("without a configuration: %v, unchecked %q", more, set.Unchecked())
			}
		})
	}
}
