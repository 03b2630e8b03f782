package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/extauthz/revocation"
)

// What does not name what was sent acknowledges nothing. The first row is the twin of all others.
func TestOnlyWhatNamesTheEntryAcknowledgesIt(t *testing.T) {
	at := time.Date(2027, 1, 1, 0, 0, 0, 5, time.UTC)
	sent := revokeRequest{ID: "x-1", By: revocation.By{Issuer: "corp", Subject: "ada", IssuedBefore: at}, Because: "test", Until: at.Add(time.Hour)}
	const whole = `{"epoch":7,"entry":{"id":"x-1","by":{"issuer":"corp","subject":"ada","issued_before":"2027-01-01T00:00:00.000000005Z"},"until":"2027-01-01T01:00:00.000000005Z"}}`
	for _, c := range []struct {
		name, text, want string
		status           int
	}{
		{"what was sent", whole, "", 201},
		{"done before", whole, "it answered 200 OK", 200},
		{"accepted for later", whole, "it answered 202 Accepted", 202},
		{"no content", "", "it answered 204 No Content", 204},
		{"nothing", `{}`, "no epoch", 201},
		{"a page", `<html>`, "no acknowledgement", 201},
		{"no epoch", strings.Replace(whole, `"epoch":7,`, "", 1), "no epoch", 201},
		{"no entry", `{"epoch":7}`, "no entry", 201},
		{"another id", strings.Replace(whole, "x-1", "x-2", 1), `it acknowledged the entry "x-2"`, 201},
		{"another subject", strings.Replace(whole, "ada", "bob", 1), `it acknowledged subject "bob" of issuer "corp"`, 201},
		{"another bound", strings.Replace(whole, "2027-01-01T00", "2026-01-01T00", 1), `it acknowledged subject "ada"`, 201},
		{"another end", strings.Replace(whole, "T01:", "T02:", 1), "it acknowledged an end", 201},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &hearing{}
			p := a.serving(t, false, 0, nil, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				io.WriteString(w, c.text)
			})
			r := peerList{p}.tell(t.Context(), "POST", "/v1/revocations", sent)[0]
			if c.want == "" && r.Error != "" || !strings.Contains(r.Error, c.want) {
				t.Errorf("%q, want %q", r.Error, c.want)
			}
		})
	}
}

// A list without entries is none; one that is empty is.
func TestAListHasEntries(t *testing.T) {
	for text, want := range map[string]string{`{"epoch":0,"entries":[]}`: "", `{}`: "no epoch", `{"epoch":3}`: "no entries", `[]`: "no acknowledgement"} {
		a := &hearing{}
		p := a.serving(t, false, 0, nil, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) })
		var out strings.Builder
		err := list(&out, "text", peerList{p}.tell(t.Context(), "GET", "/v1/revocations", nil))
		if (err != nil) != (want != "") || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v, %q", text, err, out.String())
		}
	}
}

// What a replica says moves no cursor of who reads it.
func TestWhatAReplicaSaysIsEscaped(t *testing.T) {
	a := &hearing{}
	p := a.serving(t, false, 0, nil, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		io.WriteString(w, `{"title":"x","status":409,"detail":"no\u001b[2K\racknowledged\n\u202eé"}`)
	})
	replies := peerList{p}.tell(t.Context(), "DELETE", "/v1/revocations/x", nil)
	for _, show := range []func(io.Writer) error{
		func(w io.Writer) error { return report(w, "text", replies) },
		func(w io.Writer) error { return list(w, "text", replies) },
	} {
		var out strings.Builder
		if err := show(&out); err == nil || !strings.Contains(out.String(), `no\x1b[2K\racknowledged\n\u202eé`) || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%v %q", err, out.String())
		}
	}
}
