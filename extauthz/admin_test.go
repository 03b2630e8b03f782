package extauthz

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

type ctx = context.Context

type page struct {
	status int
	body   string
	header http.Header
}

// ask sends a request to the admin listener, with a Host header of its own if one is given.
func ask(t *testing.T, method, url, host string) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{resp.StatusCode, string(body), resp.Header}
}

func get(t *testing.T, s *running, path, host string) page {
	t.Helper()
	return ask(t, http.MethodGet, "http://"+s.AdminAddr().String()+path, host)
}

func TestAdminPages(t *testing.T) {
	s := start(t, options(t, alwaysAllow))
	eventually(t, func() bool { return get(t, s, "/readyz", "").status == 200 })
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ready", "/metrics": `tiergate_build_info{version="test"} 1`, "/version": `"test"`, "/rules": `"policy": "p1"`,
	} {
		if p := get(t, s, path, ""); p.status != 200 || !strings.Contains(p.body, want) || p.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %.200s", path, p.status, p.body)
		}
	}
}

// S2: nothing changes anything, profiles are off, and a page that reached
// loopback by a DNS name of its own gets nothing.
func TestS2AdminListenerIsClosedToBrowsers(t *testing.T) {
	s := start(t, options(t, alwaysAllow))
	base := "http://" + s.AdminAddr().String()
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		if p := ask(t, method, base+"/rules", ""); p.status != 405 {
			t.Errorf("%s /rules: %d", method, p.status)
		}
	}
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/profile", "/debug/pprof/cmdline", "/", "/reload", "/quitquitquit"} {
		if p := get(t, s, path, ""); p.status != 404 {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	for host, want := range map[string]int{
		"evil.example.com": 421, "evil.example.com:9192": 421, "localhost.evil.example.com": 421, "127.0.0.1.evil.example.com": 421, "127.0.0.1": 200,
		"localhost:1": 200, "LOCALHOST": 200, "[::1]:9": 200, "10.0.0.7:9192": 200,
	} {
		if p := get(t, s, "/healthz", host); p.status != want {
			t.Errorf("Host %s: %d, want %d", host, p.status, want)
		}
	}
}

func TestProfilesOnlyWhenAskedFor(t *testing.T) {
	o := options(t, alwaysAllow)
	o.Admin.Pprof = true
	s := start(t, o)
	if p := get(t, s, "/debug/pprof/heap?debug=1", ""); p.status != 200 {
		t.Errorf("heap: %d", p.status)
	}
	if p := get(t, s, "/debug/pprof/cmdline", ""); strings.Contains(p.body, "-test") {
		t.Errorf("the command line is shown: %q", p.body)
	}
}

func TestProbeListenerShowsHealthAlone(t *testing.T) {
	var waiting atomic.Bool
	waiting.Store(true)
	o := options(t, alwaysAllow)
	o.Admin.NotReady = func() []string {
		if waiting.Load() {
			return []string{"keys of issuer corp", "catalog accounts"}
		}
		return nil
	}
	s := start(t, o)
	base := "http://" + s.ProbeAddr().String()
	if p := ask(t, "GET", base+"/readyz", ""); p.status != 503 || p.body != "not ready: keys of issuer corp, catalog accounts\n" {
		t.Errorf("%d %q", p.status, p.body)
	}
	if p := ask(t, "GET", base+"/healthz", ""); p.status != 200 {
		t.Errorf("healthz: %d", p.status)
	}
	for _, path := range []string{"/metrics", "/rules", "/version"} {
		if p := ask(t, "GET", base+path, ""); p.status != 404 {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	waiting.Store(false)
	eventually(t, func() bool { return ask(t, "GET", base+"/readyz", "").status == 200 })
}

// A page about tokens, objects and ids would be one about people.
func TestMetricsNeverGrowWithTraffic(t *testing.T) {
	o := options(t, func(_ ctx, raw *rules.RawRequest) *rules.Outcome {
		out := allowed()
		out.Caller = &rules.Caller{Verified: &rules.Verified{Subject: raw.Path}}
		out.Targets = []rules.Verdict{{Type: "account", ID: raw.Path}}
		out.Operation = raw.Path
		out.Hits, out.Misses = 1, 1
		if strings.HasSuffix(raw.Path, "7") {
			out.Effect, out.Reason = rules.Deny, rules.Reason("made up for "+raw.Path)
		}
		return out
	})
	s := start(t, o)
	series := func() int { return strings.Count(get(t, s, "/metrics", "").body, "\n") }
	before := series()
	serves := rules.NewHostSet("api.example.com")
	for i := range 10_000 {
		s.check(t.Context(), read(request("GET", fmt.Sprint("/v1/accounts/", i), nil)), serves)
	}
	if after := series(); after != before {
		t.Errorf("%d lines of metrics after 10,000 ids, %d before", after, before)
	}
	text := get(t, s, "/metrics", "").body
	for _, want := range []string{
		`tiergate_decisions_total{outcome="allow",reason="allowed"} 9000`,
		`tiergate_decisions_total{outcome="undecided",reason="other"} 1000`,
		`tiergate_decisions_total{outcome="undecided",reason="internal"} 0`,
		`tiergate_decisions_total{outcome="deny",reason="no_rule"} 0`,
		`tiergate_check_step_duration_seconds_count{step="total"} 10000`,
		`tiergate_cache_requests_total{cache="object",result="hit"} 10000`,
		`tiergate_checks_in_flight 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
}
