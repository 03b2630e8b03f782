package identity

import (
	"testing"

	"github.com/tiergate/tiergate/rules"
)

const reporter = "spiffe://example.com/ns/reports/sa/reporter"

// docs/reference/decisions.md, section 3.2: a workload without a token.
func TestRecogniseByPeer(t *testing.T) {
	r := NewRecogniser([]*rules.Identity{
		{Name: "reporter", Kind: rules.Workload, Peer: reporter, Purposes: []string{"reports"}},
		{Name: "suspended", Kind: rules.Workload, Peer: "spiffe://example.com/suspended", Status: rules.Suspended},
		{Name: "twin-1", Kind: rules.Workload, Peer: "spiffe://example.com/twin"},
		{Name: "twin-2", Kind: rules.Workload, Peer: "spiffe://example.com/twin"},
		{Name: "svc", Kind: rules.Service, Issuer: "corp", Subject: "svc"},
		{Name: "named-as-the-peer", Kind: rules.Service, Issuer: "corp", Subject: reporter},
	})
	nobody := &rules.Verified{Anonymous: true}
	for _, row := range []struct {
		name    string
		who     *rules.Verified
		peer    string
		line    string // purpose of the map line
		want    string
		kind    rules.CallerKind
		reason  rules.Reason
		purpose string
	}{
		{name: "twin: its peer", who: nobody, peer: reporter, want: "reporter", kind: rules.Workload, purpose: "reports"},
		{name: "no peer", who: nobody, kind: rules.Anonymous},
		{name: "another peer", who: nobody, peer: reporter + "2", kind: rules.Anonymous},
		{name: "a peer with a token is the token's", who: &rules.Verified{Issuer: "corp", Subject: "svc"}, peer: reporter, want: "svc", kind: rules.Service},
		{name: "a token that nobody registered", who: &rules.Verified{Issuer: "corp", Subject: "eve"}, peer: reporter, kind: rules.Unknown},
		{name: "a token's subject that looks like a peer", who: &rules.Verified{Issuer: "corp", Subject: reporter}, want: "named-as-the-peer", kind: rules.Service},
		{name: "a token of no issuer", who: &rules.Verified{Subject: reporter}, kind: rules.Unknown},
		{name: "nobody was verified", peer: reporter, kind: rules.Anonymous},
		{name: "two of one peer", who: nobody, peer: "spiffe://example.com/twin", kind: rules.Unknown, reason: rules.IdentityAmbiguous},
		{name: "suspended", who: nobody, peer: "spiffe://example.com/suspended", want: "suspended", kind: rules.Workload, reason: rules.IdentitySuspended},
		{name: "a purpose that it does not have", who: nobody, peer: reporter, line: "marketing", want: "reporter", kind: rules.Workload, reason: rules.PurposeNotAllowed, purpose: "marketing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := r.Recognise(rules.Evidence{Verified: row.who, Peer: row.peer}, &rules.Request{Now: now}, row.line)
			var got rules.Reason
			if err != nil {
				got = rules.Denial(err).Reason
			}
			if c.Name() != row.want || c.Kind != row.kind || got != row.reason || c.Purpose != row.purpose || c.Peer != row.peer {
				t.Fatalf("%q, kind %v, purpose %q, %v, want %q, %v, %q, %s", c.Name(), c.Kind, c.Purpose, err, row.want, row.kind, row.purpose, row.reason)
			}
			byPeer := row.who == nobody && row.kind != rules.Anonymous
			if (c.Bound == rules.ByWorkload) != byPeer || byPeer && (c.Subject != row.peer || c.Issuer != "" || c.Anonymous || !c.IssuedAt.IsZero()) {
				t.Errorf("%+v, bound %v", c.Verified, c.Bound)
			}
		})
	}
	if nobody.Subject != "" || !nobody.Anonymous {
		t.Error("the anonymous caller was changed")
	}
}

// A15: a credential that is refused is not excused by the connection.
func TestNoPeerExcusesABadToken(t *testing.T) {
	v := verifier(t, serving(ecKey()), Options{})
	if e, err := v.Verify(t.Context(), &rules.Request{Now: now, Principal: reporter}); err != nil || e.Peer != reporter || !e.Verified.Anonymous {
		t.Fatalf("%+v, %v", e, err)
	}
	for _, value := range []string{"Bearer x.y.z", "Basic eA==", "Bearer", ""} {
		e, err := v.Verify(t.Context(), &rules.Request{Now: now, Principal: reporter, Headers: []rules.Header{{Name: "authorization", Value: value}}})
		if err == nil || e.Verified != nil {
			t.Errorf("%q is %+v", value, e)
		}
	}
}
