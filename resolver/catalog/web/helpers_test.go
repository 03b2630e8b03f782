package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tiergate/tiergate/resolver/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// api is a server whose answers a test gives.
type api struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // request targets, and bodies of POSTs
}

func serve(t testing.TB, handler http.HandlerFunc) *api {
	t.Helper()
	a := &api{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.asked = append(a.asked, r.RequestURI)
		a.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *api) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.asked...)
}

// answers serves one text for every request.
func answers(t testing.TB, status int, text string) *api {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	})
}

// account is how the tests' API has rows.
func account() Type {
	return Type{URL: "/accounts/{id}", Tier: "tier", Parent: "parent?", Columns: map[string]string{"name": "name?", "tenant": "tenant?", "owner": "owner?"}}
}

// patience is the time of a look-up that should come to an end before it.
const patience = 20 * time.Second

// open makes a source on a server; the URLs of types are below it.
func open(t testing.TB, a *api, typ Type, change func(*Options)) *Source {
	t.Helper()
	typ.URL = a.URL + typ.URL
	o := Options{Types: map[string]Type{"account": typ}, AllowHTTP: true, Timeout: patience}
	if change != nil {
		change(&o)
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// object is a row as the API has it.
func object(r catalog.Row) map[string]any {
	m := map[string]any{"id": r.Key.ID, "tier": r.Tier}
	if r.Parent != "" {
		m["parent"] = r.Parent
	}
	for name, v := range r.Columns {
		m[name] = v
	}
	return m
}

func reply200(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(text)
}

// fromPath is the id in a request's path.
func fromPath(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/accounts/") }
