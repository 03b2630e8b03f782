package identity

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"github.com/tiergate/tiergate/rules"
)

// authority is an X.509 authority as a SPIFFE bundle has it: a key without a kid
// that must never verify a token.
func authority() object {
	return with(rsaKey().jwk(), object{"kid": nil, "alg": nil, "use": "x509-svid", "x5c": []string{"AAAA"}})
}

// svidKey is a key of a SPIFFE bundle that signs JWT-SVIDs.
func svidKey(s signer) object { return with(s.jwk(), object{"use": "jwt-svid", "alg": nil}) }

func bundleOf(extra object, keys ...any) []byte {
	return must(json.Marshal(with(object{"keys": keys}, extra)))
}

func spiffeIssuer(c *IssuerConfig) {
	c.Profile, c.Algorithms = "jwt-svid", []string{"ES256", "RS256"}
}

// goodSVID are the claims of a JWT-SVID that outlives every test.
func goodSVID() object {
	return with(lasting(), object{"sub": "spiffe://example.com/ns/billing/sa/billing", "client_id": nil})
}

func TestSPIFFEBundles(t *testing.T) {
	ec, other := ecKey(), must(newSigner("ec-2", "ES256"))
	spiffe := admitter{algorithms: []string{"ES256", "RS256"}, spiffe: true}
	for _, row := range []struct {
		name    string
		by      admitter
		body    []byte
		keys    []string // that serve
		skipped int
		err     string
	}{
		{"a bundle", spiffe, bundleOf(object{"spiffe_sequence": 7, "spiffe_refresh_hint": 600}, authority(), svidKey(ec)), []string{"ec-1"}, 0, ""},
		{"several authorities are nobody's alarm", spiffe, bundleOf(nil, authority(), authority(), svidKey(ec), svidKey(other)), []string{"ec-1", "ec-2"}, 0, ""},
		{"the authorities alone", spiffe, bundleOf(nil, authority()), nil, 0, "none of 1 keys"},
		{"a plain set, of SPIRE's OIDC discovery", spiffe, jwks(with(ec.jwk(), object{"use": nil})), []string{"ec-1"}, 0, ""},
		{"a bundle's key without use", spiffe, bundleOf(nil, svidKey(other), with(ec.jwk(), object{"use": nil})), []string{"ec-2"}, 1, ""},
		{"a bundle's key for sig", spiffe, bundleOf(object{"spiffe_sequence": 1}, svidKey(other), ec.jwk()), []string{"ec-2"}, 1, ""},
		{"jwt-svid without a kid", spiffe, bundleOf(nil, svidKey(other), with(svidKey(ec), object{"kid": nil})), []string{"ec-2"}, 1, ""},
		{"jwt-svid that is private", spiffe, bundleOf(nil, svidKey(other), with(svidKey(ec), object{"d": "AQAB"})), []string{"ec-2"}, 1, ""},
		{"twin: an issuer of other tokens takes none of them", es256, bundleOf(nil, authority(), svidKey(ec)), nil, 2, "none of 2 keys"},
		{"twin: nor does it read what a bundle says", es256, bundleOf(object{"spiffe_sequence": "x"}, ec.jwk()), []string{"ec-1"}, 0, ""},
		{"a sequence that is no number", spiffe, bundleOf(object{"spiffe_sequence": "7"}, svidKey(ec)), nil, 0, "spiffe_sequence: not a number"},
		{"a sequence below zero", spiffe, bundleOf(object{"spiffe_sequence": -1}, svidKey(ec)), nil, 0, "spiffe_sequence"},
		{"a hint with a fraction", spiffe, bundleOf(object{"spiffe_refresh_hint": 1.5}, svidKey(ec)), nil, 0, "spiffe_refresh_hint"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, err := row.by.admit(row.body)
			if row.err == "" && err != nil || row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)) {
				t.Fatalf("error %v, want %q", err, row.err)
			}
			var got []string
			for _, k := range out.keys {
				got = append(got, k.Marshal().KID)
			}
			if strings.Join(got, " ") != strings.Join(row.keys, " ") || len(out.skipped) != row.skipped {
				t.Errorf("keys %v, skipped %v, want %v and %d", got, out.skipped, row.keys, row.skipped)
			}
		})
	}
}

// The bundle that go-spiffe writes is the one that we read.
func TestABundleOfGoSPIFFE(t *testing.T) {
	b := spiffebundle.New(spiffeid.RequireTrustDomainFromString("example.com"))
	b.SetSequenceNumber(9)
	b.SetRefreshHint(time.Hour)
	if err := b.AddJWTAuthority("ec-1", ecKey().private.Public()); err != nil {
		t.Fatal(err)
	}
	out, err := (&admitter{algorithms: []string{"ES256"}, spiffe: true}).admit(must(b.Marshal()))
	if err != nil || len(out.keys) != 1 || !out.bundle.is || out.bundle.sequence != 9 || out.bundle.refresh != time.Hour {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := es256.admit(must(b.Marshal())); err == nil || errors.Is(err, errForeign) {
		t.Errorf("twin, without the profile: %v", err)
	}
}

func TestTokensUnderABundle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bundle.json")
	writeFile(t, path, bundleOf(object{"spiffe_sequence": 1}, authority(), svidKey(ecKey())))
	for name, row := range map[string]struct {
		change func(*IssuerConfig)
		claims object
		want   rules.Reason
	}{
		"profile jwt-svid":      {spiffeIssuer, goodSVID(), ""},
		"twin: another profile": {func(*IssuerConfig) {}, goodClaims(), rules.JWKSUnavailable},
	} {
		v, err := New(Options{Now: fixed, Issuers: []IssuerConfig{config(row.change, func(c *IssuerConfig) {
			c.JWKS, c.MayAssert = JWKSConfig{File: path}, nil
		})}})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := verify(t, v, ecKey().mint(nil, row.claims)); got != row.want {
			t.Errorf("%s: refused for %q, want %q", name, got, row.want)
		}
		if _, got := verify(t, v, rsaKey().mint(nil, row.claims)); got == "" {
			t.Errorf("%s: the certificate authority's key signed a token", name)
		}
	}
}

// A21: a bundle's sequence says which of two is the older, whatever its Date.
func TestA21AnOlderBundleIsRefused(t *testing.T) {
	for _, row := range []struct {
		name         string
		before, next any
		accepted     bool
	}{
		{"older", 7, 6, false},
		{"twin: newer", 7, 8, true},
		{"twin: the same, with other keys", 7, 7, true},
		{"twin: without one", 7, nil, true},
		{"twin: the first that has one", nil, 1, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, next := serving(), must(newSigner("ec-2", "ES256"))
				p.body = bundleOf(object{"spiffe_sequence": row.before}, svidKey(ecKey()))
				v := running(t, p, spiffeIssuer, func(c *IssuerConfig) { c.MayAssert = nil })
				wants(t, v, ecKey().mint(nil, goodSVID()), "")
				p.set(func(p *provider) { p.body = bundleOf(object{"spiffe_sequence": row.next}, svidKey(next)) })
				time.Sleep(defaultRefresh)
				old, young := rules.TokenKeyUnknown, rules.Reason("")
				if !row.accepted {
					old, young = young, old
				}
				wants(t, v, ecKey().mint(nil, goodSVID()), old)
				wants(t, v, next.mint(nil, goodSVID()), young)
			})
		})
	}
}

// The hint is heeded within the bounds of Cache-Control, and the shorter counts.
func TestRefreshHint(t *testing.T) {
	for _, row := range []struct {
		hint    any
		control string
		every   time.Duration
		want    time.Duration
	}{
		{nil, "", 0, defaultRefresh},
		{300, "", 0, 5 * time.Minute},
		{1, "", 0, minRefresh},
		{0, "", 0, defaultRefresh},
		{1 << 40, "", 0, maxRefresh},
		{300, "max-age=600", 0, 5 * time.Minute},
		{600, "max-age=300", 0, 5 * time.Minute},
		{600, "", 2 * time.Minute, 2 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := serving()
			p.body, p.header = bundleOf(object{"spiffe_refresh_hint": row.hint}, svidKey(ecKey())), http.Header{"Cache-Control": {row.control}}
			running(t, p, spiffeIssuer, func(c *IssuerConfig) { c.JWKS.Refresh, c.MayAssert = row.every, nil })
			time.Sleep(row.want * 9 / 10)
			first := p.count()
			time.Sleep(row.want / 10)
			synctest.Wait()
			if first > 1 || p.count() != 2 {
				t.Errorf("%+v: %d fetches, then %d, want the second at about %v", row, first, p.count(), row.want)
			}
		})
	}
	f := &file{path: filepath.Join(t.TempDir(), "b")} // a file is cheap to look at: the hint is for those who fetch
	writeFile(t, f.path, bundleOf(object{"spiffe_refresh_hint": 3600}, svidKey(ecKey())))
	k := must(New(Options{Issuers: []IssuerConfig{config(spiffeIssuer, func(c *IssuerConfig) { c.JWKS, c.MayAssert = JWKSConfig{File: f.path}, nil })}})).order[0].keys
	if wait := k.interval(document{body: must(os.ReadFile(f.path))}); wait != filePace {
		t.Errorf("a file is read again after %v, want %v", wait, filePace)
	}
}
