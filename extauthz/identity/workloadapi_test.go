package identity

import (
	"context"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/tiergate/tiergate/rules"
)

// keptFresh runs a verifier until the test ends, and joins it.
func keptFresh(t *testing.T, v *Verifier) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// becomes waits for a condition, for the agent is another process to us.
func becomes(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// S: what the agent says counts at once, also that an authority is gone; what it
// cannot say while it is away stays as it was.
func TestWorkloadAPI(t *testing.T) {
	a := startAgent(t)
	first, second, other := newAnchor("first", nil, nil), newAnchor("second", nil, nil), newAnchor("other", nil, nil)
	foreign := "spiffe://other.example/x"
	v := must(New(Options{Peers: PeerOptions{WorkloadAPI: a.address, Required: true}}))
	ofFirst, ofSecond, ofOther := first.leaf(billing, nil), second.leaf(billing, nil), other.leaf(foreign, nil)
	is := func(id string, leaf *x509.Certificate) bool { return peerOf(t, v, now, id, leaf) == id }
	if is(billing, ofFirst) || len(v.BundlesReady()) != 1 {
		t.Fatal("a peer before there was a bundle")
	}
	a.tell(func(a *agent) { a.x509["spiffe://example.com"] = first.cert.Raw })
	keptFresh(t, v)
	becomes(t, "the first authority's workload is a peer", func() bool { return is(billing, ofFirst) })
	if is(billing, ofSecond) || is(foreign, ofOther) || len(v.BundlesReady()) != 0 {
		t.Error("an authority that the agent did not name vouches, or the bundle is waited for")
	}
	a.tell(func(a *agent) {
		a.x509["spiffe://example.com"] = append(first.cert.Raw[:len(first.cert.Raw):len(first.cert.Raw)], second.cert.Raw...)
		a.x509["spiffe://other.example"] = other.cert.Raw
	})
	becomes(t, "the second authority's workload is a peer", func() bool { return is(billing, ofSecond) })
	if !is(billing, ofFirst) || !is(foreign, ofOther) {
		t.Error("the first authority, or the federated one, does not vouch")
	}
	failures := func() uint64 { return v.Bundles()[0].Failures }
	was := failures()
	for _, bad := range []map[string][]byte{
		{},
		{"spiffe://example.com": []byte("no DER")},
		{"spiffe://example.com": ofFirst.Raw},
		{"not a trust domain": first.cert.Raw},
	} {
		a.tell(func(a *agent) { a.x509 = bad })
		becomes(t, "a failure is counted", func() bool { return failures() > was })
		if was = failures(); !is(billing, ofFirst) {
			t.Errorf("%v: the last good bundle is gone", bad)
		}
	}
	a.stop()
	becomes(t, "the outage is counted", func() bool { return failures() > was })
	if !is(billing, ofFirst) {
		t.Error("the last good bundle is gone with the agent")
	}
	a.tell(func(a *agent) { a.x509 = map[string][]byte{"spiffe://example.com": second.cert.Raw} })
	a.start(t)
	becomes(t, "the first authority is withdrawn", func() bool { return !is(billing, ofFirst) })
	if !is(billing, ofSecond) || is(foreign, ofOther) {
		t.Error("the second authority does not vouch, or a trust domain that the agent does not name any more does")
	}
	was = failures()
	a.tell(func(a *agent) { a.fails = codes.InvalidArgument }) // at which the library gives up
	becomes(t, "the refusal is counted", func() bool { return failures() > was })
	a.tell(func(a *agent) {
		a.fails, a.x509 = codes.OK, map[string][]byte{"spiffe://example.com": first.cert.Raw}
	})
	becomes(t, "the watch begins again", func() bool { return is(billing, ofFirst) && !is(billing, ofSecond) })
}

// A file wins over the agent, for its own trust domain alone.
func TestFilesWinOverTheWorkloadAPI(t *testing.T) {
	a := startAgent(t)
	ours, theirs, other := newAnchor("ours", nil, nil), newAnchor("theirs", nil, nil), newAnchor("other", nil, nil)
	a.tell(func(a *agent) {
		a.x509 = map[string][]byte{"spiffe://example.com": theirs.cert.Raw, "spiffe://other.example": other.cert.Raw}
	})
	o := bundledBy(inFile(t, "", asPEM(ours.cert)))
	o.Peers.WorkloadAPI = a.address
	v := must(New(o))
	if err := v.Fetch(t.Context()); err != nil { // as commands do
		t.Fatal(err)
	}
	foreign := "spiffe://other.example/x"
	for _, row := range []struct {
		id   string
		leaf *x509.Certificate
		want string
	}{
		{billing, ours.leaf(billing, nil), billing}, {billing, theirs.leaf(billing, nil), ""},
		{foreign, other.leaf(foreign, nil), foreign}, {foreign, ours.leaf(foreign, nil), ""},
	} {
		if got := peerOf(t, v, now, row.id, row.leaf); got != row.want {
			t.Errorf("%s by %s is peer %q, want %q", row.id, row.leaf.Issuer, got, row.want)
		}
	}
	a.stop()
	if err := v.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "Workload API") {
		t.Errorf("Fetch = %v without an agent", err)
	}
}

// svidIssuer is one that is named by a trust domain.
func svidIssuer(name, domain string, jwks JWKSConfig) IssuerConfig {
	return IssuerConfig{Name: name, TrustDomain: domain, Profile: "jwt-svid", Audience: []string{audience}, JWKS: jwks}
}

func svidClaims(sub string) object {
	return object{"sub": sub, "aud": audience, "exp": now.Add(time.Minute).Unix()}
}

// A19, A17: whose keys are asked for a JWT-SVID, and whose never.
func TestIssuersOfJWTSVIDs(t *testing.T) {
	ours, theirs := must(newSigner("k", "ES256")), must(newSigner("k", "ES256")) // of one kid
	file := func(s signer) JWKSConfig {
		return JWKSConfig{File: inFile(t, "", asBundle(1, []signer{s}, newAnchor("root", nil, nil).cert))}
	}
	named := config(func(c *IssuerConfig) { c.Algorithms, c.Profile, c.MayAssert = nil, "jwt-svid", nil })
	named.JWKS = file(ecKey())
	both := svidIssuer("both", "example.com", file(theirs))
	both.Issuer = "https://both.example.com"
	v := must(New(Options{Now: func() time.Time { return now }, Issuers: []IssuerConfig{
		svidIssuer("ours", "example.com", file(ours)), svidIssuer("theirs", "other.example", file(theirs)), named, both,
	}}))
	const foreign = "spiffe://other.example/x"
	for _, row := range []struct {
		name   string
		by     signer
		claims object
		issuer string // "" when it is refused
		reason rules.Reason
	}{
		{"twin: no iss", ours, svidClaims(billing), "ours", ""},
		{"twin: an unknown iss", ours, with(svidClaims(billing), object{"iss": "https://spire.example.com"}), "ours", ""},
		{"twin: an empty iss", ours, with(svidClaims(billing), object{"iss": ""}), "ours", ""},
		{"twin: the other trust domain", theirs, svidClaims(foreign), "theirs", ""},
		{"twin: an exact iss comes first", ecKey(), with(svidClaims(billing), object{"iss": iss}), "corp", ""},
		{"twin: iss and trust domain", theirs, with(svidClaims(billing), object{"iss": both.Issuer}), "both", ""},
		{"the keys of another trust domain", theirs, svidClaims(billing), "", rules.TokenSignature},
		{"ours for another trust domain", ours, svidClaims(foreign), "", rules.TokenSignature},
		{"an exact iss and the trust domain's key", ours, with(svidClaims(billing), object{"iss": iss}), "", rules.TokenKeyUnknown},
		{"iss and another trust domain", theirs, with(svidClaims(foreign), object{"iss": both.Issuer}), "", rules.TokenIssuer},
		{"an unknown trust domain", ours, svidClaims("spiffe://foreign.example/x"), "", rules.TokenClaims},
		{"an unknown trust domain and iss", ours, with(svidClaims("spiffe://foreign.example/x"), object{"iss": "x"}), "", rules.TokenIssuer},
		{"a subject that is no SPIFFE ID", ours, svidClaims("spiffe://example.com/../x"), "", rules.TokenClaims},
		{"an iss that is no text", ours, with(svidClaims(billing), object{"iss": 1}), "", rules.TokenClaims},
		{"an access token", ours, with(svidClaims(billing), object{"scope": "read"}), "", rules.TokenKind},
		{"another audience", ours, with(svidClaims(billing), object{"aud": "x"}), "", rules.TokenAudience},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := row.by.mint(nil, row.claims)
			e, err := v.Verify(t.Context(), &rules.Request{Now: now, Headers: []rules.Header{{Name: "authorization", Value: "Bearer " + text}}})
			if row.issuer == "" {
				if got := rules.Denial(err).Reason; err == nil || got != row.reason {
					t.Errorf("%+v, %v, want %s", e.Verified, err, row.reason)
				}
				return
			}
			if err != nil || e.Verified.Issuer != row.issuer || e.Verified.Subject != row.claims["sub"] {
				t.Errorf("%+v, %v, want issuer %q", e.Verified, err, row.issuer)
			}
			if got := v.Explain(text); got.Issuer != row.issuer {
				t.Errorf("explained as of issuer %q", got.Issuer)
			}
		})
	}
}

// J, S: the keys of JWT-SVIDs come from the very bundle that peers have, and end with it.
func TestKeysFromTheWorkloadAPI(t *testing.T) {
	a := startAgent(t)
	first, second := must(newSigner("k1", "ES256")), must(newSigner("k2", "ES256"))
	a.tell(func(a *agent) {
		a.jwt = map[string][]byte{"spiffe://example.com": jwks(with(first.jwk(), object{"use": "jwt-svid"})), "spiffe://other.example": jwks(second)}
	})
	v := must(New(Options{
		Now: func() time.Time { return now }, Peers: PeerOptions{WorkloadAPI: a.address},
		Issuers: []IssuerConfig{svidIssuer("workloads", "example.com", JWKSConfig{Bundle: true})},
	}))
	ask := func(s signer) error {
		_, err := v.Verify(t.Context(), &rules.Request{Now: now, Headers: []rules.Header{{Name: "authorization", Value: "Bearer " + s.mint(nil, svidClaims(billing))}}})
		return err
	}
	if got := rules.Denial(ask(first)).Reason; got != rules.JWKSUnavailable {
		t.Errorf("before the first answer: %s", got)
	}
	keys := v.order[0].keys
	keys.refresh(t.Context())
	if err := ask(first); err != nil {
		t.Error(err)
	}
	if got := rules.Denial(ask(second)).Reason; got != rules.TokenKeyUnknown {
		t.Errorf("another trust domain's key: %s", got)
	}
	a.tell(func(a *agent) { a.jwt["spiffe://example.com"] = jwks(second) })
	keys.refresh(t.Context())
	if err := ask(second); err != nil {
		t.Error(err)
	}
	if got := rules.Denial(ask(first)).Reason; got != rules.TokenKeyUnknown {
		t.Errorf("a removed key: %s", got)
	}
	for _, change := range []func(*agent){
		func(a *agent) { delete(a.jwt, "spiffe://example.com") },
		func(a *agent) { a.fails = codes.PermissionDenied },
	} {
		a.tell(change)
		keys.refresh(t.Context())
		if err := ask(second); err != nil {
			t.Errorf("the last good keys do not serve: %v", err)
		}
	}
	if s := v.Stats()[0]; s.FetchOK != 2 || s.FetchFailed != 2 {
		t.Errorf("%d fetches and %d failures", s.FetchOK, s.FetchFailed)
	}
}

// A bundle in a file serves both: its certificates peers, its keys JWT-SVIDs.
func TestKeysFromABundleFile(t *testing.T) {
	root := newAnchor("root", nil, nil)
	o := bundledBy(inFile(t, "", asBundle(1, []signer{ecKey()}, root.cert)))
	o.Now = func() time.Time { return now }
	o.Issuers = []IssuerConfig{svidIssuer("workloads", "example.com", JWKSConfig{Bundle: true})}
	v := must(New(o))
	e, err := v.Verify(t.Context(), &rules.Request{
		Now: now, Principal: billing, Certificate: sent(root.leaf(billing, nil)),
		Headers: []rules.Header{{Name: "authorization", Value: "Bearer " + ecKey().mint(nil, svidClaims("spiffe://example.com/job"))}},
	})
	if err != nil || e.Peer != billing || e.Verified.Subject != "spiffe://example.com/job" {
		t.Errorf("%+v, %v", e, err)
	}
}
