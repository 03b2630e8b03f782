package envoy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

var someLines = []Line{
	{Text: "a", Host: "a.example.com", Methods: []string{"POST"}, Regexp: "/v1/it's", Globs: []string{"/v1/x"}, Body: true},
	{Text: "b", Host: "a.example.com", Methods: []string{"PUT", "PATCH"}, Regexp: "/v1/[^/]+", Globs: []string{"/v1/{*}"}, Body: true},
	{Text: "c", Host: "a.example.com", Regexp: "/any/.+", Globs: []string{"/any/{**}"}, Body: true},
	{Text: "d", Host: "a.example.com", Methods: []string{"GET", "HEAD"}, Regexp: "/v1/ws", Globs: []string{"/v1/ws"}, Stream: 5 * time.Minute},
	{Text: "e", Host: "a.example.com", Methods: []string{"GET"}, Regexp: "/v1/plain", Globs: []string{"/v1/plain"}},
	{Text: "f", Host: "*.b.example.com", Methods: []string{"GET"}, Regexp: "/only", Globs: []string{"/only"}},
	{Text: "g", Host: "*.example.com", Methods: []string{"POST"}, Regexp: "/v1/.+", Globs: []string{"/v1/{**}"}, Body: true},
	{Text: "h", Host: "c.b.example.com", Methods: []string{"POST"}, Regexp: "/only", Globs: []string{"/only", "/only/"}, Body: true},
}

// The routes are those that Envoy takes the first of: each line that matters, and
// behind them one that sends nothing.
func TestRoutes(t *testing.T) {
	var got struct {
		Hosts []struct {
			Name    string   `yaml:"name"`
			Domains []string `yaml:"domains"`
			Routes  []struct {
				Match map[string]any `yaml:"match"`
				Route map[string]any `yaml:"route"`
				Per   map[string]any `yaml:"typed_per_filter_config"`
			} `yaml:"routes"`
		} `yaml:"virtual_hosts"`
	}
	if err := yaml.Load([]byte(Routes(someLines, "api", 65536)), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Hosts) != 4 || !slices.Equal(got.Hosts[0].Domains, []string{"a.example.com", "a.example.com:*"}) {
		t.Fatalf("got %+v", got.Hosts)
	}
	var told []string
	for _, r := range got.Hosts[0].Routes {
		told = append(told, fmt.Sprint(r.Match["safe_regex"], r.Match["prefix"], r.Route["max_stream_duration"], r.Per != nil))
	}
	want := []string{
		"map[regex:/v1/it's] <nil> <nil> false",
		"map[regex:/v1/[^/]+] <nil> <nil> false",
		"map[regex:/any/.+] <nil> <nil> false",
		"map[regex:/v1/ws] <nil> map[max_stream_duration:300s] true",
		"<nil>/<nil> true",
	}
	if !slices.Equal(told, want) {
		t.Errorf("got %s\nwant %s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	if n := strings.Count(Routes(someLines, "api", 65536), "strip_any_host_port: true"); n != 2 { // of two hosts with a wildcard
		t.Errorf("ports of wildcards are spoken of %d times, want 2", n)
	}
	if n := len(got.Hosts[1].Routes); n != 1 {
		t.Errorf("a host without bodies has %d routes, want the last one alone", n)
	}
}

// Every request is of exactly one of the two policies: one that is of none would
// pass unasked, one that is of both would be refused for its body.
func TestPoliciesShareAllRequests(t *testing.T) {
	var with, without policy
	for i, text := range strings.Split(Policies(someLines), "---\n") {
		if err := yaml.Load([]byte(text), []*policy{&with, &without}[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, host := range []string{"a.example.com", "a.example.com:8443", "x.b.example.com", "c.b.example.com", "b.example.com", "other.example.com", "example.org"} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "FOO"} {
			for _, path := range []string{"/", "/v1/x", "/v1/y", "/v1/ws", "/v1/x/y", "/any/a", "/any/a/b", "/any", "/only", "/only/"} {
				a, b := with.matches(host, method, path), without.matches(host, method, path)
				if a == b {
					t.Errorf("%s %s%s: with bodies %v, without %v", method, host, path, a, b)
				}
				body := method == "POST" && (host == "c.b.example.com" && strings.HasPrefix(path, "/only") || (host == "b.example.com" || host == "other.example.com") && strings.HasPrefix(path, "/v1/")) ||
					strings.HasPrefix(host, "a.example.com") && (method == "POST" && path == "/v1/x" || (method == "PUT" || method == "PATCH") && strings.Count(path, "/") == 2 && strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/any/"))
				if a != body {
					t.Errorf("%s %s%s: with bodies %v, want %v", method, host, path, a, body)
				}
			}
		}
	}
}

type policy struct {
	Spec struct {
		Rules []struct {
			To []struct {
				Operation map[string][]string `yaml:"operation"`
			} `yaml:"to"`
		} `yaml:"rules"`
	} `yaml:"spec"`
}

// matches does what Istio does: any rule, all of its conditions.
func (p *policy) matches(host, method, path string) bool {
	for _, r := range p.Spec.Rules {
		o := r.To[0].Operation
		ok := true
		for key, values := range o {
			not := strings.HasPrefix(key, "not")
			value := map[string]string{"hosts": host, "methods": method, "paths": path}[strings.ToLower(strings.TrimPrefix(key, "not"))]
			found := slices.ContainsFunc(values, func(v string) bool { return globs(v, value) })
			ok = ok && found != not
		}
		if ok {
			return true
		}
	}
	return false
}

func globs(pattern, value string) bool {
	switch {
	case strings.HasSuffix(pattern, "/{**}"):
		rest, ok := strings.CutPrefix(value, strings.TrimSuffix(pattern, "{**}"))
		return ok && rest != ""
	case strings.Contains(pattern, "{*}"):
		return slices.EqualFunc(strings.Split(pattern, "/"), strings.Split(value, "/"), func(p, v string) bool { return p == "{*}" && v != "" || p == v })
	case strings.HasPrefix(pattern, "*."):
		return strings.HasSuffix(value, pattern[1:])
	case strings.HasSuffix(pattern, ":*"):
		return globs(strings.TrimSuffix(pattern, ":*"), strings.SplitN(value, ":", 2)[0]) && strings.Contains(value, ":")
	}
	return pattern == value
}
