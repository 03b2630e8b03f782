package extauthz

import (
	"net/netip"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tiergate/tiergate/rules"
)

func decoded(in *authv3.CheckRequest) *rules.RawRequest {
	var raw rules.RawRequest
	decode(&raw, in)
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
	if diff := cmp.Diff(one, two, sameAddr); diff != "" {
		t.Errorf("(-headers +header_map):\n%s", diff)
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
	h.Size, h.RawBody, h.Body = 9, []byte("\xff{}"), "ignored"
	h.HeaderMap = list("X-Twice", "raw:1", "x-twice", "raw:\xff2", "x-both", "text", ":unknown", "x")
	h.HeaderMap.Headers[2].RawValue = []byte("bytes")
	want := &rules.RawRequest{
		Method: "PATCH", Path: "/p", Host: "api.example.com", Scheme: "https", Protocol: "HTTP/2", ProxyID: "17",
		Body: []byte("\xff{}"), Size: 9, Source: netip.MustParseAddr("2001:db8::1"),
		Principal: "spiffe://example.com/a", Certificate: "-----BEGIN%20",
		Headers: []rules.Header{{Name: "x-twice", Value: "1"}, {Name: "x-twice", Value: "\xff2"}, {Name: "x-both", Value: "bytes"}},
	}
	if diff := cmp.Diff(want, decoded(in), sameAddr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	h.RawBody = nil
	if got := decoded(in).Body; string(got) != "ignored" {
		t.Errorf("a body sent as text: %q", got)
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
