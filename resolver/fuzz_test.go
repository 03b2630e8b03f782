package resolver

import (
	"fmt"
	"math/rand/v2"
	"slices"
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
	for _, l := range []string{"GET /a?x={x}&y={y}->read file/{x},read file/{y}", "GET /{a=**} -> open", "PUT /Ü/{a} -> create|update file/{a}", "GET /v1/{a}{b} -> read a/{a}/{b}", "RPC a/b -> read a/{b}"} {
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

// FuzzOverlap compares the trie with brute force: see checkOverlap.
func FuzzOverlap(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Add([]byte("\x00\x80\x01\x81\x02\x82\x03\x83\x04\x84\x05\x85"))
	f.Fuzz(func(t *testing.T, seed []byte) { checkOverlap(t, seed) })
}

func TestOverlapsAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		seed := make([]byte, 4*(2+r.IntN(5)))
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		checkOverlap(t, seed)
	}
}

// checkOverlap: lines load exactly if each request of all short paths has a
// narrowest line, and that line is the one matched.
func checkOverlap(t *testing.T, seed []byte) {
	t.Helper()
	lines := linesFrom(seed)
	routes, ms := Compile([]rules.HostDecl{declare(withTargets(lines)...)}, bank())
	parsed := make([]*line, len(lines))
	for i := range lines {
		l, fault := parseLine(lines[i] + " -> open")
		if fault != nil {
			t.Fatal(lines[i], fault)
		}
		parsed[i] = l
	}
	wins, clash := narrowestOf(parsed, shortPaths)
	if (clash != "") != (len(ms) > 0) {
		t.Fatalf("%q: no narrowest line for %q, yet mistakes are %v", lines, clash, ms)
	}
	for request, want := range wins {
		method, path, _ := strings.Cut(request, " ")
		op := routes.hosts[testHost].root.match(method, strings.Split(path[1:], "/"), exactly)
		if len(ms) == 0 && (op == nil || op.Method+" "+op.Template != lines[want]) {
			t.Fatalf("%q: %s matches %v, want %s", lines, request, op, lines[want])
		}
	}
}

// shortPaths are all paths of one to four segments, with and without a slash
// at the end, over two letters that templates use and one that they do not.
var shortPaths = func() (paths []string) {
	level := []string{""}
	for range 4 {
		var next []string
		for _, p := range level {
			paths = append(paths, p+"/")
			next = append(next, p+"/a", p+"/b", p+"/c")
		}
		paths, level = append(paths, next...), next
	}
	return paths
}()

// linesFrom draws up to six lines over a tiny alphabet.
func linesFrom(seed []byte) []string {
	var out []string
	for len(seed) >= 4 && len(out) < 6 {
		op := []string{"GET", "POST", "ANY"}[seed[0]%3] + " "
		for i, n := 0, 1+int(seed[0]/3)%3; i < n; i++ {
			switch b := seed[1+i]; {
			case b%8 == 7 && i == n-1:
				op += fmt.Sprintf("/{r%d=**}", i)
			case b%8 == 6 && i == n-1:
				op += "/"
			case b%8 >= 4:
				op += fmt.Sprintf("/{c%d}", i)
			default:
				op += "/" + string("ab"[b%2])
			}
		}
		seed = seed[4:]
		out = append(out, op)
	}
	return out
}

// narrowestOf finds, for each request that some line matches, the line whose
// requests are among those of every other that matches. clash is a request
// that has none.
func narrowestOf(lines []*line, paths []string) (wins map[string]int, clash string) {
	sets := make([]map[string]bool, len(lines))
	for i, l := range lines {
		sets[i] = map[string]bool{}
		for _, p := range paths {
			for _, m := range []string{"GET", "POST", "PUT"} {
				if (l.method.text == "ANY" || l.method.text == m) && fits(l.segments, strings.Split(p[1:], "/")) {
					sets[i][m+" "+p] = true
				}
			}
		}
	}
	within := func(a, b int) bool {
		for r := range sets[a] {
			if !sets[b][r] {
				return false
			}
		}
		return true
	}
	wins = map[string]int{}
	for i := range sets {
		for r := range sets[i] {
			if _, done := wins[r]; done {
				continue
			}
			var all []int
			for j := range sets {
				if sets[j][r] {
					all = append(all, j)
				}
			}
			best := slices.IndexFunc(all, func(a int) bool {
				return !slices.ContainsFunc(all, func(b int) bool { return !within(a, b) || a != b && within(b, a) })
			})
			if best < 0 {
				return nil, r
			}
			wins[r] = all[best]
		}
	}
	return wins, ""
}

// fits is the sentence of the reference, segment by segment.
func fits(template []segment, path []string) bool {
	for i, s := range template {
		switch {
		case s.kind == rest:
			return i < len(path) && !slices.Contains(path[i:], "")
		case i >= len(path), s.kind == literal && s.text != path[i], s.kind == capture && path[i] == "":
			return false
		}
	}
	return len(template) == len(path)
}
