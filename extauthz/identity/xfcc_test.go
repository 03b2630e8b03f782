package identity

import (
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

const gateway = "spiffe://example.com/gateway"

func TestXFCC(t *testing.T) {
	uri := func(ids ...string) xfcc { return xfcc{uris: ids} }
	for _, row := range []struct {
		text string
		want []xfcc // nil when it is refused
	}{
		{"URI=a", []xfcc{uri("a")}},
		{"uri=a;URI=b;UrI=c", []xfcc{uri("a", "b", "c")}},
		{"By=x;By=y;Hash=ab;Subject=\"\";URI=a;DNS=d;DNS=e", []xfcc{{uris: []string{"a"}, hash: "ab"}}},
		{"URI=a,URI=b", []xfcc{uri("a"), uri("b")}},
		{"URI=a , \tURI=b", []xfcc{uri("a"), uri("b")}},
		{`URI="a,b;c=d"`, []xfcc{uri("a,b;c=d")}},
		{`URI="a\"b"`, []xfcc{uri(`a"b`)}},
		{`URI="a\\",URI=b`, []xfcc{uri(`a\\`), uri("b")}},
		{`Subject="CN=a,b;URI=c\",URI=d";URI=e`, []xfcc{uri("e")}},
		{`Cert="x";Chain="y"`, []xfcc{{cert: "x", chain: "y"}}},
		{"URI=", []xfcc{uri("")}},
		{"Later=x;URI=a", []xfcc{uri("a")}},
		{"", nil},
		{" ", nil},
		{",", nil},
		{"URI=a,", nil},
		{",URI=a", nil},
		{"URI=a,,URI=b", nil},
		{"URI=a;", nil},
		{";URI=a", nil},
		{"URI=a;;URI=b", nil},
		{"URI", nil},
		{"=a", nil},
		{"URI =a", nil},
		{"URI= a", nil},
		{"URI=a b", nil},
		{"URI=a=b", nil},
		{`URI=a"b"`, nil},
		{`URI=a\,b`, nil},
		{"URI=a\x00", nil},
		{"URI=a\x7f", nil},
		{`URI="a`, nil},
		{`URI="`, nil},
		{`URI="a\`, nil},
		{`URI="a\"`, nil},
		{`URI="a"b`, nil},
		{`URI="a""b"`, nil},
		{`"URI"=a`, nil},
		{`U"RI=a`, nil},
		{"Hash=a;hash=b", nil},
		{`Cert="a";CERT="b"`, nil},
		{`Chain=a;Chain=a`, nil},
		{strings.Repeat("URI=a,", maxElements) + "URI=b", nil},
		{"URI=" + strings.Repeat("a", maxXFCC), nil},
	} {
		got, err := parseXFCC(row.text)
		if (err == nil) != (row.want != nil) || err == nil && !reflect.DeepEqual(got, row.want) {
			t.Errorf("parseXFCC(%.60q) = %+v, %v, want %+v", row.text, got, err, row.want)
		}
	}
	if got, err := parseXFCC(strings.Repeat("URI=a,", maxElements-1) + "URI=b"); len(got) != maxElements || err != nil {
		t.Errorf("%d elements, %v, want %d", len(got), err, maxElements)
	}
}

// asked is a request that came over the gateway, with the header's values.
func behind(direct string, values ...string) *rules.Request {
	req := &rules.Request{Now: now, Principal: direct}
	for _, v := range values {
		req.Headers = append(req.Headers, rules.Header{Name: xfccHeader, Value: v})
	}
	return req
}

func hexSum(c *x509.Certificate) string {
	sum := sumOf(c)
	return hex.EncodeToString(sum[:])
}

// A26: whom a listed proxy speaks for, and who else cannot.
func TestPeersBehindAProxy(t *testing.T) {
	const client, evil, inner = "spiffe://example.com/client", "spiffe://example.com/admin", "spiffe://example.com/inner"
	about := func(id string) string {
		return "By=spiffe://example.com/us;Hash=" + strings.Repeat("0a", 32) + ";URI=" + id
	}
	via := PeerOptions{Via: []string{gateway}}
	for _, row := range []struct {
		name string
		req  *rules.Request
		o    PeerOptions
		want string
	}{
		{"twin: the gateway's client", behind(gateway, about(client)), via, client},
		{"twin: our own proxy has appended the gateway", behind(gateway, about(client)+","+about(gateway)), via, client},
		{"twin: what the client wrote stands in front", behind(gateway, about(evil)+","+about(client)), via, client},
		{"twin: all three", behind(gateway, about(evil)+","+about(client)+","+about(gateway)), via, client},
		{"twin: a quoted subject with separators", behind(gateway, `By=x;Subject="CN=a,b;URI=`+evil+`\",URI=`+evil+`=";URI=`+client), via, client},
		{"twin: two headers", behind(gateway, about(evil), about(client)), via, client},
		{"twin: no proxy between us", behind(client), via, client},
		{"spoofed by an unlisted peer", behind(client, about(evil)), via, client},
		{"spoofed where nothing is listed", behind(gateway, about(evil)), PeerOptions{}, gateway},
		{"spoofed by a peer with a longer name", behind(gateway+"/x", about(evil)), via, gateway + "/x"},
		{"spoofed without any peer", behind("", about(evil)), via, ""},
		{"spoofed by a subject of the gateway's shape", behind("CN="+gateway, about(evil)), via, ""},
		{"the gateway alone", behind(gateway), via, ""},
		{"only our own proxy's element", behind(gateway, about(gateway)), via, ""},
		{"the gateway names itself", behind(gateway, about(gateway)+","+about(gateway)), via, ""},
		{"the gateway names itself, with a client in front", behind(gateway, about(evil)+","+about(gateway)+","+about(gateway)), via, ""},
		{"the gateway names another gateway", behind(gateway, about(client)+","+about(inner)), PeerOptions{Via: []string{gateway, inner}}, ""},
		{"twin: what it names speaks for nobody", behind(gateway, about(client)+","+about(inner)), via, inner},
		{"two URIs", behind(gateway, about(client)+";URI="+evil), via, ""},
		{"two URIs, the gateway's first", behind(gateway, about(client)+","+about(gateway)+";URI="+evil), via, ""},
		{"no URI", behind(gateway, "By=x;Hash="+strings.Repeat("0a", 32)+";DNS=client"), via, ""},
		{"no URI in the last, one before", behind(gateway, about(evil)+",By=x;Subject=\"CN=y\""), via, ""},
		{"a URI that is no SPIFFE ID", behind(gateway, "URI=https://example.com/client"), via, ""},
		{"a DNS name of that shape", behind(gateway, "DNS="+client), via, ""},
		{"a subject of that shape", behind(gateway, `Subject="CN=`+client+`"`), via, ""},
		{"a foreign trust domain", behind(gateway, about("spiffe://foreign.example/x")), PeerOptions{Via: []string{gateway}, TrustDomains: []string{"example.com"}}, ""},
		{"an odd element in front", behind(gateway, `By="`+","+about(client)), via, ""},
		{"an odd header in front", behind(gateway, `By="`, about(client)), via, ""},
		{"an odd hash", behind(gateway, "Hash=0a;URI="+client), via, ""},
		{"no certificate where one is required", behind(gateway, about(client)), PeerOptions{Via: []string{gateway}, RequireCertificate: true}, ""},
	} {
		t.Run("A26 "+row.name, func(t *testing.T) {
			e, err := must(New(Options{Peers: row.o})).Verify(t.Context(), row.req)
			if err != nil || e.Peer != row.want {
				t.Errorf("peer %q, %v, want %q", e.Peer, err, row.want)
			}
		})
	}
}

// A26: the certificate in the header is held against the bundle as any other.
func TestCertificatesBehindAProxy(t *testing.T) {
	const client = "spiffe://example.com/client"
	root, rogue := newAnchor("root", nil, nil), newAnchor("root", nil, nil)
	below := newAnchor("below", root, nil)
	o := bundledBy(inFile(t, "", asPEM(root.cert)))
	const second = gateway + "2"
	o.Peers.Via = []string{gateway, second}
	v := must(New(o))
	inner := root.leaf(second, nil)
	gate, good, deep := root.leaf(gateway, nil), root.leaf(client, nil), below.leaf(client, nil)
	forged := rogue.leaf(client, nil)
	element := func(c *x509.Certificate, more string) string {
		return fmt.Sprintf(`By=x;Hash=%s;Cert="%s";Subject="";URI=%s%s`, hexSum(c), sent(c), client, more)
	}
	own := fmt.Sprintf(`By=x;Hash=%s;Cert="%s";URI=%s`, hexSum(gate), sent(gate), gateway)
	for _, row := range []struct {
		name, direct, header string
		want                 string
		sum                  *x509.Certificate // that a token can be bound to; nil for none
	}{
		{"twin: vouched for", sent(gate), element(good, ""), client, good},
		{"twin: by a chain", sent(gate), element(deep, `;Chain="`+sent(deep, below.cert)+`"`), client, deep},
		{"twin: our own proxy's element behind it", sent(gate), element(good, "") + ",Hash=" + hexSum(gate) + ";URI=" + gateway, client, good},
		{"no chain", sent(gate), element(deep, ""), "", deep},
		{"a chain that leads elsewhere", sent(gate), element(forged, `;Chain="`+sent(forged, rogue.cert)+`"`), "", forged},
		{"a forged certificate", sent(gate), element(forged, ""), "", forged},
		{"no certificate", sent(gate), "Hash=" + hexSum(good) + ";URI=" + client, "", nil},
		{"another certificate's hash", sent(gate), strings.Replace(element(good, ""), hexSum(good), hexSum(gate), 1), "", nil},
		{"another name than the certificate's", sent(gate), element(root.leaf(client+"2", nil), ""), "", nil},
		{"an element about another certificate of the gateway", sent(gate), element(good, "") + ",Hash=" + hexSum(good) + ";URI=" + gateway, "", nil},
		{"the gateway's own certificate", sent(gate), element(good, "") + "," + own + "," + own, "", nil},
		{"the gateway's own certificate, without its name", sent(gate), `Cert="` + sent(gate) + `"`, "", nil},
		{"the gateway's own hash, without its name", sent(gate), "Hash=" + hexSum(gate), "", nil},
		{"the hash of a client without a name", sent(gate), "Hash=" + hexSum(good), "", nil},
		{"twin: the certificate of a client without a name", sent(gate), `Cert="` + sent(good) + `"`, "", good},
		{"another gateway's certificate under a client's name", sent(gate), element(inner, ""), "", nil},
		{"another gateway's certificate without a name", sent(gate), `Cert="` + sent(inner) + `"`, "", nil},
		{"a gateway without a certificate", "", element(good, ""), "", nil},
		{"a forged gateway", sent(rogue.leaf(gateway, nil)), element(good, ""), "", nil},
		{"garbage for a certificate", sent(gate), `Cert="x";URI=` + client, "", nil},
	} {
		t.Run("A26 "+row.name, func(t *testing.T) {
			req := behind(gateway, row.header)
			req.Certificate = row.direct
			for range 2 {
				if e, err := v.Verify(t.Context(), req); err != nil || e.Peer != row.want {
					t.Errorf("peer %q, %v, want %q", e.Peer, err, row.want)
				}
			}
			sum, ok := v.peers.presented(req)
			if row.name == "another name than the certificate's" { // the sum is that of what was sent
				return
			}
			if ok != (row.sum != nil) || ok && sum != sumOf(row.sum) {
				t.Errorf("the certificate's sum is %x, %v", sum, ok)
			}
		})
	}
}

// FuzzXFCC: what is believed of a header is what its last element says, however a
// client begins it, and reading it back from its strictest spelling changes nothing.
func FuzzXFCC(f *testing.F) {
	for _, seed := range []string{
		"URI=a", `By="`, `By="\`, `Subject="CN=a\",b";URI=c,URI=d`, "Hash=00;Cert=\"%0A\";URI=", "a=b;c=d,e=f", `x="\\"`, ",", "=", ";",
	} {
		f.Add(seed)
	}
	trusted := `By=spiffe://example.com/us;Hash=` + strings.Repeat("0a", 32) + `;Subject="CN=a,b";URI=spiffe://example.com/client`
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseXFCC(text)
		if err == nil {
			if len(list) == 0 || len(list) > maxElements {
				t.Fatalf("%q has %d elements", text, len(list))
			}
			var again []string
			for _, e := range list {
				pairs := []string{`x=""`}
				for _, uri := range e.uris {
					pairs = append(pairs, `URI="`+quoted(uri)+`"`)
				}
				for name, value := range map[string]string{"Hash": e.hash, "Cert": e.cert, "Chain": e.chain} {
					if value != "" {
						pairs = append(pairs, name+`="`+quoted(value)+`"`)
					}
				}
				again = append(again, strings.Join(pairs, ";"))
			}
			spelt := strings.Join(again, ",")
			if back, err := parseXFCC(spelt); len(spelt) <= maxXFCC && (err != nil || !reflect.DeepEqual(back, list)) {
				t.Errorf("%q is %+v, and again from %q %+v, %v", text, list, spelt, back, err)
			}
		}
		// A proxy appends its element to what the client sent.
		if e, ok := forwarded(behind(gateway, text+","+trusted)); ok && (len(e.uris) != 1 || e.uris[0] != "spiffe://example.com/client") {
			t.Errorf("a client who sends %q is %q", text, e.uris)
		}
	})
}

// quoted hides quotes that are not hidden yet.
func quoted(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		switch {
		case value[i] == '\\' && i+1 < len(value):
			b.WriteByte(value[i])
			i++
		case value[i] == '"':
			b.WriteByte('\\')
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// FuzzSPIFFEIDs: an ID has one spelling, in which nothing is hidden.
func FuzzSPIFFEIDs(f *testing.F) {
	for _, seed := range []string{billing, "spiffe://td/..", "spiffe://td/%2e", "SPIFFE://td/x", "spiffe://td:1/x", "spiffe://td//x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		domain, ok := rules.TrustDomain(id)
		if !ok {
			return
		}
		path, found := strings.CutPrefix(id, "spiffe://"+domain+"/")
		if !found || !rules.ValidTrustDomain(domain) || path == "" || len(id) > 2048 || strings.ContainsAny(id, "%?#@\\ \x00") || strings.Contains(path, "//") {
			t.Errorf("%q is of trust domain %q", id, domain)
		}
		u := must(uris(id)[0].Parse("."))
		if got := uris(id)[0].String(); got != id || u.Host != domain {
			t.Errorf("%q is %q of %q to a URL parser", id, got, u.Host)
		}
	})
}
