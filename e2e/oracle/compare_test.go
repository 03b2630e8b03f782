package oracle

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// observed is one request of the bank, answered as the evaluator wants it.
func observed() (*World, []*Request, []sent, map[string]*record, []hit) {
	w := bank()
	w.Managed = []string{"x-tenant"}
	w.Rules[0].Set = []Mutation{{Name: "x-tenant", Value: []TemplatePart{{Ref: "object.tenant"}}}}
	requests := []*Request{
		{Method: "GET", Host: "a.example", Target: "/accounts/1"},
		{Method: "GET", Host: "a.example", Target: "/accounts/9"},
	}
	answers := []sent{{reply: reply{200, "d1", ""}, done: true}, {reply: reply{403, "d2", ""}, done: true}}
	records := map[string]*record{
		"d1": {ID: "d1", Effect: "allow", Status: 200, Reason: "allowed", Targets: []recordTarget{{"read", "account", "1", "low", "type", "allow", "allowed", "r1", nil, ""}}},
		"d2": {ID: "d2", Effect: "deny", Status: 403, Reason: "unknown_object", Targets: []recordTarget{{"read", "account", "9", "low", "type", "deny", "unknown_object", "", nil, ""}}},
	}
	hits := []hit{{0, []string{"d1"}, "/accounts/1", http.Header{"X-Tenant": {"eu"}, "Authorization": {"Bearer t"}}}}
	return w, requests, answers, records, hits
}

func TestNoDifference(t *testing.T) {
	r := compare(behindBase(observed()))
	if len(r.Differences) != 0 {
		t.Errorf("got %s", r.Report(Options{}))
	}
	if r.Sent != 2 || r.Allows != 1 || r.Reasons["unknown_object"] != 1 {
		t.Errorf("counts are %+v", r)
	}
}

// behindBase puts the proxy into its place among the arguments.
func behindBase(w *World, requests []*Request, answers []sent, records map[string]*record, hits []hit) (*World, front, []*Request, []sent, map[string]*record, []hit) {
	return w, base, requests, answers, records, hits
}

// Each gate is broken once: what it is there for must be found, and once.
func TestEachDifferenceIsFound(t *testing.T) {
	type parts struct {
		answers []sent
		records map[string]*record
		hits    []hit
	}
	for _, row := range []struct {
		name  string
		spoil func(*parts)
		want  string
	}{
		{"another status", func(p *parts) { p.answers[1].Status = 401 }, "got status 401, want 403"},
		{"no record", func(p *parts) { delete(p.records, "d2") }, `decision "d2" has no record`},
		{"another reason", func(p *parts) { p.records["d2"].Reason = "no_rule" }, "got deny no_rule (), want deny unknown_object"},
		{"another target", func(p *parts) { p.records["d1"].Targets[0].ID = "2" }, "target 0 is"},
		{"another tier", func(p *parts) { p.records["d2"].Targets[0].Tier = "high" }, "target 0 is"},
		{"another origin of the tier", func(p *parts) { p.records["d1"].Targets[0].From = "row" }, "target 0 is"},
		{"another rule", func(p *parts) { p.records["d1"].Targets[0].Rule = "r2" }, "target 0 is"},
		{"one target too many", func(p *parts) { p.records["d1"].Targets = append(p.records["d1"].Targets, recordTarget{}) }, "the record has 2 targets, want 1"},
		{"a second verdict", func(p *parts) { p.records["d2"].Shadow = &Second{"allow", "allowed", "rules"} }, "the second verdict is &{Effect:allow"},
		{"another header value", func(p *parts) { p.hits[0].Header["X-Tenant"] = []string{"us"} }, `the upstream saw x-tenant: ["us"], want "eu"`},
		{"a header twice", func(p *parts) { p.hits[0].Header["X-Tenant"] = []string{"eu", "eu"} }, `the upstream saw x-tenant: ["eu" "eu"]`},
		{"a twin of a header", func(p *parts) { p.hits[0].Header["X_tenant"] = []string{"us"} }, "headers that nobody set"},
		{"another path", func(p *parts) { p.hits[0].Target = "/accounts/2" }, `the upstream saw "/accounts/2"`},
		{"busy without a reason to be", func(p *parts) {
			p.answers[0].again = []string{"d3"}
			p.records["d3"] = &record{ID: "d3", Reason: "internal"}
		}, "being busy does not explain"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, requests, answers, records, hits := observed()
			p := parts{answers, records, hits}
			row.spoil(&p)
			r := compare(w, base, requests, p.answers, p.records, p.hits)
			if len(r.Differences) != 1 || !strings.Contains(r.Differences[0].What, row.want) {
				t.Errorf("got %d differences:\n%s\nwant one: %s", len(r.Differences), r.Report(Options{}), row.want)
			}
		})
	}
}

// The invariant between log and upstream is checked by id, whatever was expected.
func TestHitsAreAllows(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func([]hit, map[string]*record) []hit
		want  string
	}{
		{"one more allow than answers that came too late", func(h []hit, r map[string]*record) []hit {
			r["d7"], r["d8"] = &record{ID: "d7", Effect: "allow"}, &record{ID: "d8", Effect: "allow"}
			return h
		}, "the record d8 allows, and the upstream was not reached"},
		{"an allow that never arrived", func(_ []hit, r map[string]*record) []hit {
			r["d7"] = &record{ID: "d7", Effect: "allow"}
			return nil
		}, "the record d7 allows, and the upstream was not reached"},
		{"a hit after a denial", func(h []hit, _ map[string]*record) []hit {
			return append(h, hit{1, []string{"d2"}, "/accounts/9", http.Header{}})
		}, "the upstream was reached under decision d2"},
		{"a hit without a decision", func(h []hit, _ map[string]*record) []hit { return append(h, hit{1, nil, "/", http.Header{}}) },
			"the upstream saw 0 decision headers"},
		{"two decisions in one hit", func(h []hit, _ map[string]*record) []hit {
			return append(h, hit{1, []string{"d1", "d2"}, "/", http.Header{}})
		}, "the upstream saw 2 decision headers"},
		{"two hits under one decision", func(h []hit, _ map[string]*record) []hit { return append(h, h[0]) }, "reached twice"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, requests, answers, records, hits := observed()
			hits = row.spoil(hits, records)
			if strings.HasPrefix(row.name, "one more") {
				answers[1].again = []string{""}
			}
			r := compare(w, base, requests, answers, records, hits)
			if !strings.Contains(r.Report(Options{}), row.want) {
				t.Errorf("got\n%s\nwant %s", r.Report(Options{}), row.want)
			}
		})
	}
}

func TestReportSaysHowToSeeItAgain(t *testing.T) {
	w, requests, answers, records, hits := observed()
	answers[1].Status = 200
	r := compare(w, base, requests, answers, records, hits)
	got := r.Report(Options{Requests: 50, Proxy: "base"})
	for _, want := range []string{
		"seed 0 request 1: got status 200, want 403; the record says deny unknown_object", "GET a.example/accounts/9", "Subject:ada",
		"tiergate-lab oracle --seed 0 --requests 50 --proxy base --only 1",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestReadRecords(t *testing.T) {
	for _, row := range []struct{ name, log, problem string }{
		{"two", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n", ""},
		{"a gap", "{\"id\":\"a\"}\n{\"gap\":{\"lost\":3}}\n{\"id\":\"b\"}\n", ""},
		{"one id twice", "{\"id\":\"a\"}\n{\"id\":\"a\"}\n", "two records have the id a"},
		{"a torn end", "{\"id\":\"a\"}\n{\"id\":\"b\"", "the last record is cut"},
		{"no JSON", "{\"id\":\"a\"}\nhello\n", "invalid character"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(path, []byte(row.log), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readRecords(path)
			switch {
			case row.problem == "" && (err != nil || len(got) != 2):
				t.Errorf("got %d records and %v, want 2", len(got), err)
			case row.problem != "" && (err == nil || !strings.Contains(err.Error(), row.problem)):
				t.Errorf("got %v, want %s", err, row.problem)
			}
		})
	}
}
