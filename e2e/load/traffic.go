package load

import (
	"fmt"
	"math/rand/v2"
	"net/http"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"
)

// Request is one request of the traffic. Allowed is the answer it should get.
type Request struct {
	Method, Host, Path, Token string
	Allowed                   bool
}

// usual are the headers that a browser's request brings through an Envoy.
var usual = [][2]string{
	{"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	{"accept", "application/json, text/plain, */*"},
	{"accept-language", "en-GB,en;q=0.7,nl;q=0.3"},
	{"accept-encoding", "gzip, deflate, br, zstd"},
	{"origin", "https://app.bank.example.com"},
	{"referer", "https://app.bank.example.com/accounts"},
	{"sec-fetch-dest", "empty"},
	{"sec-fetch-mode", "cors"},
	{"sec-fetch-site", "same-site"},
	{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	{"x-forwarded-for", "203.0.113.7"},
	{"x-forwarded-proto", "https"},
	{"x-request-id", "5f2b6f3e-8c1d-4f0e-9a57-0d8d3b0c7a11"},
}

// encode is the CheckRequest that the hardened bootstrap sends for r.
func (r *Request) encode(id int) ([]byte, error) {
	headers := []*corev3.HeaderValue{
		{Key: ":authority", RawValue: []byte(r.Host)},
		{Key: ":method", RawValue: []byte(r.Method)},
		{Key: ":path", RawValue: []byte(r.Path)},
		{Key: ":scheme", RawValue: []byte("https")},
	}
	for _, h := range usual {
		headers = append(headers, &corev3.HeaderValue{Key: h[0], RawValue: []byte(h[1])})
	}
	if r.Token != "" {
		headers = append(headers, &corev3.HeaderValue{Key: "authorization", RawValue: []byte("Bearer " + r.Token)})
	}
	return proto.Marshal(&authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source: &authv3.AttributeContext_Peer{Address: socket("203.0.113.7", 40000)},
		Destination: &authv3.AttributeContext_Peer{
			Address: socket("127.0.0.1", 8443), Principal: "spiffe://bank.example.com/gateway",
		},
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Id: fmt.Sprint(id), Method: r.Method, Path: r.Path, Host: r.Host, Scheme: "https", Protocol: "HTTP/2",
			HeaderMap: &corev3.HeaderMap{Headers: headers},
		}},
		MetadataContext:      &corev3.Metadata{},
		RouteMetadataContext: &corev3.Metadata{},
		TlsSession:           &authv3.AttributeContext_TLSSession{Sni: r.Host},
	}})
}

func socket(address string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: address, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}

// http makes r for an Envoy at base, scheme and authority of a URL.
func (r *Request) http(base string) (*http.Request, error) {
	req, err := http.NewRequest(r.Method, base+r.Path, nil)
	if err != nil {
		return nil, err
	}
	req.Host = r.Host
	if r.Token != "" {
		req.Header.Set("authorization", "Bearer "+r.Token)
	}
	return req, nil
}

// shuffled is the order in which n requests are sent: every one before any again.
func shuffled(n int) []int { return rand.New(rand.NewPCG(1, 2)).Perm(n) }
