package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
)

func TestC1ServerThatIsDownAtBootIsAskedWhenItComes(t *testing.T) {
	a := answers(t, http.StatusOK, `{"id":"a","tier":null}`)
	s := open(t, a, account(), nil)
	address := a.Listener.Addr().String()
	a.Close()
	catalogtest.WantUnavailable(t, s, "refused")
	if rows, err := s.Lookup(t.Context(), catalogtest.Keys("a")); err == nil || strings.Contains(err.Error(), "/accounts/a") {
		t.Errorf("an id in the error: %+v, %v (server at %s)", rows, err, address)
	}
}

func TestC1FlappingServerIsAskedAgainWithinTheDeadline(t *testing.T) {
	for name, broken := range map[string]http.HandlerFunc{
		"502":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"503":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"429":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"broken off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"broken off later": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{"))
		},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(method+" "+name, func(t *testing.T) {
				var n atomic.Int64
				a := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if n.Add(1) < 3 {
						broken(w, r)
						return
					}
					if method == "POST" {
						reply200(w, []any{map[string]any{"id": "a", "tier": nil}})
						return
					}
					reply200(w, map[string]any{"id": "a", "tier": nil})
				})
				typ := account()
				if method == "POST" {
					typ.URL, typ.Keys = "/batch", "ids"
				}
				s := open(t, a, typ, nil)
				rows, err := s.Lookup(t.Context(), catalogtest.Keys("a"))
				// Whether a POST that broke off was acted on nobody knows: it does not go again.
				if again := method == "GET" || name == "503" || name == "429"; !again {
					if !errors.Is(err, catalog.ErrUnavailable) || n.Load() != 1 {
						t.Errorf("%+v, %v after %d requests", rows, err, n.Load())
					}
				} else if err != nil || !rows[0].Found || n.Load() != 3 {
					t.Errorf("%+v, %v after %d requests", rows, err, n.Load())
				}
			})
		}
	}
}

func TestC1StatusesThatNoRetryMends(t *testing.T) {
	for status, want := range map[int]struct {
		found, bad bool
		fails      string
	}{
		200: {found: true}, 404: {}, 410: {},
		400: {found: true, bad: true}, 403: {found: true, bad: true}, 405: {found: true, bad: true}, 409: {found: true, bad: true}, 414: {found: true, bad: true},
		401: {fails: "status 401"}, 407: {fails: "status 407"}, 408: {fails: "status 408"}, 500: {fails: "status 500"}, 501: {fails: "status 501"},
		201: {fails: "status 201"}, 301: {fails: "redirects are refused"}, 302: {fails: "redirects are refused"}, 304: {fails: "redirects are refused"},
	} {
		a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			if status != http.StatusNotModified {
				_, _ = w.Write([]byte(`{"id":"a","tier":null}`))
			}
		})
		s := open(t, a, account(), nil)
		if want.fails != "" {
			catalogtest.WantUnavailable(t, s, want.fails)
		} else if r := catalogtest.Get(t, s, "a")[0]; r.Found != want.found || (r.Bad != "") != want.bad {
			t.Errorf("%d: %+v", status, r)
		}
		if n := len(a.requests()); n != 1 {
			t.Errorf("%d: %d requests, want 1", status, n)
		}
	}
}

func TestC2SlowServerIsLeftInTime(t *testing.T) {
	stop := make(chan struct{})
	a := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	})
	defer close(stop)
	s := open(t, a, account(), func(o *Options) { o.Timeout = 500 * time.Millisecond })
	catalogtest.WantUnavailable(t, s, "deadline") // the server answers nobody
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Lookup(ctx, catalogtest.Keys("a", "b", "c")); err == nil {
		t.Error("an answer that nobody gave")
	}
}

// A wait that the server wants and that ends after the deadline is not begun.
func TestC2RetryAfterIsKeptToOrNotBegun(t *testing.T) {
	var n atomic.Int64
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n.Add(1)
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	s := open(t, a, account(), nil)
	began := time.Now()
	catalogtest.WantUnavailable(t, s, "status 503")
	if took := time.Since(began); took >= patience || n.Load() != 1 {
		t.Errorf("%d requests in %v", n.Load(), took)
	}
}

func TestC2RequestsAtATimeAreBounded(t *testing.T) {
	var now, most atomic.Int64
	met, meet := make(chan struct{}), sync.Once{}
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		if n == 3 {
			meet.Do(func() { close(met) })
		}
		<-met // as many as may be are there
		now.Add(-1)
		reply200(w, map[string]any{"id": fromPath(r), "tier": nil})
	})
	s := open(t, a, account(), func(o *Options) { o.InFlight = 3 })
	var all sync.WaitGroup
	for _, ids := range [][]string{{"a", "b", "c", "d", "e"}, {"f", "g", "h", "i", "j"}, {"k", "l", "m", "n", "o"}} {
		all.Go(func() {
			if rows, err := s.Lookup(t.Context(), catalogtest.Keys(ids...)); err != nil || !rows[4].Found {
				t.Errorf("%+v, %v", rows, err)
			}
		})
	}
	all.Wait()
	if most.Load() != 3 {
		t.Errorf("%d requests at a time, want 3", most.Load())
	}
}

func TestC3AnswersThatAreNoRow(t *testing.T) {
	typ := Type{URL: "/accounts/{id}", Rows: "data", Tier: "tier", Parent: "parent?", Columns: map[string]string{"owner": "owner.name", "frozen": "frozen?"}}
	const good = `"id":"a","tier":"restricted","owner":{"name":"ada"}`
	for _, c := range []struct{ row, text, bad string }{
		{"a row", `{"data":{` + good + `}}`, ""},
		{"more than is asked", `{"data":{` + good + `,"more":{"x":[1]}},"meta":{}}`, ""},
		{"null where something may be missing", `{"data":{` + good + `,"frozen":null,"parent":null}}`, ""},
		{"null for absent", `{"data":{"id":"a","tier":null,"owner":{"name":null}}}`, ""},
		{"another id", `{"data":{"id":"b","tier":null,"owner":{"name":"ada"}}}`, "another id"},
		{"an id that differs in case", `{"data":{"id":"A","tier":null,"owner":{"name":"ada"}}}`, "another id"},
		{"no id", `{"data":{"tier":null,"owner":{"name":"ada"}}}`, "its id is missing"},
		{"an id that is null", `{"data":{"id":null,"tier":null,"owner":{"name":"ada"}}}`, "its id is not"},
		{"an id that is a list", `{"data":{"id":["a"],"tier":null,"owner":{"name":"ada"}}}`, "its id is not"},
		{"a twin of the id", `{"data":{` + good + `,"ID":"b"}}`, "its id has a twin"},
		{"a twin of the tier", `{"data":{` + good + `,"Tier":"public"}}`, "its tier has a twin"},
		{"no tier", `{"data":{"id":"a","owner":{"name":"ada"}}}`, "its tier is missing"},
		{"a tier that is a number", `{"data":{"id":"a","tier":99,"owner":{"name":"ada"}}}`, "its tier is not"},
		{"a column renamed", `{"data":{"id":"a","tier":null,"owner":{"login":"ada"}}}`, `column "owner" is missing`},
		{"a column that is an object", `{"data":{"id":"a","tier":null,"owner":{"name":{"first":"ada"}}}}`, `column "owner" is not`},
		{"a column of lists", `{"data":{"id":"a","tier":null,"owner":{"name":[["ada"]]}}}`, `column "owner" is not`},
		{"nothing above it", `{"data":{"id":"a","tier":null,"owner":null}}`, `column "owner" is missing`},
		{"a parent that is none", `{"data":{` + good + `,"parent":true}}`, "its parent is not"},
		{"a repeated member", `{"data":{` + good + `,"tier":"public"}}`, "repeated member"},
		{"no row", `{"data":null}`, "its id is missing"},
		{"a list of one row", `{"data":[{` + good + `}]}`, "its id is missing"},
		{"no data", `{}`, "row in the answer is missing"},
		{"no JSON", `<html>`, "not strict JSON"},
		{"nothing", ``, "not strict JSON"},
		{"two answers", `{"data":{` + good + `}} {}`, "not strict JSON"},
		{"not UTF-8", "{\"data\":{\"id\":\"a\",\"tier\":null,\"owner\":{\"name\":\"\xff\"}}}", "not UTF-8"},
		{"too deep", `{"data":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "nested too deep"},
		{"too large", `{"data":{` + good + `,"x":"` + strings.Repeat("x", 2000) + `"}}`, "more than 1000 bytes"},
	} {
		s := open(t, answers(t, http.StatusOK, c.text), typ, func(o *Options) { o.MaxBody = 1000 })
		switch r := catalogtest.Get(t, s, "a")[0]; {
		case !r.Found:
			t.Errorf("%s: absent", c.row)
		case c.bad == "" && (r.Bad != "" || !r.Whole || r.Untiered):
			t.Errorf("%s: %+v", c.row, r)
		case c.bad != "" && (!strings.Contains(r.Bad, c.bad) || r.Tier != "" || r.Columns != nil):
			t.Errorf("%s: %+v, want bad with %q", c.row, r, c.bad)
		case strings.Contains(r.Bad, "ada"):
			t.Errorf("%s: a value in %q", c.row, r.Bad)
		}
	}
}

func TestC3BatchesThatAreNot(t *testing.T) {
	typ := Type{URL: "/batch", Keys: "ids", Rows: "items", Columns: map[string]string{"n": "n"}}
	for _, c := range []struct {
		row, text string
		a, b      string // "row", "absent" or why it is bad
		fails     string
	}{
		{row: "both", text: `{"items":[{"id":"b","n":2},{"id":"a","n":1}]}`, a: "row", b: "row"},
		{row: "one", text: `{"items":[{"id":"a","n":1}]}`, a: "row", b: "absent"},
		{row: "none", text: `{"items":[]}`, a: "absent", b: "absent"},
		{row: "one twice", text: `{"items":[{"id":"a","n":1},{"id":"a","n":1}]}`, a: "several rows", b: "absent"},
		{row: "one that nobody asked for", text: `{"items":[{"id":"a","n":1},{"id":"B","n":1}]}`, a: "row", b: "another id"},
		{row: "one without an id", text: `{"items":[{"id":"a","n":1},{"n":1}]}`, a: "row", b: "another id"},
		{row: "one that is null", text: `{"items":[{"id":"a","n":1},null]}`, a: "row", b: "another id"},
		{row: "one bad", text: `{"items":[{"id":"a","n":{}},{"id":"b","n":1}]}`, a: `column "n"`, b: "row"},
		{row: "no list", text: `{"items":{"id":"a","n":1}}`, fails: "list of rows in the answer is not"},
		{row: "nothing there", text: `{"rows":[]}`, fails: "list of rows in the answer is missing"},
		{row: "no JSON", text: `[`, fails: "not strict JSON"},
		{row: "too large", text: `{"items":[],"x":"` + strings.Repeat("x", 2000) + `"}`, fails: "more than 1000 bytes"},
	} {
		s := open(t, answers(t, http.StatusOK, c.text), typ, func(o *Options) { o.MaxBody = 1000 })
		if c.fails != "" {
			catalogtest.WantUnavailable(t, s, c.fails)
			continue
		}
		rows := catalogtest.Get(t, s, "a", "b")
		for i, want := range []string{c.a, c.b} {
			got := "row"
			if r := rows[i]; !r.Found {
				got = "absent"
			} else if r.Bad != "" {
				got = r.Bad
			}
			if !strings.Contains(got, want) {
				t.Errorf("%s: row %d is %q, want %q", c.row, i, got, want)
			}
		}
	}
	catalogtest.WantUnavailable(t, open(t, answers(t, http.StatusNotFound, ""), typ, nil), "status 404") // of a batch it is no word about an id
}

func TestC4MissingRowsAreAbsentAndNoFailure(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if fromPath(r) != "a" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		reply200(w, map[string]any{"id": "a", "tier": nil})
	})
	rows := catalogtest.Get(t, open(t, a, account(), nil), "a", "b", "")
	if !rows[0].Found || rows[1].Found || rows[2].Found || len(a.requests()) != 2 {
		t.Errorf("%+v after %q", rows, a.requests())
	}
}

func TestSecretIsReadEachTimeAndNeverSaid(t *testing.T) {
	var mu sync.Mutex
	var got []string
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		got = append(got, r.Header.Get("Authorization")+r.Header.Get("X-Api-Key"))
		mu.Unlock()
		w.WriteHeader(http.StatusUnauthorized)
	})
	file := t.TempDir() + "/secret"
	put(t, file, "canary-1\n")
	s := open(t, a, account(), func(o *Options) { o.Secret = file })
	keyed := open(t, a, account(), func(o *Options) { o.Secret, o.Header = file, "x-api-key" })
	catalogtest.WantUnavailable(t, s, "status 401")
	put(t, file, "canary-2")
	for _, s := range []*Source{s, keyed} {
		if _, err := s.Lookup(t.Context(), catalogtest.Keys("a")); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("the secret in %v", err)
		}
	}
	if want := "Bearer canary-1|Bearer canary-2|canary-2"; strings.Join(got, "|") != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	n := len(a.requests())
	for _, text := range []string{"", "\n", "a\nX-Evil: b", "é"} {
		put(t, file, text)
		catalogtest.WantUnavailable(t, s, "secret")
	}
	if len(a.requests()) != n {
		t.Error("it was asked without a secret")
	}
}

// A POST says exactly the ids, each once.
func TestPostAsksForEachIDOnce(t *testing.T) {
	var mu sync.Mutex
	var sizes []int
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var body map[string][]string
		text, _ := io.ReadAll(r.Body)
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&body); err != nil || len(body) != 1 || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		sizes = append(sizes, len(body["keys"]))
		mu.Unlock()
		var rows []map[string]any
		for _, id := range body["keys"] {
			rows = append(rows, map[string]any{"id": id})
		}
		reply200(w, rows)
	})
	s := open(t, a, Type{URL: "/batch", Keys: "keys", Batch: 2}, nil)
	rows := catalogtest.Get(t, s, "a", "b", "a", "", "c", "\xff", `"`)
	for i, want := range []bool{true, true, true, false, true, false, true} {
		if rows[i].Found != want {
			t.Errorf("row %d: %+v", i, rows[i])
		}
	}
	total := 0
	for _, n := range sizes {
		if total += n; n > 2 {
			t.Errorf("a batch of %d", n)
		}
	}
	if total != 4 {
		t.Errorf("asked for %d ids, want 4", total)
	}
}
