package extauthz

import (
	"net/netip"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/tiergate/tiergate/rules"
)

// decode copies what a CheckRequest says into raw and judges none of it. What is
// missing at any level stays empty, and an empty request is denied by whoever
// reads it. source.service is left out: the client chooses it.
func decode(raw *rules.RawRequest, in *authv3.CheckRequest) {
	attributes := in.GetAttributes()
	source := attributes.GetSource()
	raw.Source, _ = netip.ParseAddr(source.GetAddress().GetSocketAddress().GetAddress()) // invalid when absent
	raw.Principal = source.GetPrincipal()
	raw.Certificate = source.GetCertificate()

	http := attributes.GetRequest().GetHttp()
	raw.ProxyID = http.GetId()
	raw.Method = http.GetMethod()
	raw.Path = http.GetPath()
	raw.Host = http.GetHost()
	raw.Scheme = http.GetScheme()
	raw.Protocol = http.GetProtocol()
	raw.Size = http.GetSize()
	raw.Body = http.GetRawBody()
	if len(raw.Body) == 0 && http.GetBody() != "" {
		raw.Body = []byte(http.GetBody())
	}
	if list := http.GetHeaderMap().GetHeaders(); len(list) > 0 {
		decodeList(raw, list)
	} else {
		decodeMap(raw, http.GetHeaders())
	}
}

// decodeList reads header_map, the form that keeps order, repeats and bytes.
func decodeList(raw *rules.RawRequest, list []*corev3.HeaderValue) {
	raw.Headers = make([]rules.Header, 0, len(list))
	for _, h := range list {
		value := h.GetValue()
		if len(h.GetRawValue()) > 0 {
			value = string(h.GetRawValue())
		}
		addHeader(raw, h.GetKey(), value)
	}
}

// decodeMap reads headers, in the order of their names: a map has none.
func decodeMap(raw *rules.RawRequest, headers map[string]string) {
	raw.Headers = make([]rules.Header, 0, len(headers))
	for name, value := range headers {
		addHeader(raw, name, value)
	}
	slices.SortStableFunc(raw.Headers, func(a, b rules.Header) int { return strings.Compare(a.Name, b.Name) })
}

// addHeader keeps pseudo headers out of the headers; of them only :path says
// more than the request's own fields.
func addHeader(raw *rules.RawRequest, name, value string) {
	if strings.HasPrefix(name, ":") {
		if name == ":path" {
			raw.RawPath = value
		}
		return
	}
	raw.Headers = append(raw.Headers, rules.Header{Name: strings.ToLower(name), Value: value})
}
