package resolver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// outcome is what becomes of a request: its operation and targets, or the reason.
func outcome(routes *Routes, r *rules.RawRequest) string {
	req, err := Canonical(r, testOptions)
	if err != nil {
		return string(reason(err))
	}
	m, err := routes.Match(req)
	if err != nil {
		return string(reason(err))
	}
	if m.Op.Open {
		return m.Op.Line
	}
	targets, err := m.Targets(req, nil)
	if err != nil {
		return string(reason(err))
	}
	return m.Op.Line + " = " + showTargets(targets)
}

// get is a GET of a target that may hold any bytes.
func get(target string) *rules.RawRequest {
	r := raw("GET /")
	r.Path, r.RawPath = target, target
	return r
}

// FuzzDecode writes one byte of a target as an escape. That must never turn a
// denial into an allow, nor one object into another. What must be escaped to
// stand in a target at all is the exception: its raw form is the odd one.
func FuzzDecode(f *testing.F) {
	for _, target := range []string{
		"/v1/accounts/AC123456", "/v1/accounts/AC123456?id=AC123457", "/v1/account?id=AC123456", "/v1/files/a/b%20c", "/v1/many?ids=AC123456,AC123457",
		"//v1/accounts", "/v1/../accounts/AC123456", "/v1/%2e%2e/a", "/v1/a%2fb", "/v1/a;b/c", "/v1/a%00", "/v1/%c0%ae", "/v1/%252e", "/v1/a#b", "/v1/a!b", `/v1/a\b`,
		"/v1/my/accounts?owner=a+b", "/v1/my/accounts?_method=x", "/v1/accounts:batchDelete", "*", "",
	} {
		for at := range uint8(4) {
			f.Add(target, at*5)
		}
	}
	routes := compile(f, bankLines...)
	f.Fuzz(func(t *testing.T, target string, at uint8) {
		if int(at) >= len(target) {
			return
		}
		b := target[at]
		odd := fmt.Sprintf("%s%%%02X%s", target[:at], b, target[at+1:])
		plain, escaped := get(target), get(odd)
		before, after := outcome(routes, plain), outcome(routes, escaped)
		if _, err := Canonical(plain, testOptions); reason(err) != "" {
			mustEscape := b <= ' ' || b >= 0x7f || strings.IndexByte("!;#%", b) >= 0
			if _, err := Canonical(escaped, testOptions); err == nil && !mustEscape && !strings.Contains(target[:at], "?") {
				t.Errorf("%q is refused (%s), but its spelling %q is not (%s)", target, before, odd, after)
			}
			return
		}
		if strings.Contains(target[:at], "?") && strings.IndexByte("&=+!", b) >= 0 || b == '?' {
			return // a delimiter that is escaped is another text
		}
		if after != before && allowed(after) {
			t.Errorf("%q gives %s, but its spelling %q gives %s", target, before, odd, after)
		}
	})
}

func allowed(outcome string) bool { return strings.Contains(outcome, "->") }

// FuzzCanonical checks what every accepted request promises.
func FuzzCanonical(f *testing.F) {
	f.Add("/v1/a%20b/?x=1&y", "API.example.com.:443", "connection", "close")
	f.Add("/", "api.example.com", "content-length", "1")
	f.Fuzz(func(t *testing.T, target, host, name, value string) {
		r := get(target)
		r.Host = host
		r.Headers = []rules.Header{{Name: name, Value: value}}
		req, err := Canonical(r, testOptions)
		if err != nil {
			if strings.HasPrefix(string(reason(err)), "not a fault") {
				t.Fatal(err)
			}
			return
		}
		if again, ok := CanonicalHost(req.Host); !ok || again != req.Host || !r.Serves.Has(req.Host) {
			t.Errorf("host %q", req.Host)
		}
		for i, s := range req.Segs {
			if strings.ContainsAny(s, "/\\;?#\x00\r\n") || s == "" && i < len(req.Segs)-1 || s != "" && strings.Trim(s, ".") == "" || oddText(s) != "" {
				t.Errorf("%q has the segment %q", target, s)
			}
		}
		if len(req.Segs) != strings.Count(req.Path, "/") {
			t.Errorf("%q has %d segments", req.Path, len(req.Segs))
		}
	})
}

// FuzzLine: what is accepted prints back and reads as the same line; no line
// makes the compiler panic, and every mistake stands in the line.
func FuzzLine(f *testing.F) {
	for _, l := range bankLines {
		f.Add(l)
	}
	for _, l := range []string{"GET /a?x={x}&y={y}->read file/{x},read file/{y}", "GET /{a=**} -> open", "PUT /Ü/{a} -> create|update file/{a}", "GET /v1/{a}{b} -> read a/{a}/{b}", "GET /a/{x}...{y}.json -> read file/{x}, read file/{y}", "PUT|PATCH /v1/{n=p/*/s/*}:v -> update file/{n}", "GET /v2/{n=**}/m/{r} -> read file/{n}/{r}", "GET /{n=a/**}:v -> open", "RPC a/b -> read a/{b}"} {
		f.Add(l)
	}
	schema := bank()
	f.Fuzz(func(t *testing.T, text string) {
		l, fault := parseLine(text)
		if fault == nil {
			printed := l.String()
			again, fault := parseLine(printed)
			if fault != nil {
				t.Fatalf("%q prints as %q, which is refused at %d: %s", text, printed, fault.at, fault.text)
			}
			if again.String() != printed {
				t.Fatalf("%q prints as %q, and that as %q", text, printed, again.String())
			}
		}
		_, ms := Compile([]rules.HostDecl{declare(text)}, schema)
		for _, m := range ms {
			if m.Pos.Col < 3 || m.Pos.Col > 3+len(text) || m.Text == "" {
				t.Errorf("%q: mistake at column %d: %s", text, m.Pos.Col, m.Text)
			}
		}
	})
}
