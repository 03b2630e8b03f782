package identity

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

func TestNormalTargets(t *testing.T) {
	for _, row := range []struct{ uri, origin, path string }{
		{"https://api.example.com/v1/a", "https://api.example.com", "/v1/a"},
		{"HTTPS://API.Example.COM/V1/a", "https://api.example.com", "/V1/a"},
		{"https://api.example.com:443/a", "https://api.example.com", "/a"},
		{"http://api.example.com:80/a", "http://api.example.com", "/a"},
		{"https://api.example.com:80/a", "https://api.example.com:80", "/a"},
		{"https://api.example.com:8443/a", "https://api.example.com:8443", "/a"},
		{"https://api.example.com", "https://api.example.com", "/"},
		{"https://api.example.com/", "https://api.example.com", "/"},
		{"https://api.example.com//a", "https://api.example.com", "//a"},
		{"https://[::1]/a", "https://[::1]", "/a"},
		{"https://[0:0::0001]:443/a", "https://[::1]", "/a"},
		{"https://[::1]:8443/a", "https://[::1]:8443", "/a"},
		{"https://h/%41%7e%2d%2F%c3%a9", "https://h", "/A~-%2F%C3%A9"},
		{"https://h/a;b=c,d:e@f|g", "https://h", "/a;b=c,d:e@f|g"},
		{"https://h/a/../b", "https://h", "/a/../b"},
		{"", "", ""},
		{"/a", "", ""},
		{"//h/a", "", ""},
		{"https:/h/a", "", ""},
		{"ftp://h/a", "", ""},
		{"https:///a", "", ""},
		{"https://h?x", "", ""},
		{"https://h/a?", "", ""},
		{"https://h/a#", "", ""},
		{"https://u@h/a", "", ""},
		{"https://u:p@h/a", "", ""},
		{"https://h:/a", "", ""},
		{"https://h:0/a", "", ""},
		{"https://h:0443/a", "", ""},
		{"https://h:65536/a", "", ""},
		{"https://h:+443/a", "", ""},
		{"https://h:443:443/a", "", ""},
		{"https://h%2eexample.com/a", "", ""},
		{"https://é/a", "", ""},
		{"https://h /a", "", ""},
		{"https://h\\@evil/a", "", ""},
		{"https://[::1/a", "", ""},
		{"https://[::1%25eth0]/a", "", ""},
		{"https://[127.0.0.1]/a", "", ""},
		{"https://[::1]x/a", "", ""},
		{"https://h/%", "", ""},
		{"https://h/%4", "", ""},
		{"https://h/%zz", "", ""},
		{"https://h/%+1", "", ""},
		{"https://h/é", "", ""},
		{"https://h/a b", "", ""},
		{"https://h/a\x00", "", ""},
	} {
		origin, path, err := normalTarget(row.uri)
		if (err == nil) != (row.origin != "") || err == nil && (origin != row.origin || path != row.path) {
			t.Errorf("normalTarget(%q) = %q, %q, %v, want %q, %q", row.uri, origin, path, err, row.origin, row.path)
		}
	}
}

// Two spellings that count as one URL are one URL to everybody: the same scheme,
// host, port and decoded path by net/url, with the same slashes. And what is
// normal stays as it is.
func FuzzTargets(f *testing.F) {
	for _, uri := range []string{
		"https://api.example.com/v1/accounts/7", "HTTPS://API.example.com:443/v1/account%73/7", "https://api.example.com:8443/", "https://api.example.com",
		"https://[::1]:443/%2F%2f", "https://api.example.com/a%2fb", "https://api.example.com/v1/accounts/7?x", "https://x@api.example.com/", "http://h/%41;x=%7E",
	} {
		f.Add(uri, "/v1/accounts/7")
	}
	f.Fuzz(func(t *testing.T, uri, path string) {
		origin, normal, err := normalTarget(uri)
		if err != nil {
			return
		}
		again, same, err := normalTarget(origin + normal)
		if err != nil || again != origin || same != normal {
			t.Fatalf("%q: %q and %q are not normal: %q, %q, %v", uri, origin, normal, again, same, err)
		}
		theirs, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("net/url does not read %q: %v", uri, err)
		}
		ours, err := url.Parse(origin + normal)
		if err != nil {
			t.Fatalf("net/url does not read %q: %v", origin+normal, err)
		}
		if theirs.Path == "" {
			theirs.Path = "/"
		}
		if theirs.User != nil || theirs.RawQuery != "" || theirs.ForceQuery || theirs.Fragment != "" {
			t.Fatalf("%q has more than an origin and a path", uri)
		}
		if theirs.Scheme != ours.Scheme || !sameHost(theirs, ours) || theirs.Path != ours.Path ||
			strings.Count(theirs.EscapedPath(), "/") > strings.Count(ours.EscapedPath(), "/") {
			t.Fatalf("%q counts as %q", uri, origin+normal)
		}
		// What one request proves, no other request can use.
		request, err := normalPath(path)
		if err == nil && request == normal {
			decoded, err := url.PathUnescape(path)
			if err != nil || decoded != ours.Path {
				t.Fatalf("a proof for %q fits the path %q", uri, path)
			}
		}
	})
}

func sameHost(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	name := func(u *url.URL) string {
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
			return ip.String()
		}
		return strings.ToLower(u.Hostname())
	}
	return name(a) == name(b) && port(a) == port(b)
}

// Whatever stands in the DPoP header, only proofs that the key has signed for
// this request pass, and each of them once.
func FuzzProof(f *testing.F) {
	v := loaded(f, serving(ecKey()), Options{})
	h := holder()
	token := ecKey().mint(nil, boundTo(object{"jkt": h.jkt()}))
	good := h.prove(token, nil, nil)
	f.Add(good)
	f.Add(twinSignature(good))
	f.Add(stranger().prove(token, nil, nil))
	f.Add(h.prove(token, nil, object{"htm": "POST"}))
	f.Add(h.prove(token, object{"typ": "JWT"}, nil))
	f.Add(token)
	signed := good[:strings.LastIndexByte(good, '.')]
	f.Fuzz(func(t *testing.T, proof string) {
		v.order[0].proofs.used = newReplays()
		e, err := v.Verify(t.Context(), proving(token, proof))
		if err != nil {
			if s := rules.Denial(err).Reason.Status(); s != 401 || e.Verified != nil || e.Bound != rules.NotBound {
				t.Fatalf("%q: %v with %+v", proof, err, e)
			}
			return
		}
		if e.Bound != rules.ByKey || !strings.HasPrefix(proof, signed+".") {
			t.Fatalf("%q passed as %+v", proof, e)
		}
		if _, err := v.Verify(t.Context(), proving(token, proof)); rules.Denial(err).Reason != rules.TokenReplayed {
			t.Fatalf("%q passed twice: %v", proof, err)
		}
	})
}
