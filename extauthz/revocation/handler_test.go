package revocation

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func control(t *testing.T, store Store) *Control {
	t.Helper()
	file := open(t, revoked(t, `revocations: [ { id: f.1, by: { issuer: corp, subject: eve }, because: test } ]`))
	return &Control{
		List: New(store, file, clock), Log: slog.New(slog.DiscardHandler), Now: clock,
		Names: Names{Issuers: corpOnly, Identities: func(name string) bool { return name == "svc-billing" }},
	}
}

func (c *Control) ask(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("content-type", "application/json")
	w := httptest.NewRecorder()
	c.ServeFor(w, r, "uid 7")
	return w
}

func TestControlPutsEntriesInForceAndTakesThemBack(t *testing.T) {
	c := control(t, journal(t, t.TempDir()))
	c.List.wants(t, "ada", "")
	w := c.ask("POST", "/v1/revocations", `{"id":"x-1","by":{"issuer":"corp","subject":"ada"},"because":"left","until":"2027-01-01T00:00:00Z"}`)
	var a Answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 201 || a.Epoch != 1 || a.Entry.ID != "x-1" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if e := a.Entry; e.Who != "uid 7" || !e.At.Equal(noon) || e.Because != "left" || e.Until.Year() != 2027 {
		t.Errorf("entry %+v", e)
	}
	c.List.wants(t, "ada", "x-1")
	c.List.wants(t, "bob", "")

	w = c.ask("GET", "/v1/revocations", "")
	var l Listing
	if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil || w.Code != 200 || l.Epoch != 1 || len(l.Entries) != 2 {
		t.Errorf("list: %d %s", w.Code, w.Body)
	}
	if w := c.ask("DELETE", "/v1/revocations/x-1", `{"because":"is back"}`); w.Code != 200 || !strings.Contains(w.Body.String(), `{"epoch":2}`) {
		t.Errorf("restore: %d %s", w.Code, w.Body)
	}
	c.List.wants(t, "ada", "")
	c.List.wants(t, "eve", "f.1")
}

// Without an id the entry gets one that nobody guesses.
func TestControlMakesIDs(t *testing.T) {
	c := control(t, journal(t, t.TempDir()))
	for range 2 {
		if w := c.ask("POST", "/v1/revocations", `{"by":{"issuer":"corp","all":true},"because":"x"}`); w.Code != 201 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	entries, _ := c.List.Entries()
	if len(entries) != 3 || entries[1].ID == entries[2].ID || !idForm.MatchString(entries[1].ID) {
		t.Errorf("entries %+v", entries)
	}
}

// Each row differs from a good request in one thing, and changes nothing.
func TestControlRefuses(t *testing.T) {
	const good = `{"by":{"issuer":"corp","subject":"ada"},"because":"x"}`
	c := control(t, journal(t, t.TempDir()))
	for _, r := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"S2 a GET changes nothing", "GET", "/v1/revocations/x", "", 405, "no GET on /v1/revocations/x"},
		{"a PUT", "PUT", "/v1/revocations", good, 405, "no PUT"},
		{"a DELETE of all", "DELETE", "/v1/revocations", good, 405, "no DELETE"},
		{"a DELETE of nothing", "DELETE", "/v1/revocations/", good, 404, "nothing at"},
		{"elsewhere", "POST", "/v1/revocations/../x", good, 405, "no POST"},
		{"the root", "GET", "/", "", 404, "nothing at /"},
		{"no body", "POST", "/v1/revocations", "", 400, "not a JSON object"},
		{"no object", "POST", "/v1/revocations", "[]", 400, "not a JSON object"},
		{"two objects", "POST", "/v1/revocations", good + good, 400, "something stands behind"},
		{"half an object", "POST", "/v1/revocations", good[:20], 400, "unexpected EOF"},
		{"a name twice", "POST", "/v1/revocations", `{"because":"x",` + good[1:], 400, `"because" is there twice`},
		{"a name twice, escaped", "POST", "/v1/revocations", `{"b\u0065cause":"x",` + good[1:], 400, `"because" is there twice`},
		{"another case", "POST", "/v1/revocations", `{"Until":"2027-01-01T00:00:00Z",` + good[1:], 400, `unknown member "Until"`},
		{"a form in another case", "POST", "/v1/revocations", `{"by":{"issuer":"corp","Subject":"ada"},"because":"x"}`, 400, `by: unknown member "Subject"`},
		{"who", "POST", "/v1/revocations", `{"who":"root",` + good[1:], 400, `unknown member "who"`},
		{"a time that would be no bound", "POST", "/v1/revocations", `{"by":{"issuer":"corp","subject":"ada","issued_before":"0001-01-01T00:00:00Z"},"because":"x"}`, 400, "is none"},
		{"null", "POST", "/v1/revocations", `{"by":{"issuer":"corp","subject":null},"because":"x"}`, 400, "want a text, found null"},
		{"a number", "POST", "/v1/revocations", `{"by":{"issuer":"corp","subject":7},"because":"x"}`, 400, "want a text, found 7"},
		{"nothing in it", "POST", "/v1/revocations", `{"by":{"issuer":"corp","all":true,"subject":""},"because":"x"}`, 400, "a text without anything in it"},
		{"half a character", "POST", "/v1/revocations", `{"by":{"issuer":"corp","subject":"\ud83d"},"because":"x"}`, 400, "a character that cannot be read"},
		{"not UTF-8", "POST", "/v1/revocations", "{\"by\":{\"issuer\":\"corp\",\"subject\":\"\xff\"},\"because\":\"x\"}", 400, "not UTF-8"},
		{"all by a word", "POST", "/v1/revocations", `{"by":{"issuer":"corp","all":"yes"},"because":"x"}`, 400, "by: all:"},
		{"a time that is none", "POST", "/v1/revocations", `{"until":"soon",` + good[1:], 400, "until:"},
		{"over already", "POST", "/v1/revocations", `{"until":"2026-11-22T12:00:00Z",` + good[1:], 422, "is over already"},
		{"no form", "POST", "/v1/revocations", `{"by":{"issuer":"corp"},"because":"x"}`, 422, `issuer "corp" alone`},
		{"no reason", "POST", "/v1/revocations", `{"by":{"issuer":"corp","subject":"ada"}}`, 422, "say because"},
		{"an unknown issuer", "POST", "/v1/revocations", `{"by":{"issuer":"https://idp","subject":"ada"},"because":"x"}`, 422, "no issuer"},
		{"an unknown identity", "POST", "/v1/revocations", `{"by":{"identity":"svc"},"because":"x"}`, 422, `no identity "svc" in the rules in force`},
		{"L2 an invisible character", "POST", "/v1/revocations", `{"by":{"issuer":"corp","subject":"ada\u200b"},"because":"x"}`, 422, "subject has the character U+200B"},
		{"L2 a space at the end", "POST", "/v1/revocations", `{"by":{"issuer":"corp","client":"web "},"because":"x"}`, 422, `client "web " begins or ends with a space`},
		{"L2 a reason that runs backwards", "POST", "/v1/revocations", `{"by":{"issuer":"corp","client":"web"},"because":"\u202ex"}`, 422, "because has the character U+202E"},
		{"an id like a file's", "POST", "/v1/revocations", `{"id":"revoked.yaml:1:1",` + good[1:], 422, "want 1 to 64 of a-z"},
		{"too much", "POST", "/v1/revocations", good + strings.Repeat(" ", maxRequest), 413, "more than 16384 bytes"},
		{"restore without a reason", "DELETE", "/v1/revocations/x", `{}`, 422, "say because"},
		{"restore of what is not there", "DELETE", "/v1/revocations/x", `{"because":"x"}`, 404, "no entry of this id"},
		{"restore of what is in the file", "DELETE", "/v1/revocations/f.1", `{"because":"x"}`, 409, "the entry is in the file"},
	} {
		t.Run(r.name, func(t *testing.T) {
			w := c.ask(r.method, r.path, r.body)
			var p Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != r.status || p.Status != r.status || !strings.Contains(p.Detail, r.want) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, r.status, r.want)
			}
			if kind := w.Header().Get("content-type"); kind != "application/problem+json" {
				t.Errorf("content-type %q", kind)
			}
			if entries, epoch := c.List.Entries(); len(entries) != 1 || epoch != 0 {
				t.Errorf("it changed something: %v", entries)
			}
		})
	}
	if w := c.ask("POST", "/v1/revocations", good); w.Code != 201 {
		t.Errorf("the good twin: %d %s", w.Code, w.Body)
	}
}

// A form in a browser cannot say that it sends JSON.
func TestControlWantsJSON(t *testing.T) {
	c := control(t, journal(t, t.TempDir()))
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"} {
		r := httptest.NewRequest(http.MethodPost, "/v1/revocations", strings.NewReader(`{"by":{"issuer":"corp","all":true},"because":"x"}`))
		r.Header.Set("content-type", kind)
		w := httptest.NewRecorder()
		if c.ServeFor(w, r, "uid 7"); w.Code != http.StatusUnsupportedMediaType {
			t.Errorf("content-type %q: %d", kind, w.Code)
		}
	}
}

// What cannot be made durable is an error for who asked, and is logged.
func TestControlSaysWhatIsNotDurable(t *testing.T) {
	store := &memory{fails: errors.New("disk full")}
	c := control(t, store)
	var log bytes.Buffer
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	for _, r := range [][3]string{
		{"POST", "/v1/revocations", `{"by":{"issuer":"corp","subject":"ada"},"because":"x"}`},
		{"DELETE", "/v1/revocations/x", `{"because":"x"}`},
	} {
		w := c.ask(r[0], r[1], r[2])
		if w.Code != 500 || !strings.Contains(w.Body.String(), "nobody may count on this change: disk full") {
			t.Errorf("%s: %d %s", r[0], w.Code, w.Body)
		}
		if !strings.Contains(log.String(), "revocation not kept") {
			t.Errorf("%s: the log says %q", r[0], &log)
		}
		log.Reset()
	}
	store.fails = ErrFull
	if w := c.ask("POST", "/v1/revocations", `{"by":{"issuer":"corp","subject":"ada"},"because":"x"}`); w.Code != http.StatusInsufficientStorage {
		t.Errorf("full: %d %s", w.Code, w.Body)
	}
	c.List.wants(t, "ada", "")
}

// FuzzEntry: whatever is read as an entry is written as text that is read as the same one.
func FuzzEntry(f *testing.F) {
	for _, e := range many(8) {
		e.Until = noon.Add(time.Hour)
		text, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := readEntry(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if same, err := readEntry(again); err != nil || same != e {
			t.Errorf("%s is read as %+v, written as %s and read as %+v, %v", text, e, again, same, err)
		}
	})
}
