package identity

import (
	"bytes"
	"crypto/x509"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// bundledBy is the options of a verifier that has a bundle of example.com.
func bundledBy(path string) Options {
	return Options{Peers: PeerOptions{Bundles: map[string]string{"example.com": path}}}
}

func peerOf(t *testing.T, v *Verifier, at time.Time, id string, list ...*x509.Certificate) string {
	t.Helper()
	certificate := ""
	if len(list) > 0 {
		certificate = sent(list...)
	}
	e, err := v.Verify(t.Context(), &rules.Request{Now: at, Principal: id, Certificate: certificate})
	if err != nil || !e.Verified.Anonymous {
		t.Fatalf("%+v, %v, want the anonymous caller", e, err)
	}
	return e.Peer
}

// A26: where there is a bundle, it must vouch for the certificate; the twin of each
// row is the workload that the same authority vouches for.
func TestPeersThatABundleVouchesFor(t *testing.T) {
	root := newAnchor("root", nil, nil)
	below := newAnchor("below", root, nil)
	rogue := newAnchor("root", nil, nil)
	other := newAnchor("other", nil, nil)
	bundle := inFile(t, "", append(asPEM(root.cert), asPEM(below.cert)...))
	o := bundledBy(bundle)
	o.Peers.Bundles["other.example"] = inFile(t, "", asPEM(other.cert))
	v := must(New(o))
	good := root.leaf(billing, nil)
	for _, row := range []struct {
		name string
		id   string
		list []*x509.Certificate
		want bool
	}{
		{"twin: a leaf of the root", billing, []*x509.Certificate{good}, true},
		{"twin: a leaf of the authority below", billing, []*x509.Certificate{below.leaf(billing, nil)}, true},
		{"twin: the other trust domain's workload", "spiffe://other.example/x", []*x509.Certificate{other.leaf("spiffe://other.example/x", nil)}, true},
		{"twin: a leaf that says nothing of its use", billing, []*x509.Certificate{root.leaf(billing, func(c *x509.Certificate) { c.ExtKeyUsage = nil })}, true},
		{"no certificate", billing, nil, false},
		{"self-signed", billing, []*x509.Certificate{newAnchor("x", nil, func(c *x509.Certificate) { c.IsCA, c.KeyUsage, c.URIs = false, 0, uris(billing) }).cert}, false},
		{"an authority of the same name", billing, []*x509.Certificate{rogue.leaf(billing, nil)}, false},
		{"another trust domain's authority", billing, []*x509.Certificate{other.leaf(billing, nil)}, false},
		{"our authority, another trust domain's workload", "spiffe://other.example/x", []*x509.Certificate{root.leaf("spiffe://other.example/x", nil)}, false},
		{"foreign trust domain", "spiffe://foreign.example/x", []*x509.Certificate{root.leaf("spiffe://foreign.example/x", nil)}, false},
		{"expired", billing, []*x509.Certificate{root.leaf(billing, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) })}, false},
		{"not yet", billing, []*x509.Certificate{root.leaf(billing, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) })}, false},
		{"for servers alone", billing, []*x509.Certificate{root.leaf(billing, func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] })}, false},
		{"two URI SANs", billing, []*x509.Certificate{root.leaf(billing, func(c *x509.Certificate) { c.URIs = uris(billing, "https://x/") })}, false},
		{"the authority itself", "spiffe://example.com/ca", []*x509.Certificate{newAnchor("ca", root, func(c *x509.Certificate) { c.URIs = uris("spiffe://example.com/ca") }).cert}, false},
		{"another workload's leaf", billing + "2", []*x509.Certificate{good}, false},
		{"a chain in place of the leaf", billing, []*x509.Certificate{good, root.cert}, false},
	} {
		t.Run("A26 "+row.name, func(t *testing.T) {
			for range 2 { // verified, and remembered
				if got := peerOf(t, v, now, row.id, row.list...); (got == row.id) != row.want || got != "" && got != row.id {
					t.Errorf("peer %q, want it %v", got, row.want)
				}
			}
		})
	}
}

// S: what is remembered of a certificate ends with it, and with whoever vouched for it.
func TestPeersEndWithTheirCertificate(t *testing.T) {
	until := func(end time.Time) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotAfter = end }
	}
	hour, two := now.Add(time.Hour), now.Add(2*time.Hour)
	for _, row := range []struct {
		name       string
		root, leaf time.Time // their ends
		bundle     bool
	}{
		{"the leaf's own end", two, hour, true},
		{"its authority's end", hour, two, true},
		{"the leaf's own end, without a bundle", two, hour, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			root := newAnchor("root", nil, until(row.root))
			leaf, o := root.leaf(billing, until(row.leaf)), Options{}
			if row.bundle {
				o = bundledBy(inFile(t, "", asPEM(root.cert)))
			}
			v := must(New(o))
			for _, at := range []struct {
				when time.Time
				want string
			}{{now, billing}, {hour, billing}, {hour.Add(time.Second), ""}, {now, billing}, {now.Add(-2 * time.Hour), ""}, {time.Time{}, ""}} {
				if got := peerOf(t, v, at.when, billing, leaf); got != at.want {
					t.Errorf("at %v the peer is %q, want %q", at.when, got, at.want)
				}
			}
		})
	}
}

// S: a root that is removed ends with the next reading; what cannot be read does not.
func TestBundlesThatChange(t *testing.T) {
	var log bytes.Buffer
	first, second := newAnchor("first", nil, nil), newAnchor("second", nil, nil)
	a, b := first.leaf(billing, nil), second.leaf(billing, nil)
	path := inFile(t, "", asPEM(first.cert))
	o := bundledBy(path)
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	v := must(New(o))
	f := v.peers.trust.files["example.com"]
	expect := func(step string, ofFirst, ofSecond bool, failures uint64) {
		t.Helper()
		f.refresh()
		f.refresh()
		if got := peerOf(t, v, now, billing, a) != ""; got != ofFirst {
			t.Errorf("%s: the first authority's workload is a peer: %v", step, got)
		}
		if got := peerOf(t, v, now, billing, b) != ""; got != ofSecond {
			t.Errorf("%s: the second authority's workload is a peer: %v", step, got)
		}
		if got := v.Bundles()[0].Failures; got != failures {
			t.Errorf("%s: %d failures, want %d", step, got, failures)
		}
	}
	expect("one root", true, false, 0)
	inFile(t, path, append(asPEM(first.cert), asPEM(second.cert)...))
	expect("a second one", true, true, 0)
	inFile(t, path, append(asPEM(first.cert), "garbage"...))
	expect("garbage behind it", true, true, 2)
	inFile(t, path, nil)
	expect("an empty file", true, true, 4)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect("no file", true, true, 6)
	inFile(t, path, asPEM(second.cert))
	expect("the first one removed", false, true, 6)
	inFile(t, path, asPEM(second.cert, second.cert))
	expect("the same one twice", false, true, 6)
	if got := strings.Count(log.String(), "bundle not loaded"); got != 3 {
		t.Errorf("%d faults are logged, want each once:\n%s", got, log.String())
	}
	if s := v.Bundles()[0]; s.Name != "example.com" || s.Loads != 4 || s.Authorities != 2 {
		t.Errorf("%+v", s)
	}
}

func TestSequencesOfBundles(t *testing.T) {
	first, second := newAnchor("first", nil, nil), newAnchor("second", nil, nil)
	path := inFile(t, "", asBundle(7, nil, second.cert))
	v := must(New(bundledBy(path)))
	f := v.peers.trust.files["example.com"]
	for _, row := range []struct {
		text []byte
		want *anchor
	}{
		{asBundle(6, nil, first.cert), second},
		{asBundle(0, nil, first.cert), first}, // which does not say
		{asBundle(5, nil, second.cert), second},
	} {
		inFile(t, path, row.text)
		f.refresh()
		if peerOf(t, v, now, billing, row.want.leaf(billing, nil)) == "" {
			t.Errorf("%s: %s does not vouch", row.text[:20], row.want.cert.Subject)
		}
	}
}

func TestBundlesThatAreRefused(t *testing.T) {
	root := newAnchor("root", nil, nil)
	below := newAnchor("below", root, nil)
	leaf := root.leaf(billing, nil)
	key := "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	own := newAnchor("own", nil, func(c *x509.Certificate) { c.URIs = uris("spiffe://example.com") })
	foreign := newAnchor("foreign", nil, func(c *x509.Certificate) { c.URIs = uris("spiffe://other.example") })
	for _, row := range []struct {
		name, text, want string // "" when it is good
	}{
		{"twin: a root", string(asPEM(root.cert)), ""},
		{"twin: with one below it", string(asPEM(root.cert, below.cert)), ""},
		{"twin: of our own trust domain", string(asPEM(own.cert)), ""},
		{"twin: a SPIFFE bundle", string(asBundle(1, []signer{ecKey()}, root.cert)), ""},
		{"twin: one whose authority has a parent", string(asBundle(1, nil, below.cert)), ""},
		{"empty", "", "no certificate"},
		{"no root", string(asPEM(below.cert)), "none is signed by itself"},
		{"a leaf", string(asPEM(root.cert, leaf)), "it is no authority"},
		{"a private key", string(asPEM(root.cert)) + key, `a block is a "PRIVATE KEY"`},
		{"text in front", "root:\n" + string(asPEM(root.cert)), "something else than PEM"},
		{"text behind", string(asPEM(root.cert)) + "x", "something else than PEM behind 1"},
		{"half of it", string(asPEM(root.cert)[:200]), "broken PEM"},
		{"damaged", strings.Replace(string(asPEM(root.cert)), "MII", "MIJ", 1), ""},
		{"of another trust domain", string(asPEM(foreign.cert)), `it is of trust domain "other.example"`},
		{"may not sign", string(asBundle(1, nil, newAnchor("x", nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }).cert)), "may not sign"},
		{"too many", strings.Repeat(string(asPEM(root.cert)), maxAuthorities+1), "more than 100"},
		{"a plain key set", string(jwks(ecKey())), "no X.509 authority"},
		{"JSON that is none", `{"keys": 1}`, `no "keys" array`},
		{"a name twice", `{"keys": [], "keys": []}`, "keys"},
		{"two certificates for a key", strings.Replace(string(asBundle(1, nil, root.cert)), `"x5c":[`, `"x5c":["",`, 1), "2 certificates"},
		{"no base64", strings.Replace(string(asBundle(1, nil, root.cert)), `"x5c":["`, `"x5c":["*`, 1), "x5c"},
		{"an odd sequence", `{"keys": [], "spiffe_sequence": "1"}`, "spiffe_sequence"},
	} {
		a, err := readAuthorities("example.com", []byte(row.text))
		if row.name == "damaged" {
			if err == nil {
				t.Errorf("%s: no error", row.name)
			}
			continue
		}
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %+v, %v, want %q", row.name, a, err, row.want)
		}
	}
}

// The byte-exact SAN counts: what a URL parser makes of it may read the same.
func TestSANsToTheByte(t *testing.T) {
	root := newAnchor("root", nil, nil)
	for _, odd := range []string{"SPIFFE://example.com/x", "spiffe://example.com/x#", "spiffe://example.com/x?", "spiffe://example.com/%78"} {
		u := &url.URL{Opaque: strings.TrimPrefix(odd, "spiffe:"), Scheme: "spiffe"}
		if strings.HasPrefix(odd, "SPIFFE") {
			u = &url.URL{Scheme: "SPIFFE", Host: "example.com", Path: "/x"}
		}
		leaf := root.leaf("", func(c *x509.Certificate) { c.URIs = []*url.URL{u} })
		if got, err := uriNames(leaf); err != nil || len(got) != 1 || got[0] != odd {
			t.Fatalf("the SAN is %q, %v, want %q", got, err, odd)
		}
		if err := checkSVID(leaf, "spiffe://example.com/x"); err == nil {
			t.Errorf("%s passes for spiffe://example.com/x", odd)
		}
	}
	if err := checkSVID(root.leaf("spiffe://example.com/x", nil), "spiffe://example.com/x"); err != nil {
		t.Error(err)
	}
}

func TestBundlesAreWaitedFor(t *testing.T) {
	path := t.TempDir() + "/later.pem"
	o := bundledBy(path)
	if v := must(New(o)); v.BundlesReady() != nil {
		t.Errorf("waits for %q, which nobody requires", v.BundlesReady())
	}
	o.Peers.Required = true
	v := must(New(o))
	if got := v.BundlesReady(); len(got) != 1 || got[0] != "example.com" {
		t.Fatalf("waits for %q", got)
	}
	inFile(t, path, asPEM(newAnchor("root", nil, nil).cert))
	v.peers.trust.files["example.com"].refresh()
	if got := v.BundlesReady(); got != nil {
		t.Errorf("waits for %q", got)
	}
}
