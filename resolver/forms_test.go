package resolver

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// joinedByProxy are headers whose repeats the proxy joins by a comma even where
// it sends headers one by one; in its map form it joins all of them.
var joinedByProxy = map[string]bool{
	"authorization": true, "content-type": true, "content-encoding": true, "origin": true, "accept": true, "x-forwarded-for": true,
}

// mapForm is a raw request as the proxy sends it in its map of headers: repeats
// joined, and an exclamation mark for each byte that is not UTF-8.
func mapForm(r rules.RawRequest) *rules.RawRequest {
	at := map[string]int{}
	var out []rules.Header
	for _, h := range r.Headers {
		h.Value = strings.ToValidUTF8(h.Value, "!")
		if i, seen := at[h.Name]; seen {
			out[i].Value += "," + h.Value
			continue
		}
		at[h.Name] = len(out)
		out = append(out, h)
	}
	r.Headers = out
	r.Path, r.RawPath, r.Exact = strings.ToValidUTF8(r.Path, "!"), strings.ToValidUTF8(r.RawPath, "!"), false
	return &r
}

// listForm is the same request with raw headers, one by one but for some.
func listForm(r rules.RawRequest) *rules.RawRequest {
	at := map[string]int{}
	var out []rules.Header
	for _, h := range r.Headers {
		if i, seen := at[h.Name]; seen && joinedByProxy[h.Name] {
			out[i].Value += "," + h.Value
			continue
		}
		at[h.Name] = len(out)
		out = append(out, h)
	}
	r.Headers = out
	r.Path, r.Exact = strings.ToValidUTF8(r.Path, "!"), true // the path is text in either form
	return &r
}

func TestBothFormsOfHeadersAreOneRequest(t *testing.T) {
	routes := compile(t, bankLines...)
	for _, c := range []struct{ request, want string }{
		{"GET /v1/accounts/AC123456\nauthorization: Bearer a\naccept: x\naccept: y", "read account/AC123456"},
		{"GET /v1/accounts/AC123456\nauthorization: Bearer a\nauthorization: Bearer b", "ambiguous_header"},
		{"GET /v1/accounts/AC123456\ndpop: a\ndpop: b", "ambiguous_header"},
		{"GET /v1/accounts/AC123456\nx-http-method-override: GET\nx-http-method-override: GET", "method_override"},
		{"GET /v1/accounts/AC123456\nx-note: \xff", "read account/AC123456"},
		{"GET /v1/accounts/AC12345\xff", "ambiguous_path"},
		{"GET /v1/my/accounts?owner=a\xff", "ambiguous_"},
		{"GET /v1/current\nx-account-id: AC123456", "read account/AC123456"},
		{"GET /v1/current\nx-account-id: AC123456\nx-account-id: AC123457", "ambiguous_parameter"},
		{"GET /v1/current\nx-account-id: AC123456\xff", "malformed_id"},
		{"POST /v1/accounts:lookup\ncontent-type: application/json\ncontent-type: application/json\n\n" + `{"id":"AC123456"}`, "ambiguous_header"},
		{"POST /v1/accounts:lookup\ncontent-type: application/json\xff\n\n" + `{"id":"AC123456"}`, "body_type"},
		{"POST /v1/accounts:lookup\ncontent-encoding: gzip\ncontent-encoding: identity" + asJSON + `{"id":"AC123456"}`, "ambiguous_header"},
		{"GET /v1/accounts/AC123456\nx-forwarded-for: 192.0.2.1\nx-forwarded-for: 192.0.2.2", "read account/AC123456"},
	} {
		for form, r := range map[string]*rules.RawRequest{"map": mapForm(*raw(c.request)), "list": listForm(*raw(c.request))} {
			got, err := resolve(routes, r, nil)
			s := showTargets(got)
			if err != nil {
				s = string(reason(err))
			}
			if !strings.HasPrefix(s, c.want) || s == "" {
				t.Errorf("H2 %q as a %s: got %s, want %s", c.request, form, s, c.want)
			}
		}
	}
}

// An exclamation mark is itself where the proxy sends bytes, and may be another
// byte where it sends text. %21 is itself in both.
func TestH2ExclamationMarks(t *testing.T) {
	routes := compile(t, bankLines...)
	for _, c := range []struct{ request, list, text string }{
		{"GET /v1/files/a!b/c", "read file/a!b/c", "ambiguous_path"},
		{"GET /v1/files/a%21b/c", "read file/a!b/c", "read file/a!b/c"},
		{"GET /v1/files/a\xffb/c", "ambiguous_path", "ambiguous_path"},
		{"GET /v1/files/a!b\xffc", "ambiguous_path", "ambiguous_path"},
		{"GET /v1/files!/a", "no_route", "ambiguous_path"},
		{"GET /v1/files/a!/../b", "ambiguous_path", "ambiguous_path"},
		{"GET /v1/my/accounts?owner=ada!", `list account[owner="ada!"] collection`, "ambiguous_parameter"},
		{"GET /v1/my/accounts?owner=ada%21", `list account[owner="ada!"] collection`, `list account[owner="ada!"] collection`},
		{"GET /v1/my/accounts?owner=a+da!", "ambiguous_parameter", "ambiguous_parameter"},
		{"GET /v1/my/accounts?owner=ada\xff", "ambiguous_", "ambiguous_"},
		{"GET /v1/current\nx-account-id: AC123456!", "malformed_id: an id of account", "malformed_id: {header.x-account-id} holds an exclamation mark"},
		{"GET /v1/current\nx-account-id: AC123456\xff", "malformed_id: {header.x-account-id} holds bytes", "malformed_id: {header.x-account-id} holds an exclamation mark"},
	} {
		for want, r := range map[*string]*rules.RawRequest{&c.text: mapForm(*raw(c.request)), &c.list: listForm(*raw(c.request))} {
			got, err := resolve(routes, r, nil)
			s := showTargets(got)
			if err != nil {
				s = err.Error()
			}
			if !strings.HasPrefix(s, *want) {
				t.Errorf("%q, exact %v: got %s, want %s", c.request, r.Exact, s, *want)
			}
		}
	}
	r := listForm(*raw("GET /v1/files/a!b"))
	r.RawPath = ""
	if _, err := Canonical(r, testOptions); reason(err) != rules.AmbiguousPath {
		t.Errorf("exact headers without a path: %v", err)
	}
}

// The client's address is the same however many headers carry the list.
func TestClientIPInBothForms(t *testing.T) {
	o := &Options{ClientIP: ClientIP{From: FromXFF, Hops: 2}}
	plain := raw("GET /v1/a\nx-forwarded-for: 6.6.6.6, 192.0.2.1\nx-forwarded-for: 192.0.2.2")
	for _, r := range []*rules.RawRequest{plain, mapForm(*plain), listForm(*plain)} {
		req, err := Canonical(r, o)
		if err != nil || req.ClientIP.String() != "192.0.2.1" {
			t.Errorf("%q: got %v, %v", r.Headers, req, err)
		}
	}
}

// Details go to the log, which must hold no credential and
// no value of the body, the query or the path.
func TestDetailsHoldNoSecrets(t *testing.T) {
	const canary = "c4n4ry"
	routes := compile(t, bankLines...)
	for _, text := range []string{
		"GET /v1/account?id=x&token=" + canary + "&id=y",
		"GET /v1/account?id=x&token=" + canary + "%zz",
		"GET /v1/account?token=" + canary + ";a",
		"GET /v1/account?id=" + canary + "+a",
		"GET /v1/accounts/AC123456\nauthorization: Bearer " + canary + "\nauthorization: b",
		"GET /v1/accounts/AC123456\nauthorization: " + canary + "\x00",
		"GET /v1/accounts/AC123456\ncookie: " + canary + "\r",
		"POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","secret":"` + canary + `","id":1}`,
		"POST /v1/accounts:lookup" + asJSON + `{"secret":"` + canary,
		"POST /v1/accounts:lookup" + asJSON + `{"` + canary + `":1}`,
		"POST /v1/accounts:lookup" + asJSON + canary,
		"POST /v1/accounts:lookup" + asJSON + `{"id":"` + canary + `"}`,
		"POST /v1/accounts:lookup" + asForm + "_method=" + canary,
		"POST /v1/accounts:lookup" + asForm + canary + ";",
		"GET /v1/account?id=" + canary,
		"GET /v1/account?id=x&id[" + canary + "]=y",
		"GET /v1/account?id[" + canary + "]=y",
		"GET /v1/account?_method[" + canary + "]=y",
		"GET /v1/accounts/" + canary,
		"GET /v1/accounts/" + canary + "/none",
		"GET /v1/accounts/" + canary + "/../x",
		"GET /v1/accounts/" + canary + "%zz",
		"GET /v1/accounts/" + canary + ";a",
		"GET " + canary,
		"GET /V1/accounts/" + canary,
		"GET /v1/current\nx-account-id: " + canary,
		"PATCH /v1/accounts/AC123456" + asJSON + `{"SSN":"` + canary + `"}`,
	} {
		_, err := resolve(routes, raw(text), nil)
		if err == nil {
			t.Errorf("%q is accepted", text)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%q: the detail holds it: %v", text, err)
		}
	}
}

// What a log line shows of a request is bounded.
func TestDetailsAreShort(t *testing.T) {
	routes := compile(t, bankLines...)
	long := strings.Repeat("a", 20<<10)
	for _, text := range []string{
		"GET /v1/" + long, "GET /" + long + "//", "GET /v1/accounts/" + long, "GET /v1/accounts/AC123456\n" + long + " : x",
		"GET /v1/accounts/AC123456?" + long + "=%zz", "GET /v1/account?ID" + long + "=1", "GET /v1/current\nx_account_id: " + long,
		"POST /v1/accounts:lookup\ncontent-type: " + long + "\n\n{}", "GET /v1/a\nhost: " + long, strings.ToUpper(long) + " /", "GET /v1/a\ncontent-length: " + long,
		"GET /v1/a\nconnection: " + long,
	} {
		if _, err := resolve(routes, raw(text), nil); err == nil || len(err.Error()) > 600 {
			t.Errorf("%.60q: got %.100v", text, err)
		}
	}
}

func TestRoutesServeManyAtOnce(t *testing.T) {
	routes := compile(t, bankLines...)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			id := fmt.Sprintf("AC10000%d", i)
			for range 200 {
				want := "debit account/" + id + ", credit account/AC999999"
				r := raw("POST /v1/transfers" + asJSON + `{"from":"` + id + `","to":{"id":"AC999999"}}`)
				before := bytes.Clone(r.Body)
				got, err := resolve(routes, r, nil)
				if err != nil || showTargets(got) != want {
					t.Errorf("got %s, %v; want %s", showTargets(got), err, want)
				}
				if !bytes.Equal(before, r.Body) {
					t.Error("the body was changed")
				}
			}
		})
	}
	wg.Wait()
}

// Targets of one request are its own: what is filled in for one request must
// not show in another of the same line.
func TestTargetsAreFresh(t *testing.T) {
	routes := compile(t, bankLines...)
	req := request(t, "GET /v1/accounts?tenant=acme")
	m, err := routes.Match(req)
	if err != nil {
		t.Fatal(err)
	}
	first, err := m.Targets(req, nil)
	if err != nil {
		t.Fatal(err)
	}
	first[0].Object.Attributes[0] = "changed"
	second, err := m.Targets(req, nil)
	if err != nil || showTargets(second) != `list account[tenant="acme"] collection` {
		t.Errorf("got %s, %v", showTargets(second), err)
	}
}
