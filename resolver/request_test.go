package resolver

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

func TestNothingToRead(t *testing.T) {
	if _, err := Canonical(nil, nil); reason(err) != rules.MalformedRequest {
		t.Errorf("G3: no request: got %v, want %s", err, rules.MalformedRequest)
	}
	if _, err := Canonical(&rules.RawRequest{}, nil); reason(err) != rules.MalformedRequest {
		t.Errorf("G3: an empty request: got %v, want %s", err, rules.MalformedRequest)
	}
	r := raw("GET /v1/a")
	r.Serves = nil
	if _, err := Canonical(r, nil); reason(err) != rules.HostNotServed {
		t.Errorf("a listener that serves nothing: got %v, want %s", err, rules.HostNotServed)
	}
}

// The :path header is compared with what the proxy read from it.
func TestPathHeaderMustAgree(t *testing.T) {
	for _, c := range []struct {
		row, path, rawPath string
		want               rules.Reason
	}{
		{"H2 they agree", "/v1/a", "/v1/a", ""},
		{"H2 the header did not arrive", "/v1/a", "", ""},
		{"H2 another path", "/v1/a", "/v1/b", rules.AmbiguousPath},
		{"H2 a raw byte became an exclamation mark", "/v1/!", "/v1/\xff", rules.AmbiguousPath},
		{"H2 another query", "/v1/a?x=1", "/v1/a?x=2", rules.AmbiguousPath},
	} {
		r := raw("GET /")
		r.Path, r.RawPath = c.path, c.rawPath
		if _, err := Canonical(r, testOptions); reason(err) != c.want {
			t.Errorf("%s: got %v, want %q", c.row, err, c.want)
		}
	}
}

func TestMethods(t *testing.T) {
	for method, want := range map[string]rules.Reason{
		"GET": "", "HEAD": "", "PATCH": "", "FOO": "", "M-SEARCH": "",
		"": rules.MalformedRequest, "get": rules.MalformedRequest, "GeT": rules.MalformedRequest,
		"G T": rules.MalformedRequest, "-GET": rules.MalformedRequest, "G\x00T": rules.MalformedRequest,
		strings.Repeat("A", 33): rules.MalformedRequest,
	} {
		r := raw("GET /v1/a")
		r.Method = method
		if _, err := Canonical(r, testOptions); reason(err) != want {
			t.Errorf("method %q: got %v, want %q", method, err, want)
		}
	}
}

func TestHosts(t *testing.T) {
	for _, c := range []struct {
		row, host, want string // no want: ambiguous_host
	}{
		{"P2 plain", "api.example.com", "api.example.com"},
		{"P2 case", "API.Example.com", "api.example.com"},
		{"P2 port", "api.example.com:8443", "api.example.com"},
		{"P2 trailing dot", "api.example.com.", "api.example.com"},
		{"P2 trailing dot and port", "api.example.com.:443", "api.example.com"},
		{"two trailing dots", "api.example.com..", ""},
		{"leading dot", ".example.com", ""},
		{"empty label", "api..example.com", ""},
		{"empty", "", ""},
		{"a dot", ".", ""},
		{"only a port", ":80", ""},
		{"empty port", "api.example.com:", ""},
		{"port too high", "api.example.com:99999", ""},
		{"port zero", "api.example.com:0", ""},
		{"port with a sign", "api.example.com:+80", ""},
		{"user information", "user@api.example.com", ""},
		{"two hosts", "api.example.com,other", ""},
		{"space", "api.example.com ", ""},
		{"percent", "api%2eexample.com", ""},
		{"slash", "api.example.com/x", ""},
		{"raw byte", "api\xff.example.com", ""},
		{"too long", strings.Repeat("a", 254), ""},
		{"IPv4", "192.0.2.1:80", "192.0.2.1"},
		{"IPv6", "[2001:db8::1]", "[2001:db8::1]"},
		{"IPv6 with port", "[2001:DB8:0::1]:443", "[2001:db8::1]"},
		{"IPv6 without brackets", "2001:db8::1", ""},
		{"IPv6 with zone", "[fe80::1%eth0]", ""},
		{"IPv6 with dot", "[::1].", ""},
		{"IPv6 unclosed", "[::1", ""},
		{"IPv6 bad port", "[::1]:x", ""},
		{"IPv4 in brackets", "[192.0.2.1]", ""},
	} {
		t.Run(c.row, func(t *testing.T) {
			got, ok := CanonicalHost(c.host)
			if ok != (c.want != "") || got != c.want {
				t.Errorf("CanonicalHost(%q) = %q, %v; want %q", c.host, got, ok, c.want)
			}
			if again, ok := CanonicalHost(got); got != "" && (!ok || again != got) {
				t.Errorf("%q is not canonical: got %q again", got, again)
			}
			r := raw("GET /v1/a")
			r.Host, r.Serves = c.host, rules.NewHostSet(c.want)
			want := rules.AmbiguousHost
			if c.want != "" {
				want = ""
			}
			if req, err := Canonical(r, testOptions); reason(err) != want || err == nil && req.Host != c.want {
				t.Errorf("Canonical with host %q: got %v, want %q", c.host, err, want)
			}
		})
	}
}

func TestHostIsServedOrNot(t *testing.T) {
	r := raw("GET /v1/a")
	r.Host = "other.example.com"
	req, err := Canonical(r, testOptions)
	if reason(err) != rules.HostNotServed || req == nil || req.Host != "other.example.com" {
		t.Errorf("got %v, %v; want the request and %s", req, err, rules.HostNotServed)
	}
	r.Path, r.RawPath = "/../a", ""
	if _, err := Canonical(r, testOptions); reason(err) != rules.AmbiguousPath {
		t.Errorf("decoding comes first: got %v, want %s", err, rules.AmbiguousPath)
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		row, headers string
		want         rules.Reason
	}{
		{"one credential", "authorization: Bearer a", ""},
		{"T4 two credentials apart", "authorization: Bearer a\nauthorization: Bearer b", rules.AmbiguousHeader},
		{"T4 two credentials joined", "authorization: Bearer a,Bearer b", rules.AmbiguousHeader},
		{"T4 the same credential twice", "authorization: Bearer a\nauthorization: Bearer a", rules.AmbiguousHeader},
		{"T4 an empty second credential", "authorization: Bearer a,", rules.AmbiguousHeader},
		{"two proofs", "dpop: a\ndpop: b", rules.AmbiguousHeader},
		{"two content types", "content-type: application/json\ncontent-type: text/plain", rules.AmbiguousHeader},
		{"joined content types", "content-type: application/json,text/plain", rules.AmbiguousHeader},
		{"two encodings", "content-encoding: gzip, identity", rules.AmbiguousHeader},
		{"two lengths", "content-length: 1\ncontent-length: 1", rules.AmbiguousHeader},
		{"joined lengths", "content-length: 1,1", rules.AmbiguousHeader},
		{"a bad length", "content-length: +1", rules.MalformedRequest},
		{"a huge length", "content-length: 99999999999999999999", rules.MalformedRequest},
		{"length and chunks", "content-length: 1\ntransfer-encoding: chunked", rules.MalformedRequest},
		{"two markers", partialMarker + ": false\n" + partialMarker + ": true", rules.AmbiguousHeader},
		{"two origins", "origin: a\norigin: b", rules.AmbiguousHeader},
		{"lists that we do not read", "accept: a,b\naccept: c\ncookie: a=1\ncookie: b=2", ""},
		{"host agrees", "host: API.example.com:443", ""},
		{"host differs", "host: other.example.com", rules.AmbiguousHost},
		{"host twice", "host: api.example.com\nhost: api.example.com", rules.AmbiguousHeader},
		{"P2 method override", "x-http-method-override: DELETE", rules.MethodOverride},
		{"P2 method override to the same", "x-http-method-override: GET", rules.MethodOverride},
		{"P2 x-method-override", "x-method-override: DELETE", rules.MethodOverride},
		{"P2 x-override-method", "x-override-method: DELETE", rules.MethodOverride},
		{"P2 method-override", "method-override: DELETE", rules.MethodOverride},
		{"P2 method_override", "method_override: DELETE", rules.MethodOverride},
		{"P2 x-http-methodoverride", "x-http-methodoverride: DELETE", rules.MethodOverride},
		{"P2 x-rest-method", "x-rest-method: DELETE", rules.MethodOverride},
		{"P2 x-tunneled-method", "x-tunneled-method: DELETE", rules.MethodOverride},
		{"P2 x-original-method", "x-original-method: DELETE", rules.MethodOverride},
		{"P2 x-forwarded-method", "x-forwarded-method: DELETE", rules.MethodOverride},
		{"P2 twin of a forwarded method", "x-forwarded_method: DELETE", rules.MethodOverride},
		{"P2 x-http-method", "x-http-method: DELETE", rules.MethodOverride},
		{"P2 twin of an override", "x_http_method_override: DELETE", rules.MethodOverride},
		{"twin of a header we read", "content_type: text/plain", rules.AmbiguousHeader},
		{"dotted twin of a header we read", "x-envoy-auth.partial_body: false", rules.AmbiguousHeader},
		{"twin of one we do not read", "x_user_tier: 9", ""},
		{"P2 proxy headers are not read", "x-envoy-original-path: /admin\nx-original-url: /admin\nx-rewrite-url: /admin\nx-original-uri: /admin\nx-forwarded-uri: /admin\nx-forwarded-path: /admin\nx-forwarded-prefix: /admin\nx-script-name: /admin\nx-forwarded-host: other\nforwarded: host=other", ""},
		{"a twin of a path override", "x_original_url: /admin", rules.AmbiguousHeader},
		{"a twin of a mount point", "script_name: /admin", rules.AmbiguousHeader},
		{"a twin of a forwarded path", "x.forwarded-prefix: /admin", rules.AmbiguousHeader},
		{"another twin of a path override", "x-rewrite.url: /admin", rules.AmbiguousHeader},
		{"connection", "connection: keep-alive, close, TE", ""},
		{"connection names a header", "connection: keep-alive, authorization", rules.AmbiguousHeader},
		{"early data", "early-data: 1", rules.AmbiguousHeader},
		{"a pseudo header", ":method: GET", rules.MalformedRequest},
		{"an upper-case name", "Authorization: a", rules.MalformedRequest},
		{"a name with a space", "a b: c", rules.MalformedRequest},
		{"H2 a raw byte in a value we do not read", "x-note: \xff", ""},
		{"a NUL in a value", "x-note: a\x00b", rules.MalformedRequest},
		{"a CR in a value", "x-note: a\rb", rules.MalformedRequest},
	} {
		t.Run(c.row, func(t *testing.T) {
			if _, err := Canonical(raw("GET /v1/a\n"+c.headers), testOptions); reason(err) != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	r := raw("GET /v1/a")
	r.Headers = []rules.Header{{Name: "x", Value: "a\nb"}}
	if _, err := Canonical(r, testOptions); reason(err) != rules.MalformedRequest {
		t.Errorf("a LF in a value: got %v", err)
	}
}

func TestUpgrades(t *testing.T) {
	for row, request := range map[string]string{
		"CONNECT":            "CONNECT api.example.com:443",
		"only upgrade":       "GET /v1/a\nupgrade: websocket",
		"only connection":    "GET /v1/a\nconnection: keep-alive, Upgrade",
		"h2c":                "GET /v1/a\nconnection: Upgrade, HTTP2-Settings\nupgrade: h2c\nhttp2-settings: AAMAAABkAAQAAP__",
		"CONNECT with proxy": "CONNECT *",
		"h2c besides":        webSocket("GET /v1/a") + "\nupgrade: h2c",
		"another protocol":   "GET /v1/a\nconnection: Upgrade\nupgrade: websocket/1",
		"settings of HTTP/2": "GET /v1/a\nconnection: Upgrade, HTTP2-Settings\nupgrade: websocket",
		"with a body":        webSocket("GET /v1/a") + "\n\n{}",
		"with a length":      webSocket("GET /v1/a") + "\ncontent-length: 2",
		"in chunks":          webSocket("GET /v1/a") + "\ntransfer-encoding: chunked",
		"by another method":  webSocket("POST /v1/a"),
	} {
		req, err := Canonical(raw(request), testOptions)
		if reason(err) != rules.UpgradeNotSupported || req == nil {
			t.Errorf("%s: got %v, want the request and %s", row, err, rules.UpgradeNotSupported)
		}
	}
	if _, err := Canonical(raw("GET /v1/a\nupgrade-insecure-requests: 1"), testOptions); err != nil {
		t.Errorf("upgrade-insecure-requests is another header: got %v", err)
	}
}

func webSocket(line string) string {
	return line + "\nconnection: keep-alive, Upgrade\nupgrade: WebSocket"
}

// What comes through a WebSocket is read by nobody: it needs a line that says so.
func TestWebSockets(t *testing.T) {
	routes := streaming(t, time.Minute, "GET /v1/events/{id} -> read account/{id}")
	plain := compile(t, "GET /v1/events/{id} -> read account/{id}")
	for _, c := range []struct {
		row, request string
		routes       *Routes
		want         rules.Reason
	}{
		{"a line that streams", webSocket("GET /v1/events/AC123456"), routes, ""},
		{"a length of nothing", webSocket("GET /v1/events/AC123456") + "\ncontent-length: 0", routes, ""},
		{"twin: a line that does not", webSocket("GET /v1/events/AC123456"), plain, rules.UpgradeNotSupported},
		{"twin: no line", webSocket("GET /v1/other"), routes, rules.UpgradeNotSupported},
		{"twin: a line in another case", webSocket("GET /V1/events/AC123456"), routes, rules.UpgradeNotSupported},
		{"twin: h2c", "GET /v1/events/AC123456\nconnection: Upgrade\nupgrade: h2c", routes, rules.UpgradeNotSupported},
		{"twin: an id that is none", webSocket("GET /v1/events/nr7"), routes, rules.MalformedID},
		{"no upgrade on a line that streams", "GET /v1/events/AC123456", routes, ""},
	} {
		if _, err := resolve(c.routes, raw(c.request), nil); reason(err) != c.want {
			t.Errorf("%s: got %v, want %q", c.row, err, c.want)
		}
	}
	if max := routes.Operations()[0].Stream; max != time.Minute {
		t.Errorf("the line streams for %v", max)
	}
}

// streaming compiles lines that all say stream: { max }.
func streaming(t *testing.T, max time.Duration, lines ...string) *Routes {
	t.Helper()
	d := declare(lines...)
	for i := range d.Map {
		d.Map[i].Stream.Pos = d.Map[i].Pos
		d.Map[i].Stream.Max = rules.At[time.Duration]{Pos: d.Map[i].Pos, V: max}
	}
	routes, ms := Compile([]rules.HostDecl{d}, bank())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	return routes
}

func TestQueries(t *testing.T) {
	for _, c := range []struct {
		row, query string
		want       rules.Reason
		params     []rules.Param
	}{
		{"none", "", "", nil},
		{"in order, repeats kept", "b=2&a=1&b=3", "", []rules.Param{{Name: "b", Value: "2"}, {Name: "a", Value: "1"}, {Name: "b", Value: "3"}}},
		{"names are decoded", "%69d=7", "", []rules.Param{{Name: "id", Value: "7"}}},
		{"plus is a space", "q=a+b%2Bc", "", []rules.Param{{Name: "q", Value: "a b+c"}}},
		{"no value", "a&b=", "", []rules.Param{{Name: "a"}, {Name: "b"}}},
		{"empty parts", "&&a=1&", "", []rules.Param{{Name: "a", Value: "1"}}},
		{"the first = splits", "a=b=c", "", []rules.Param{{Name: "a", Value: "b=c"}}},
		{"question marks", "a=?b?", "", []rules.Param{{Name: "a", Value: "?b?"}}},
		{"a nested address", "u=%2Fa%3Fb%3D%2520", "", []rules.Param{{Name: "u", Value: "/a?b=%20"}}},
		{"as many as may be", strings.Repeat("&", 255), "", nil},
		{"one more, though empty", strings.Repeat("&", 256), rules.AmbiguousQuery, nil},
		{"id behind padding", strings.Repeat("a&", 1000) + "id=1", rules.AmbiguousQuery, nil},
		{"semicolon", "a=1;b=2", rules.AmbiguousQuery, nil},
		{"encoded semicolon", "a=1%3bb=2", "", []rules.Param{{Name: "a", Value: "1;b=2"}}},
		{"bad escape in a value", "a=%zz", rules.AmbiguousQuery, nil},
		{"cut escape in a name", "a%2=1", rules.AmbiguousQuery, nil},
		{"NUL", "a=%00", rules.AmbiguousQuery, nil},
		{"not UTF-8", "a=%ff", rules.AmbiguousQuery, nil},
		{"raw UTF-8", "a=Ü", rules.AmbiguousQuery, nil},
		{"fragment", "a=1#b", rules.AmbiguousQuery, nil},
		{"control byte", "a=\x01", rules.AmbiguousQuery, nil},
		{"P2 _method", "_method=DELETE", rules.MethodOverride, nil},
		{"P2 encoded _method", "%5FMethod=DELETE", rules.MethodOverride, nil},
		{"P2 .method", ".method=DELETE", rules.MethodOverride, nil},
		{"P2 a plus before _method", "+_method=DELETE", rules.MethodOverride, nil},
		{"P2 a space before _method", "%20_method=DELETE", rules.MethodOverride, nil},
		{"P2 _method in a list", "_method[]=DELETE", rules.MethodOverride, nil},
		{"another method", "payment_method=card", "", []rules.Param{{Name: "payment_method", Value: "card"}}},
	} {
		t.Run(c.row, func(t *testing.T) {
			req, err := Canonical(raw("GET /v1/a?"+c.query), testOptions)
			if reason(err) != c.want {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err == nil && (!slices.Equal(req.Query, c.params) || req.RawQuery != c.query || req.Path != "/v1/a") {
				t.Errorf("got %q from %q, want %q", req.Query, req.RawQuery, c.params)
			}
		})
	}
}

// The rows of what the proxy says of a body; section 1.2 of its behaviour.
func TestBodies(t *testing.T) {
	const whole, cut, none = "whole", "cut", "none"
	for _, c := range []struct {
		row     string
		headers string
		size    int64
		body    string
		limit   int
		want    string
		denied  rules.Reason
	}{
		{"P3 whole", partialMarker + ": false", 2, "{}", 10, whole, ""},
		{"P3 whole and the length agrees", partialMarker + ": false\ncontent-length: 2", 2, "{}", 10, whole, ""},
		{"P3 no marker and no body: not inspected", "", 0, "", 10, none, ""},
		{"P3 no marker and no body, but a length", "content-length: 2", 0, "", 10, none, ""},
		{"P3 no marker", "", 2, "{}", 10, whole, ""},
		{"P3 no marker, more was buffered", "", 3, "{}", 10, cut, ""},
		{"P3 no marker, more was announced", "content-length: 3", 2, "{}", 10, cut, ""},
		{"P3 no marker, less was announced", "content-length: 1", 2, "{}", 10, none, rules.MalformedRequest},
		{"P3 no marker, exactly the limit", "", 2, "{}", 2, cut, ""},
		{"P3 no marker, xDS client", "", -1, "", 10, none, ""},
		{"P3 marked partial", partialMarker + ": true", 2, "{}", 10, cut, ""},
		{"P3 marked partial and empty", partialMarker + ": true", 0, "", 10, cut, ""},
		{"P3 more was buffered", partialMarker + ": false", 3, "{}", 10, cut, ""},
		{"P3 more was announced", partialMarker + ": false\ncontent-length: 3", 2, "{}", 10, cut, ""},
		{"P3 less was announced", partialMarker + ": false\ncontent-length: 1", 2, "{}", 10, none, rules.MalformedRequest},
		{"P3 exactly the limit", partialMarker + ": false", 2, "{}", 2, cut, ""},
		{"P3 over the limit", partialMarker + ": false", 2, "{}", 1, cut, ""},
		{"P3 below the limit", partialMarker + ": false", 2, "{}", 3, whole, ""},
		{"P3 empty with a marker", partialMarker + ": false", 0, "", 0, whole, ""},
		{"P3 odd marker", partialMarker + ": False", 2, "{}", 10, none, rules.MalformedRequest},
	} {
		t.Run(c.row, func(t *testing.T) {
			r := raw("POST /v1/a\ncontent-type: text/plain\n" + c.headers)
			r.Body, r.Size = []byte(c.body), c.size
			req, err := Canonical(r, &Options{MaxBody: c.limit})
			if reason(err) != c.denied {
				t.Fatalf("got %v, want %q", err, c.denied)
			}
			if err != nil {
				return
			}
			got := none
			if req.HasBody {
				got = whole
			}
			if req.BodyCut {
				got = cut
			}
			if got != c.want || got != whole && req.Body != nil || got == whole && string(req.Body) != c.body {
				t.Errorf("got a body that is %s: %q, want %s", got, req.Body, c.want)
			}
		})
	}
}

// An address with a zone, which only the machine that wrote it understands, is not
// known: what reads it finds it absent, and matches it with nothing.
func TestSourceWithAZoneIsNotKnown(t *testing.T) {
	for address, want := range map[string]string{
		"fe80::1": "fe80::1", "::ffff:198.51.100.7": "198.51.100.7", // twins
		"fe80::1%eth0": "invalid IP", "::ffff:198.51.100.7%eth0": "invalid IP", "2001:db8::1%1": "invalid IP",
	} {
		r := raw("GET /v1/a")
		r.Source = netip.MustParseAddr(address)
		req, err := Canonical(r, &Options{})
		if err != nil || req.ClientIP.String() != want || req.Source != req.ClientIP {
			t.Errorf("%s: %v, source %v, %v, want %s", address, req.ClientIP, req.Source, err, want)
		}
	}
}

func TestClientIP(t *testing.T) {
	for _, c := range []struct {
		row, headers string
		from         ClientIP
		want         string // "" for none
	}{
		{"direct peer", "x-forwarded-for: 192.0.2.9", ClientIP{}, "198.51.100.7"},
		{"external address", "x-envoy-external-address: 192.0.2.1", ClientIP{From: FromExternalAddress}, "192.0.2.1"},
		{"no external address", "x-forwarded-for: 192.0.2.9", ClientIP{From: FromExternalAddress}, ""},
		{"one hop", "x-forwarded-for: 203.0.113.1, 192.0.2.1", ClientIP{From: FromXFF, Hops: 1}, "192.0.2.1"},
		{"two hops", "x-forwarded-for: 6.6.6.6, 203.0.113.1 ,192.0.2.1", ClientIP{From: FromXFF, Hops: 2}, "203.0.113.1"},
		{"two hops in two headers", "x-forwarded-for: 6.6.6.6, 203.0.113.1\nx-forwarded-for: 192.0.2.1", ClientIP{From: FromXFF, Hops: 2}, "203.0.113.1"},
		{"more hops than entries", "x-forwarded-for: 192.0.2.1", ClientIP{From: FromXFF, Hops: 2}, ""},
		{"no hops", "x-forwarded-for: 192.0.2.1", ClientIP{From: FromXFF}, ""},
		{"not an address", "x-forwarded-for: unknown", ClientIP{From: FromXFF, Hops: 1}, ""},
		{"mapped IPv4", "x-forwarded-for: ::ffff:192.0.2.1", ClientIP{From: FromXFF, Hops: 1}, "192.0.2.1"},
		{"zone", "x-forwarded-for: fe80::1%eth0", ClientIP{From: FromXFF, Hops: 1}, ""},
		{"zone of a mapped one", "x-forwarded-for: ::ffff:192.0.2.1%eth0", ClientIP{From: FromXFF, Hops: 1}, ""},
		{"zone in external address", "x-envoy-external-address: fe80::1%eth0", ClientIP{From: FromExternalAddress}, ""},
		{"no such source", "x-forwarded-for: 192.0.2.1", ClientIP{From: 9}, ""},
	} {
		r := raw("GET /v1/a\n" + c.headers)
		r.Source = netip.MustParseAddr("::ffff:198.51.100.7")
		req, err := Canonical(r, &Options{ClientIP: c.from})
		if err != nil {
			t.Fatal(err)
		}
		want := netip.Addr{}
		if c.want != "" {
			want = netip.MustParseAddr(c.want)
		}
		if req.ClientIP != want {
			t.Errorf("%s: got %v, want %v", c.row, req.ClientIP, want)
		}
	}
}
