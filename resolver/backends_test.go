package resolver

import (
	"encoding/json"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/tiergate/tiergate/rules"
)

// The servers behind the proxy are not ours, and each reads requests in its own
// way. Here are models of those ways. Whatever we accept, every model must see
// the very object that the decision is about, or none at all.

// server is one way to read a request; a nil part is the plain way.
type server struct {
	name   string
	path   func(raw string) string        // raw path to what is split at slashes, decoded
	method func(r *view) string           // the method that counts
	params func(query string) [][2]string // decoded parameters
	param  func(params [][2]string, name string) (string, bool)
	header func(headers []rules.Header, name string) (string, bool)
	body   func(body []byte, member string) (string, bool)
}

// view is a request as it reaches a server, which decodes for itself.
type view struct {
	raw         *rules.RawRequest
	path, query string
	params      [][2]string
}

var servers = []server{
	{name: "plain"},
	{name: "decodes, then cleans", path: func(raw string) string { return path.Clean(unescapeAll(raw)) + slashOf(raw) }},
	{name: "decodes twice", path: func(raw string) string { return unescapeAll(unescapeAll(raw)) }},
	{name: "decodes until nothing changes", path: func(raw string) string {
		for range 4 {
			raw = unescapeAll(raw)
		}
		return path.Clean(raw) + slashOf(raw)
	}},
	{name: "merges slashes", path: func(raw string) string {
		for strings.Contains(raw, "//") {
			raw = strings.ReplaceAll(raw, "//", "/")
		}
		return unescapeAll(raw)
	}},
	{name: "drops path parameters, then resolves dots", path: func(raw string) string {
		segs := strings.Split(raw, "/")
		for i := range segs {
			segs[i], _, _ = strings.Cut(unescapeAll(segs[i]), ";")
		}
		joined := strings.Join(segs, "/")
		return path.Clean(joined) + slashOf(joined)
	}},
	{name: "takes backslashes for slashes", path: func(raw string) string {
		raw = strings.ReplaceAll(unescapeAll(raw), `\`, "/")
		return path.Clean(raw) + slashOf(raw)
	}},
	{name: "ends at NUL", path: func(raw string) string { return cutAt(unescapeAll(raw), "\x00") }},
	{name: "ends at a fragment", path: func(raw string) string { return cutAt(unescapeAll(raw), "#") }},
	{name: "ends at a decoded question mark", path: func(raw string) string { return cutAt(unescapeAll(raw), "?") }},
	{name: "ends at a line", path: func(raw string) string { return cutAt(cutAt(unescapeAll(raw), "\n"), "\r") }},
	{name: "trims segments", path: func(raw string) string {
		segs := strings.Split(unescapeAll(raw), "/")
		for i := range segs {
			segs[i] = strings.TrimSpace(segs[i])
		}
		return strings.Join(segs, "/")
	}},
	{name: "takes overlong forms", path: func(raw string) string {
		raw = strings.NewReplacer("\xc0\xae", ".", "\xc0\xaf", "/", "\xc1\x9c", `\`).Replace(unescapeAll(raw))
		return path.Clean(raw) + slashOf(raw)
	}},
	{name: "parses the target as a reference", path: func(raw string) string {
		if u, err := url.Parse(raw); err == nil { // //v1/accounts/x is host v1 and path /accounts/x
			return u.Path
		}
		return ""
	}},

	{name: "takes the last parameter", param: func(ps [][2]string, name string) (v string, ok bool) {
		for _, p := range ps {
			if p[0] == name {
				v, ok = p[1], true
			}
		}
		return v, ok
	}},
	{name: "folds case of parameters", param: byName(strings.EqualFold)},
	{name: "folds names as Unicode does", param: byName(sameName), body: func(b []byte, member string) (v string, ok bool) {
		var m map[string]any
		if json.Unmarshal(b, &m) != nil {
			return "", false
		}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if s, is := m[name].(string); is && sameName(name, member) {
				v, ok = s, true
			}
		}
		return v, ok
	}, path: func(raw string) string {
		decoded := norm.NFKC.String(unescapeAll(raw))
		return path.Clean(decoded) + slashOf(decoded)
	}},
	{name: "binds the members of parameters", param: byName(func(a, b string) bool { return cutAt(cutAt(a, "["), ".") == b })},
	{name: "names parameters as PHP does", param: byName(func(a, b string) bool {
		a, _, _ = strings.Cut(strings.NewReplacer(".", "_", " ", "_").Replace(strings.TrimLeft(a, " ")), "[")
		return a == b
	})},
	{name: "separates parameters by semicolons too", params: func(q string) [][2]string { return pairs(strings.ReplaceAll(q, ";", "&"), true) }},
	{name: "keeps the plus", params: func(q string) [][2]string { return pairs(q, false) }},
	{name: "decodes parameters twice", params: func(q string) [][2]string {
		out := pairs(q, true)
		for i := range out {
			out[i] = [2]string{unescapeAll(out[i][0]), unescapeAll(out[i][1])}
		}
		return out
	}},

	{name: "lets a header change the method", method: func(v *view) string {
		for _, h := range v.raw.Headers {
			switch strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(h.Name)) {
			case "x-http-method-override", "x-http-method", "x-method-override", "method-override", "x-rest-method", "x-override-method", "x-tunneled-method", "x-forwarded-method":
				return strings.ToUpper(h.Value)
			}
		}
		return v.raw.Method
	}},
	{name: "lets a parameter change the method", method: func(v *view) string {
		for _, p := range append(v.params, pairs(string(v.raw.Body), true)...) {
			if strings.EqualFold(p[0], "_method") {
				return strings.ToUpper(p[1])
			}
		}
		if method, ok := lastMember(v.raw.Body, "_method"); ok {
			return strings.ToUpper(method)
		}
		return v.raw.Method
	}},
	{name: "folds case of methods", method: func(v *view) string { return strings.ToUpper(v.raw.Method) }},

	{name: "takes the last header", header: func(hs []rules.Header, name string) (v string, ok bool) {
		for _, h := range hs {
			if h.Name == name {
				v, ok = h.Value, true
			}
		}
		return v, ok
	}},
	{name: "splits headers at commas", header: func(hs []rules.Header, name string) (string, bool) {
		v, ok := (&rules.Request{Headers: hs}).Header(name)
		return strings.TrimSpace(cutAt(v, ",")), ok
	}},
	{name: "names headers as CGI does", header: func(hs []rules.Header, name string) (v string, ok bool) {
		for _, h := range hs {
			if strings.NewReplacer("_", "-", ".", "-").Replace(h.Name) == name {
				v, ok = h.Value, true
			}
		}
		return v, ok
	}},

	{name: "takes the first member", body: firstMember},
	{name: "folds case of members", body: func(b []byte, member string) (string, bool) {
		var v struct{ ID any } // encoding/json matches id, Id and ID
		if member != "id" || json.Unmarshal(b, &v) != nil {
			return "", false
		}
		s, ok := v.ID.(string)
		return s, ok
	}},
	{name: "stops behind the first value", body: func(b []byte, member string) (string, bool) {
		var m map[string]any
		if json.NewDecoder(strings.NewReader(string(b))).Decode(&m) != nil {
			return "", false
		}
		s, ok := m[member].(string)
		return s, ok
	}},
}

// sees is the object that the server acts on, or "" for none.
func (s *server) sees(raw *rules.RawRequest) string {
	v := &view{raw: raw}
	v.path, v.query, _ = strings.Cut(raw.Path, "?")
	v.params = pairs(v.query, true)
	if s.params != nil {
		v.params = s.params(v.query)
	}
	method := raw.Method
	if s.method != nil {
		method = s.method(v)
	}
	if method == "HEAD" {
		method = "GET"
	}
	decoded := unescapeAll(v.path)
	if s.path != nil {
		decoded = s.path(v.path)
	}
	param, header, body := byName(func(a, b string) bool { return a == b }), firstHeader, lastMember
	if s.param != nil {
		param = s.param
	}
	if s.header != nil {
		header = s.header
	}
	if s.body != nil {
		body = s.body
	}
	const base = "/v1/accounts/"
	id, ok := "", false
	switch {
	case strings.HasPrefix(decoded, "/v1/files/") && method == "GET":
		id, ok = strings.CutPrefix(decoded, "/v1/files/")
		return object(method, "file", id, ok)
	case decoded == "/v1/account" && method == "GET":
		id, ok = param(v.params, "id")
	case decoded == "/v1/current" && method == "GET":
		id, ok = header(raw.Headers, "x-account-id")
	case decoded == "/v1/accounts:lookup" && method == "POST":
		id, ok = body(raw.Body, "id")
		method = "GET" // it reads
	case strings.HasPrefix(decoded, base) && (method == "GET" || method == "DELETE"):
		id, ok = decoded[len(base):], true
		if other, has := param(v.params, "id"); has { // one map for all parameters
			id = other
		}
	}
	return object(method, "account", id, ok)
}

// object is one that could exist: ids of accounts are trimmed and have no slash.
func object(method, typ, id string, ok bool) string {
	if id = strings.TrimSpace(id); !ok || id == "" || typ == "account" && strings.Contains(id, "/") {
		return ""
	}
	action := map[string]string{"GET": "read", "DELETE": "delete"}[method]
	return action + " " + typ + "/" + id
}

// checkServers holds what we decide on against what each server sees, and
// reports whether we accepted the request at all.
func checkServers(t *testing.T, routes *Routes, raw *rules.RawRequest) bool {
	t.Helper()
	targets, err := resolve(routes, raw, nil)
	if err != nil {
		return false
	}
	ours := showTargets(targets)
	for i := range servers {
		if theirs := servers[i].sees(raw); theirs != "" && theirs != ours {
			t.Errorf("%s %q %q %q\nwe decide on %s, a server that %s acts on %s",
				raw.Method, raw.Path, raw.Headers, raw.Body, ours, servers[i].name, theirs)
		}
	}
	return true
}

var serverLines = []string{
	"GET    /v1/accounts/{id}   -> read   account/{id}",
	"DELETE /v1/accounts/{id}   -> delete account/{id}",
	"GET    /v1/account?id={x}  -> read   account/{x}",
	"GET    /v1/current         -> read   account/{header.x-account-id}",
	"POST   /v1/accounts:lookup -> read   account/{body.id}",
	"GET    /v1/files/{path=**} -> read   file/{path}",
}

func TestServersSeeWhatWeDecideOn(t *testing.T) {
	const mine, other = "AC123456", "AC999999"
	twists := []string{ // of a path that ends in one's own id
		"/v1/accounts/" + mine, "//v1/accounts/" + mine, "/v1//accounts/" + mine, "/v1/./accounts/" + mine, "/x/../v1/accounts/" + mine,
		"/v1/accounts/" + mine + "/../" + other, "/v1/accounts/" + mine + "/%2e%2e/" + other, "/v1/accounts/" + mine + "/.%2E/" + other,
		"/v1/accounts/" + mine + "%2f..%2f" + other, `/v1/accounts/` + mine + `\..\` + other, "/v1/accounts/" + mine + "%5c..%5c" + other,
		"/v1/accounts/" + mine + "/..;/" + other, "/v1/accounts/" + mine + "/%2e%2e;/" + other, "/v1/accounts/" + mine + ";x", "/v1/accounts;x/" + mine,
		"/v1/accounts/" + mine + "/..%3b/" + other, "/v1/accounts/" + mine + "%00" + other, "/v1/accounts/" + mine + "%0a", "/v1/accounts/" + mine + "%23" + other,
		"/v1/accounts/" + mine + "%3fid=" + other, "/v1/accounts/" + mine + "/%252e%252e/" + other, "/v1/accounts/%2541C999999", "/v1/accounts/" + mine + "%20",
		"/v1/files/a/%c0%ae%c0%ae/b", "/v1/files/a%c0%afb", "/v1/files/a/.../b", "/v1/files/a//b", "/v1/files/a/b/", "/v1/files/a%20b", "/v1/files/100%25", "/v1/files/a%2525b",
		"/v1/files/..", "/v1/files/a/../b", "/v1/files/a/%2e%2E/b", `/v1/files/a\..\b`, "/v1/files/a%5c..%5cb", "/v1/files/a%2f..%2fb",
		"/v1/files/a%00b", "/v1/files/a%0ab", "/v1/files/a%3fb", "/v1/files/a%23b", "/v1/files/a%3bb", "/v1/files/a%20", "/v1/files/a;b", "/v1/files/%C3%9C", "/v1/files/a.b", "/v1/files/a+b", "/v1/files/a!b", "/v1/files/a!(b)'*", "/v1/account?id=" + mine + "!",
		"/v1/accounts/%41C123456", "/v1/accounts/" + mine + "?id=" + other, "/v1/accounts/" + mine + "?ID=" + other, "/v1/accounts/" + mine + "?id[]=" + other,
		"/v1/accounts/" + mine + "?page=2;id=" + other, "/v1/accounts/" + mine + "?_method=DELETE", "/v1/accounts/" + mine + "?%5fMETHOD=DELETE", "/v1/accounts/" + mine + "?page=2",
		"/v1/account?id=" + mine, "/v1/account?id=" + mine + "&id=" + other, "/v1/account?id=" + mine + ";id=" + other, "/v1/account?id=" + mine + "&%69d=" + other,
		"/v1/account?id=" + mine + "&Id=" + other, "/v1/account?id=" + mine + "&id[0]=" + other, "/v1/account?id=%2541C999999", "/v1/account?id=" + mine + "+",
		"/v1/account?x=1&id=" + mine + "&+id=" + other, "/v1/account?id=" + mine + "&%c4%b1d=" + other, "/v1/account?id=" + mine + "&%ef%bb%bfid=" + other,
		"/v1/account?id=" + mine + "&id.x=" + other, "/v1/accounts/" + mine + "?%c4%b0d=" + other, "/v1/accounts/" + mine + "?id.x=" + other,
		"/v1/files/a/%EF%BC%8E%EF%BC%8E/b", "/v1/files/a%EF%BC%8F%EF%BC%8E%EF%BC%8E/b", "/v1/files/a/%E2%80%A5/b", "/v1/files/a/%E2%80%A4./b",
	}
	headers := []string{
		"", "x-http-method-override: DELETE", "x_http_method_override: DELETE", "x-method-override: DELETE", "x-forwarded-method: DELETE", "x-account-id: " + mine,
		"x-account-id: " + mine + "\nx-account-id: " + other, "x-account-id: " + mine + "," + other, "x-account-id: " + mine + "\nx_account_id: " + other,
		"content-type: application/x-www-form-urlencoded\n\n_method=DELETE", "\n\n_method=DELETE", "content-type: application/json\n\n{\"_method\":\"DELETE\"}", "content-type: application/x-www-form-urlencoded\n\nid=" + other,
	}
	bodies := []string{
		`{"id":"` + mine + `"}`, `{"id":"` + mine + `","id":"` + other + `"}`, `{"id":"` + other + `","id":"` + mine + `"}`, `{"id":"` + mine + `","ID":"` + other + `"}`,
		`{"id":"` + mine + `","\u0069d":"` + other + `"}`, `{"id":"` + mine + `"}{"id":"` + other + `"}`, `{"id":"` + mine + `","x":"&id=` + other + `"}`, `{"id":"\u0041C999999"}`,
		`{"id":"` + mine + `","ıd":"` + other + `"}`, `{"id":"` + mine + `"," id":"` + other + `"}`, `{"id":"` + mine + `","ｉd":"` + other + `"}`,
	}
	routes := compile(t, serverLines...)
	sent, accepted := 0, 0
	try := func(r *rules.RawRequest) {
		sent++
		r.Exact = true
		if checkServers(t, routes, r) {
			accepted++
		}
	}
	for _, twist := range append(twists, "/v1/current") {
		for _, method := range []string{"GET", "HEAD", "DELETE", "get", "Delete"} {
			for _, h := range headers {
				try(raw(method + " " + twist + "\n" + h))
			}
		}
	}
	for _, b := range bodies {
		try(raw("POST /v1/accounts:lookup" + asJSON + b))
		try(raw("POST /v1/accounts:lookup\ncontent-type: text/plain\n\n" + b))
	}
	if accepted < 50 || accepted > sent/4 {
		t.Errorf("%d of %d requests were accepted: the corpus tests nothing", accepted, sent)
	}
}

// FuzzServers is the same for requests that nobody thought of.
func FuzzServers(f *testing.F) {
	f.Add("GET", "/v1/accounts/AC123456?page=1", "x-account-id", "AC123456", "")
	f.Add("GET", "/v1/account?id=AC123456", "x-method-override", "DELETE", "")
	f.Add("POST", "/v1/accounts:lookup", "content-type", "application/json", `{"id":"AC123456","x":[1]}`)
	f.Add("GET", "/v1/files/a%20b/c", "cookie", "a=b", "")
	f.Add("GET", "/v1/current", "x-account-id", "AC123456", "")
	routes := compile(f, serverLines...)
	f.Fuzz(func(t *testing.T, method, target, name, value, body string) {
		r := raw("GET /")
		r.Method, r.Path, r.RawPath = method, target, target
		r.Headers = []rules.Header{{Name: name, Value: value}}
		if body != "" {
			r.Body, r.Size = []byte(body), int64(len(body))
			r.Headers = append(r.Headers, rules.Header{Name: partialMarker, Value: "false"})
		}
		checkServers(t, routes, r)
	})
}

// sameName upper-cases as programs with a Turkish locale do, and others.
func sameName(a, b string) bool {
	a = strings.Trim(norm.NFKC.String(a), " \t\ufeff\u200b")
	return strings.EqualFold(a, b) || strings.ToUpperSpecial(unicode.TurkishCase, a) == strings.ToUpperSpecial(unicode.TurkishCase, b)
}

// slashOf keeps the slash at the end, which path.Clean drops.
func slashOf(p string) string {
	if len(p) > 1 && strings.HasSuffix(p, "/") {
		return "/"
	}
	return ""
}

func cutAt(s, sep string) string {
	before, _, _ := strings.Cut(s, sep)
	return before
}

// unescapeAll decodes what can be decoded and leaves the rest as it is.
func unescapeAll(s string) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		if isEscape(s[i:]) {
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

func pairs(query string, plus bool) [][2]string {
	var out [][2]string
	for part := range strings.SplitSeq(query, "&") {
		if plus {
			part = strings.ReplaceAll(part, "+", " ")
		}
		name, value, _ := strings.Cut(part, "=")
		out = append(out, [2]string{unescapeAll(name), unescapeAll(value)})
	}
	return out
}

func byName(same func(a, b string) bool) func([][2]string, string) (string, bool) {
	return func(ps [][2]string, name string) (string, bool) {
		for _, p := range ps {
			if same(p[0], name) {
				return p[1], true
			}
		}
		return "", false
	}
}

func firstHeader(hs []rules.Header, name string) (string, bool) {
	return (&rules.Request{Headers: hs}).Header(name)
}

func lastMember(b []byte, member string) (string, bool) {
	var m map[string]any
	if json.Unmarshal(b, &m) != nil {
		return "", false
	}
	s, ok := m[member].(string)
	return s, ok
}

// firstMember keeps the first of repeated members.
func firstMember(b []byte, member string) (string, bool) {
	d := json.NewDecoder(strings.NewReader(string(b)))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return "", false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return "", false
		}
		var v any
		if d.Decode(&v) != nil {
			return "", false
		}
		if name == member {
			s, ok := v.(string)
			return s, ok
		}
	}
	return "", false
}
