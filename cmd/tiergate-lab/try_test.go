package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTrySaysWhatItWants(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"try --as customers=ada GET https://a.example.com/x", "try wants -c tiergate.yaml"},
		{"try -c t.yaml GET https://a.example.com/x", "try wants --as"},
		{"try -c t.yaml --as customers=ada", "try wants a method and a URL"},
		{"try -c t.yaml --as customers=ada GET", "try wants a method and a URL"},
		{"try -c t.yaml --as customers=ada GET /x", `no URL "/x", want https://host/path`},
		{"try -c t.yaml --as anonymous=ada GET https://a.example.com/x", "the anonymous caller has no subject"},
		{"try -c t.yaml --as customers=ada --tiergate /nowhere GET https://a.example.com/x", "--tiergate: "},
	} {
		var out, errs bytes.Buffer
		if code := run(strings.Fields(c.args), &out, &errs); code != 2 || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%s: exit code %d, %q, want 2 and %q", c.args, code, errs.String(), c.want)
		}
	}
}

// The target goes out as it was typed: what a URL library would clean is what one
// wants to try.
func TestTrySendsTargetsAsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"https://a.example.com":                      "/",
		"https://a.example.com/v1/a//b/%2e%2e/c?x=1": "/v1/a//b/%2e%2e/c?x=1",
		"https://a.example.com/v1/../b":              "/v1/../b",
		"http://a.example.com:8080//b":               "//b",
		"https://a.example.com?x=1":                  "/?x=1",
	} {
		tr := &try{config: "t.yaml"}
		if err := tr.take([]string{"anonymous"}, []string{"GET", typed}); err != nil {
			t.Errorf("%s: %v", typed, err)
			continue
		}
		if got := tr.asks[0].Target; got != want {
			t.Errorf("%s: target %q, want %q", typed, got, want)
		}
	}
}
