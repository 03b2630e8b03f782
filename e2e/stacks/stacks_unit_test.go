package stacks

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A check that cannot fail shows nothing: each way in which a stack may do what was
// not decided is noticed.
func TestCompareNotices(t *testing.T) {
	const log = `{"id":"d1","effect":"allow","targets":[{"action":"read","type":"item","id":"a"},{"action":"read","type":"item","id":"b"}]}
{"id":"d2","effect":"deny","targets":[{"action":"read","type":"item","id":"a"}]}
`
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, decision string
		did            report
		want           string
	}{
		{"what was decided", "d1", report{"read", []string{"item/b", "item/a"}}, ""},
		{"nothing", "d1", report{"read", []string{"item/"}}, ""},
		{"another object", "d1", report{"read", []string{"item/a", "item/c"}}, `read to "item/c"`},
		{"another case", "d1", report{"read", []string{"item/A"}}, `read to "item/A"`},
		{"another type", "d1", report{"read", []string{"repo/a"}}, `read to "repo/a"`},
		{"another action", "d1", report{"delete", []string{"item/a"}}, `delete to "item/a"`},
		{"a denied request", "d2", report{"read", []string{"item/a"}}, "after a denial"},
	} {
		out := &Result{}
		if err := out.compare(path, 1, map[string]seen{row.decision: {report: &row.did}}); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(out.Violations, "\n")
		if (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestRequestsCanBeMadeAgain(t *testing.T) {
	for n := range uint64(500) {
		a, b := generate(7, n), generate(7, n)
		if a.text("t") != b.text("t") {
			t.Fatalf("number %d is not the same again:\n%v\n%v", n, a, b)
		}
		if legit := n%4 == 0; legit != (len(a.odd) == 0) {
			t.Fatalf("number %d has oddities %v, want some unless it is legitimate", n, a.odd)
		}
	}
}

// Each oddity applies to some request and changes it.
func TestOdditiesDoSomething(t *testing.T) {
	for _, group := range oddities {
		for _, o := range group {
			changed := false
			for seed := uint64(0); seed < 500 && !changed; seed++ {
				r := rand.New(rand.NewPCG(seed, 1))
				q := legitimate(maker{Rand: r})
				before := q.text("t")
				changed = o.do(r, q) && q.text("t") != before
			}
			if !changed {
				t.Errorf("%q changes no request", o.name)
			}
		}
	}
}

// The standard library's stack reads legitimate requests as they are meant.
func TestMuxReports(t *testing.T) {
	server := httptest.NewServer(mux())
	defer server.Close()
	for _, row := range []struct{ method, path, kind, body, want string }{
		{"GET", "/items/a%20b", "", "", `{"action":"read","objects":["item/a b"]}`},
		{"DELETE", "/items/a", "", "", `{"action":"delete","objects":["item/a"]}`},
		{"POST", "/items/a:cancel", "", "", `{"action":"update","objects":["item/a"]}`},
		{"GET", "/packages/@a%2fb", "", "", `{"action":"read","objects":["package/@a/b"]}`},
		{"GET", "/compare/a...b", "", "", `{"action":"read","objects":["item/a","item/b"]}`},
		{"GET", "/batch?ids=a,b", "", "", `{"action":"read","objects":["item/a","item/b"]}`},
		{"POST", "/form?id=q", "application/x-www-form-urlencoded", "id=b", `{"action":"update","objects":["item/b","item/b"]}`},
		{"POST", "/list", "application/json", `{"items":[{"id":"a"},{"ID":"b"}]}`, `{"action":"update","objects":["item/a","item/b"]}`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), row.method, server.URL+row.path, strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		if row.kind != "" {
			req.Header.Set("Content-Type", row.kind)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := resp.Write(&b); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if !strings.Contains(b.String(), row.want) {
			t.Errorf("%s %s: got %s, want %s", row.method, row.path, b.String(), row.want)
		}
	}
}
