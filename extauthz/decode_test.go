package extauthz

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"

	"github.com/tiergate/tiergate/rules"
)

func decoded(in *authv3.CheckRequest) *rules.RawRequest {
	var raw rules.RawRequest
	if err := decode(&raw, read(in).message); err != nil {
		panic(err)
	}
	return &raw
}

var sameAddr = cmpopts.EquateComparable(netip.Addr{})

// list makes a header_map; a value that starts with raw: goes to raw_value.
func list(pairs ...string) *corev3.HeaderMap {
	m := &corev3.HeaderMap{}
	for i := 0; i < len(pairs); i += 2 {
		h := &corev3.HeaderValue{Key: pairs[i], Value: pairs[i+1]}
		if bytes, ok := strings.CutPrefix(pairs[i+1], "raw:"); ok {
			h.Value, h.RawValue = "", []byte(bytes)
		}
		m.Headers = append(m.Headers, h)
	}
	return m
}

func TestHeadersAndHeaderMapAreTheSameRequest(t *testing.T) {
	asMap := request("GET", "/a?b", map[string]string{
		":path": "/a?b", ":method": "GET", ":authority": "api.example.com", ":scheme": "https",
		"authorization": "Bearer x", "accept": "*/*", "x-b": "",
	})
	asList := request("GET", "/a?b", nil)
	asList.Attributes.Request.Http.HeaderMap = list(":method", "raw:GET", ":path", "raw:/a?b", ":authority", "raw:api.example.com",
		":scheme", "raw:https", "accept", "raw:*/*", "authorization", "raw:Bearer x", "x-b", "")
	one, two := decoded(asMap), decoded(asList)
	if one.Exact || !two.Exact {
		t.Errorf("the headers are exact: %v, the header_map is: %v", one.Exact, two.Exact)
	}
	two.Exact = false
	if diff := cmp.Diff(one, two, sameAddr); diff != "" {
		t.Errorf("(-headers +header_map):\n%s", diff)
	}
	asList.Attributes.Request.Http.HeaderMap = list(":path", "raw:/a?b", "accept", "*/*", "x-b", "raw:c")
	if three := decoded(asList); three.Exact {
		t.Error("a header_map with one value as text is exact")
	}
	want := []rules.Header{{Name: "accept", Value: "*/*"}, {Name: "authorization", Value: "Bearer x"}, {Name: "x-b"}}
	if diff := cmp.Diff(want, one.Headers); diff != "" || one.RawPath != "/a?b" {
		t.Errorf("raw path %q, headers (-want +got):\n%s", one.RawPath, diff)
	}
}

func TestDecodeKeepsWhatTheProxySaw(t *testing.T) {
	in := request("PATCH", "/p", nil)
	in.Attributes.Source = &authv3.AttributeContext_Peer{
		Address:   &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: "2001:db8::1"}}},
		Principal: "spiffe://example.com/a", Certificate: "-----BEGIN%20", Service: "svc-admin",
	}
	h := in.Attributes.Request.Http
	h.Size, h.RawBody = 9, []byte("\xff{}")
	h.HeaderMap = list("X-Twice", "raw:1", "x-twice", "raw:\xff2", "x-both", "text", ":protocol", "x")
	h.HeaderMap.Headers[2].RawValue = []byte("bytes")
	want := &rules.RawRequest{
		Method: "PATCH", Path: "/p", Host: "api.example.com", ProxyID: "17",
		Body: []byte("\xff{}"), Size: 9, Source: netip.MustParseAddr("2001:db8::1"),
		Principal: "spiffe://example.com/a", Certificate: "-----BEGIN%20",
		Headers: []rules.Header{{Name: "x-twice", Value: "1"}, {Name: "x-twice", Value: "\xff2"}, {Name: "x-both", Value: "bytes"}},
	}
	if diff := cmp.Diff(want, decoded(in), sameAddr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	h.RawBody, h.Body = nil, "text"
	if got := decoded(in).Body; string(got) != "text" {
		t.Errorf("a body sent as text: %q", got)
	}
}

// A name that folds into ours only beyond ASCII is not ours.
func TestHeaderNamesFoldInASCIIAlone(t *testing.T) {
	in := request("GET", "/", nil)
	in.Attributes.Request.Http.HeaderMap = list("Cookie", "a", "coo\u212aie", "b")
	want := []rules.Header{{Name: "cookie", Value: "a"}, {Name: "coo\u212aie", Value: "b"}}
	if diff := cmp.Diff(want, decoded(in).Headers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// G3: nil at every level is a request with nothing in it, which is denied.
func TestG3NilAtEveryLevel(t *testing.T) {
	for name, in := range map[string]*authv3.CheckRequest{
		"no request":      nil,
		"no attributes":   {},
		"no http":         {Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{}}},
		"TCP":             {Attributes: &authv3.AttributeContext{Source: &authv3.AttributeContext_Peer{Address: &corev3.Address{}}}},
		"pipe":            {Attributes: &authv3.AttributeContext{Source: &authv3.AttributeContext_Peer{Address: &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: "/s"}}}}}},
		"nil in the list": {Attributes: &authv3.AttributeContext{Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{HeaderMap: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{nil}}}}}},
	} {
		raw := decoded(in)
		if raw.Method != "" || raw.Path != "" || raw.Host != "" || raw.Source.IsValid() {
			t.Errorf("%s: %+v", name, raw)
		}
	}
}

// What says one thing in two places must say the same: nothing is decided on one
// reading while the upstream acts on the other.
func TestContradictionsAreMalformed(t *testing.T) {
	type http = authv3.AttributeContext_HttpRequest
	for name, c := range map[string]struct {
		with func(*http)
		want error
	}{
		"they agree": {func(h *http) {
			h.HeaderMap = list(":method", "raw:GET", ":authority", "raw:api.example.com", ":scheme", "raw:https", ":path", "raw:/a", ":path", "raw:/a")
		}, nil},
		"without pseudo headers":         {func(h *http) { h.HeaderMap = list("accept", "x") }, nil},
		"without a scheme":               {func(h *http) { h.Scheme, h.HeaderMap = "", list(":scheme", "raw:https") }, nil},
		"a scheme in capitals":           {func(h *http) { h.HeaderMap = list(":scheme", "raw:HTTPS") }, nil},
		"another method":                 {func(h *http) { h.HeaderMap = list(":method", "raw:DELETE") }, errContradiction},
		"another method, as map":         {func(h *http) { h.Headers = map[string]string{":method": "DELETE"} }, errContradiction},
		"a second method":                {func(h *http) { h.HeaderMap = list(":method", "raw:DELETE", ":method", "raw:GET") }, errContradiction},
		"another host":                   {func(h *http) { h.HeaderMap = list(":authority", "raw:other.example.com") }, errContradiction},
		"another host, as map":           {func(h *http) { h.Headers = map[string]string{":authority": "other.example.com"} }, errContradiction},
		"another port":                   {func(h *http) { h.HeaderMap = list(":authority", "raw:api.example.com:80") }, errContradiction},
		"another scheme":                 {func(h *http) { h.HeaderMap = list(":scheme", "raw:http") }, errContradiction},
		"two paths":                      {func(h *http) { h.HeaderMap = list(":path", "raw:/b", ":path", "raw:/a") }, errContradiction},
		"a path after an empty one":      {func(h *http) { h.HeaderMap = list(":path", "", ":path", "raw:/a") }, errContradiction},
		"a protocol":                     {func(h *http) { h.HeaderMap = list(":protocol", "raw:websocket") }, nil},
		"two protocols":                  {func(h *http) { h.HeaderMap = list(":protocol", "raw:a", ":protocol", "raw:b") }, errContradiction},
		"two schemes without the field":  {func(h *http) { h.Scheme, h.HeaderMap = "", list(":scheme", "raw:http", ":scheme", "raw:https") }, errContradiction},
		"a pseudo header in capitals":    {func(h *http) { h.HeaderMap = list(":METHOD", "raw:DELETE") }, errContradiction},
		"the same, though it agrees":     {func(h *http) { h.HeaderMap = list(":Method", "raw:GET") }, errContradiction},
		"the same, as map":               {func(h *http) { h.Headers = map[string]string{":Authority": "other.example.com"} }, errContradiction},
		"a pseudo header behind a space": {func(h *http) { h.HeaderMap = list(" :path", "raw:/b") }, errContradiction},
		"a pseudo header before a space": {func(h *http) { h.HeaderMap = list(":path ", "raw:/b") }, errContradiction},
		"an unknown pseudo header":       {func(h *http) { h.HeaderMap = list(":foo", "x") }, errContradiction},
		"a pseudo header of answers":     {func(h *http) { h.HeaderMap = list(":status", "raw:200") }, errContradiction},
		"a colon alone":                  {func(h *http) { h.Headers = map[string]string{":": "x"} }, errContradiction},
		"a colon inside":                 {func(h *http) { h.HeaderMap = list("a:path", "x") }, nil}, // refused later, as no name
		"a path for later":               {func(h *http) { h.HeaderMap = list(":path", "raw:/b") }, nil},
		"both forms of headers": {func(h *http) {
			h.HeaderMap, h.Headers = list("accept", "x"), map[string]string{"accept": "x"}
		}, errContradiction},
		"both forms of the body": {func(h *http) { h.Body, h.RawBody = "{}", []byte("{}") }, nil},
		"two bodies":             {func(h *http) { h.Body, h.RawBody = `{"id":1}`, []byte(`{"id":2}`) }, errContradiction},
	} {
		in := request("GET", "/a", nil)
		c.with(in.Attributes.Request.Http)
		message, err := proto.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var raw rules.RawRequest
		if err := decode(&raw, string(message)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if contradicts(in) != (c.want != nil) {
			t.Errorf("%s: the slow reading disagrees", name)
		}
	}
}

// contradicts is the same of a request that the generated messages have read.
func contradicts(in *authv3.CheckRequest) bool {
	h := in.GetAttributes().GetRequest().GetHttp()
	if len(h.GetHeaders()) > 0 && len(h.GetHeaderMap().GetHeaders()) > 0 {
		return true
	}
	if h.GetBody() != "" && len(h.GetRawBody()) > 0 && h.GetBody() != string(h.GetRawBody()) {
		return true
	}
	said := map[string]string{":method": h.GetMethod(), ":authority": h.GetHost()}
	if h.GetScheme() != "" {
		said[":scheme"] = strings.ToLower(h.GetScheme())
	}
	before := map[string]string{}
	bad := func(name, value string) bool {
		if strings.HasPrefix(strings.TrimSpace(name), ":") {
			switch name {
			case ":method", ":authority", ":scheme", ":path", ":protocol":
			default:
				return true
			}
			if v, again := before[name]; again && v != value {
				return true
			}
			before[name] = value
		}
		if name == ":scheme" {
			value = strings.ToLower(value)
		}
		want, known := said[name]
		return known && value != want
	}
	for name, value := range h.GetHeaders() {
		if bad(name, value) {
			return true
		}
	}
	for _, h := range h.GetHeaderMap().GetHeaders() {
		value := h.GetValue()
		if len(h.GetRawValue()) > 0 {
			value = string(h.GetRawValue())
		}
		if bad(h.GetKey(), value) {
			return true
		}
	}
	return false
}

// slowDecode reads a request with the generated messages, the obvious way.
func slowDecode(in *authv3.CheckRequest) *rules.RawRequest {
	source, http := in.GetAttributes().GetSource(), in.GetAttributes().GetRequest().GetHttp()
	raw := &rules.RawRequest{
		Principal: source.GetPrincipal(), Certificate: source.GetCertificate(),
		ProxyID: http.GetId(), Method: http.GetMethod(), Path: http.GetPath(), Host: http.GetHost(),
		Size: http.GetSize(), Body: http.GetRawBody(),
	}
	raw.Source, _ = netip.ParseAddr(source.GetAddress().GetSocketAddress().GetAddress())
	if len(raw.Body) == 0 {
		raw.Body = []byte(http.GetBody())
	}
	add := func(name, value string) {
		switch {
		case name == ":path":
			raw.RawPath = value
		case !strings.HasPrefix(strings.TrimSpace(name), ":"):
			raw.Headers = append(raw.Headers, rules.Header{Name: strings.Map(func(r rune) rune {
				if r >= 'A' && r <= 'Z' && !strings.ContainsFunc(name, func(r rune) bool { return r > 127 }) {
					return r + 'a' - 'A'
				}
				return r
			}, name), Value: value})
		}
	}
	raw.Exact = len(http.GetHeaderMap().GetHeaders()) > 0
	for _, h := range http.GetHeaderMap().GetHeaders() {
		raw.Exact = raw.Exact && (len(h.GetRawValue()) > 0 || h.GetValue() == "")
		if len(h.GetRawValue()) > 0 {
			add(h.GetKey(), string(h.GetRawValue()))
		} else {
			add(h.GetKey(), h.GetValue())
		}
	}
	if len(http.GetHeaderMap().GetHeaders()) == 0 {
		for _, name := range slices.Sorted(maps.Keys(http.GetHeaders())) {
			add(name, http.GetHeaders()[name])
		}
	}
	return raw
}

// FuzzDecode: what the generated messages can read, we read the same way, but
// for groups, which we refuse.
func FuzzDecode(f *testing.F) {
	full := request("GET", "/a?b", map[string]string{":path": "/a?b", "b": "2", "A": "1"})
	full.Attributes.Source = &authv3.AttributeContext_Peer{
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: "192.0.2.1"}}}, Principal: "p", Certificate: "c",
	}
	listed := request("PUT", "/x", nil)
	listed.Attributes.Request.Http.HeaderMap = list(":path", "raw:/x", "X-A", "raw:\xff", "x-a", "v")
	listed.Attributes.Request.Http.RawBody, listed.Attributes.Request.Http.Size = []byte("{}"), -1
	for _, in := range []*authv3.CheckRequest{{}, full, listed} {
		message, err := proto.Marshal(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(message)
		f.Add(append(message, message...)) // parts of one message add up
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		var in authv3.CheckRequest
		if proto.Unmarshal(message, &in) != nil {
			return // what we make of it is denied or a request like any other
		}
		var got rules.RawRequest
		err := decode(&got, string(message))
		if errors.Is(err, errGroup) {
			return
		}
		if contradicts(&in) != errors.Is(err, errContradiction) {
			t.Fatalf("%v; the generated messages read %v", err, &in)
		}
		if err != nil && !errors.Is(err, errContradiction) {
			t.Fatalf("%v; the generated messages read %v", err, &in)
		}
		if diff := cmp.Diff(slowDecode(&in), &got, sameAddr, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-generated +ours):\n%s", diff)
		}
	})
}

// What cannot be read at any depth is a fault, never half a request.
func TestDecodeFaults(t *testing.T) {
	deep := func(inner string, fields ...byte) string {
		for _, f := range slices.Backward(fields) {
			inner = string([]byte{f<<3 | 2, byte(len(inner))}) + inner
		}
		return inner
	}
	for name, c := range map[string]struct {
		message string
		want    error
	}{
		"a cut tag":             {"\x80", errTruncated},
		"a cut text":            {deep("\x0a\x05ab", 1, 4, 2), errTruncated},
		"a cut number":          {deep("\x48\x80", 1, 4, 2), errTruncated},
		"a long number":         {deep("\x48\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 1, 4, 2), errTruncated},
		"cut fixed numbers":     {"\x0d\x00", errTruncated},
		"field 0":               {deep("\x02\x00", 1), errTag},
		"a group":               {deep("\x0b\x0c", 1, 1), errGroup},
		"a path not UTF-8":      {deep("\x22\x01\xff", 1, 4, 2), errUTF8},
		"a header not UTF-8":    {deep("\x12\x01\xff", 1, 4, 2, 13, 1), errUTF8},
		"a map entry not UTF-8": {deep("\x0a\x01\xff", 1, 4, 2, 3), errUTF8},
		"an address not UTF-8":  {deep("\x12\x01\xff", 1, 1, 1, 1), errUTF8},
		"a header that is cut":  {deep("\x0a\x09", 1, 4, 2, 13, 1), errTruncated},
	} {
		var raw rules.RawRequest
		if err := decode(&raw, c.message); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	in := request("GET", "/v1/accounts/NO100001", nil)
	in.Attributes.Request.Http.HeaderMap = list(":path", "raw:/v1/accounts/NO100001", "accept", "raw:*/*", "user-agent", "raw:curl", "authorization", "raw:Bearer x")
	message, err := proto.Marshal(in)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var raw rules.RawRequest
		if err := decode(&raw, string(message)); err != nil {
			b.Fatal(err)
		}
	}
}
