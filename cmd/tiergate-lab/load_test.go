package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRequestFiles(t *testing.T) {
	for line, want := range map[string]string{
		"GET https://a.example.com/v1/x?y=1 allow": "GET a.example.com /v1/x?y=1 true",
		"DELETE http://a:8080/v1/%2e deny":         "DELETE a:8080 /v1/%2e false",
		"GET https://a/x":                          "want METHOD URL allow",
		"GET https://a/x maybe":                    "want METHOD URL allow",
		"GET /x allow":                             "want a whole URL",
	} {
		r, err := parseRequest(line)
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = strings.Join([]string{r.Method, r.Host, r.Path, map[bool]string{true: "true", false: "false"}[r.Allowed]}, " ")
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}

	dir := t.TempDir()
	file, tokens := filepath.Join(dir, "requests"), filepath.Join(dir, "tokens")
	os.WriteFile(file, []byte("# mine\nGET http://a/1 allow\n\nGET http://a/2 deny\nGET http://a/3 deny\n"), 0o600)
	os.WriteFile(tokens, []byte("t1\nt2\n"), 0o600)
	requests, err := readRequests(file, tokens)
	if err != nil || len(requests) != 3 || requests[1].Token != "t2" || requests[2].Token != "t1" {
		t.Errorf("%+v, %v", requests, err)
	}
}

func TestLoadAndBenchRefuseWhatCannotBe(t *testing.T) {
	for args, want := range map[string]string{
		"load --target 127.0.0.1:8080":                             "want http://host:port",
		"load --target http://127.0.0.1:1/path":                    "want http://host:port",
		"load --target http://127.0.0.1:1 --requests /nonexistent": "--requests",
		"load --count 99999999999":                                 "at most 50000000 requests",
		"load --duration 48h":                                      "24h",
		"load --tiergate /nonexistent/tiergate":                    "--tiergate",
		"bench --slices 0":                                         "more than 0",
		"bench --tiergate /nonexistent/tiergate":                   "--tiergate",
	} {
		var out, errs bytes.Buffer
		if code := run(strings.Fields(args), &out, &errs); code != 2 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d, %s", args, code, errs.String())
		}
	}
}

func TestOnlyTheMachineItselfIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{"127.0.0.1": true, "::1": true, "localhost": true, "10.0.0.1": false, "a.example.com": false, "": false} {
		if onLoopback(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}

func TestQuantiles(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	if quantile(values, .5) != 3 || quantile(values, 0) != 1 || quantile(values, 1) != 5 || values[0] != 5 {
		t.Errorf("%v %v %v", quantile(values, 0), quantile(values, .5), quantile(values, 1))
	}
}
