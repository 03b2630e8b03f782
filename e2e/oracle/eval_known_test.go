package oracle

import (
	"slices"
	"testing"
	"time"
)

// Each row is a sentence of section 3 about how a caller is known; it changes one
// thing in the bank, in which ada may read her account.
func TestHowCallersAreKnown(t *testing.T) {
	listed := func(change func(*Directory)) func(*World, *Request) {
		return func(w *World, _ *Request) {
			d := &Directory{Type: &Type{Name: "subject", Attributes: []Attribute{{"status", "string"}, {"tenant", "string"}, {"role", "string"}}}, Absent: "deny"}
			d.Source = &Source{Format: "jsonl", Rows: []*Row{{ID: "ada", Values: map[string]any{"status": "active", "tenant": "eu"}}}}
			w.Issuers[0].Directory = d
			if change != nil {
				change(d)
			}
		}
	}
	status := func(s string) func(*World, *Request) {
		return listed(func(d *Directory) { d.Source.Rows[0].Values["status"] = s })
	}
	key := func(scheme, proof string) func(*World, *Request) {
		return func(w *World, r *Request) { w.Tokens[0].Holder, r.Scheme, r.Proof = 1, scheme, proof }
	}
	nonce := func(proof, nonce string) func(*World, *Request) {
		return func(w *World, r *Request) {
			key("DPoP", proof)(w, r)
			w.Issuers[0].Nonce, r.Nonce = true, nonce
		}
	}
	certificate := func(peer string) func(*World, *Request) {
		return func(w *World, r *Request) { w.Tokens[0].Certificate, r.Peer = robot, peer }
	}
	revoked := func(v Revocation) func(*World, *Request) {
		return func(w *World, _ *Request) {
			w.Tokens[0].ID, w.Tokens[0].Session = "t-1", "s-1"
			v.To = phases
			w.Revocations = []*Revocation{&v}
		}
	}
	alone := func(peer string) func(*World, *Request) {
		return func(w *World, r *Request) {
			w.Identities = append(w.Identities, &Identity{Name: "meter", Kind: "service", Peer: meter})
			w.Rules[0].Who, r.Token, r.Peer = []Selector{{Identity: "meter"}}, -1, peer
		}
	}
	both := func(changes ...func(*World, *Request)) func(*World, *Request) {
		return func(w *World, r *Request) {
			for _, c := range changes {
				c(w, r)
			}
		}
	}
	for _, row := range []struct {
		name   string
		change func(*World, *Request)
		want   string
	}{
		{"a row that is active", listed(nil), "allowed"},
		{"suspended", status("suspended"), "identity_suspended"},
		{"retired", status("retired"), "identity_suspended"},
		{"a status that is none", status("Active"), "catalog_bad_row"},
		{"no status where others have one", listed(func(d *Directory) { d.Source.Rows[0].Nulls = true; delete(d.Source.Rows[0].Values, "status") }), "catalog_bad_row"},
		{"a source without the column", listed(func(d *Directory) { delete(d.Source.Rows[0].Values, "status") }), "allowed"},
		{"no row", listed(func(d *Directory) { d.Source.Rows[0].ID = "bob" }), "unknown_identity"},
		{"no row, and its claims count", listed(func(d *Directory) { d.Source.Rows[0].ID, d.Absent = "bob", "claims" }), "allowed"},
		{"the rows of a later phase", both(listed(func(d *Directory) { d.Later = []*Row{{ID: "bob"}} }), func(_ *World, r *Request) { r.Phase = rowsChange }), "unknown_identity"},
		{"a column that is empty takes the claim away", both(listed(func(d *Directory) { d.Source.Rows[0].Nulls = true }), func(w *World, _ *Request) {
			w.Rules[0].Who = []Selector{{Issuer: "corp", Claim: []FixedClaim{{"role", "clerk"}}}}
		}), "no_rule"},
		{"one that is not there does not", both(listed(nil), func(w *World, _ *Request) {
			w.Rules[0].Who = []Selector{{Issuer: "corp", Claim: []FixedClaim{{"role", "clerk"}}}}
		}), "allowed"},

		{"a key that is proven", key("DPoP", goodProof), "allowed"},
		{"as Bearer", key("", goodProof), "binding_missing"},
		{"without a proof", key("DPoP", ""), "binding_missing"},
		{"with one for another path", key("DPoP", "another path"), "binding_mismatch"},
		{"with one that was used", key("DPoP", usedProof), "token_replayed"},
		{"DPoP, and no key", func(_ *World, r *Request) { r.Scheme = "DPoP" }, "binding_mismatch"},
		{"no nonce", nonce(goodProof, ""), "binding_nonce_required"},
		{"a foreign one", nonce(goodProof, "foreign"), "binding_nonce_required"},
		{"ours", nonce(goodProof, "ours"), "allowed"},
		{"no nonce comes before the signature", nonce(forgedProof, ""), "binding_nonce_required"},
		{"and behind the rest of the proof", nonce("another path", ""), "binding_mismatch"},
		{"a certificate", certificate(robot), "allowed"},
		{"none", certificate(""), "binding_missing"},
		{"another", certificate(other), "binding_mismatch"},
		{"the issuer wants a binding", func(w *World, _ *Request) { w.Issuers[0].RequireBound = "any" }, "binding_missing"},
		{"and has it", both(certificate(robot), func(w *World, _ *Request) { w.Issuers[0].RequireBound = "any" }), "allowed"},
		{"but of another sort", both(certificate(robot), func(w *World, _ *Request) { w.Issuers[0].RequireBound = "dpop" }), "binding_missing"},

		{"revoked by token", revoked(Revocation{Issuer: "corp", Token: "t-1"}), "revoked"},
		{"another issuer's", revoked(Revocation{Issuer: "dead", Token: "t-1"}), "allowed"},
		{"by session", revoked(Revocation{Issuer: "corp", Session: "s-1"}), "revoked"},
		{"by subject", revoked(Revocation{Issuer: "corp", Subject: "ada"}), "revoked"},
		{"to the byte", revoked(Revocation{Issuer: "corp", Subject: "Ada"}), "allowed"},
		{"issued before", revoked(Revocation{Issuer: "corp", Subject: "ada", Before: time.Second}), "revoked"},
		{"issued after", revoked(Revocation{Issuer: "corp", Subject: "ada", Before: time.Hour}), "allowed"},
		{"issued nobody knows when", both(revoked(Revocation{Issuer: "corp", All: true, Before: time.Hour}), func(w *World, _ *Request) { w.Tokens[0].NoIAT = true }), "revoked"},
		{"by client", revoked(Revocation{Issuer: "corp", Client: "web"}), "revoked"},
		{"by key", revoked(Revocation{Issuer: "corp", Key: "main"}), "revoked"},
		{"by another key", revoked(Revocation{Issuer: "corp", Key: "spare"}), "allowed"},
		{"by identity", revoked(Revocation{Identity: "ada"}), "revoked"},
		{"whatever came before", both(revoked(Revocation{Identity: "ada"}), func(w *World, _ *Request) { w.Identities[0].Status = "suspended" }), "revoked"},
		{"no credential that is bad", both(revoked(Revocation{Identity: "ada"}), func(w *World, _ *Request) { w.Tokens[0].Fault = "expired" }), "token_expired"},
		{"an entry that is over", revoked(Revocation{Identity: "ada", Ended: true}), "allowed"},

		{"a peer alone", alone(meter), "allowed"},
		{"another peer", alone(other), "credential_missing"},
		{"a peer whose identity was revoked", both(revoked(Revocation{Identity: "meter"}), alone(meter)), "revoked"},
		{"a peer whose certificate must be sent", both(alone(meter), func(w *World, _ *Request) { w.Trust = "certificate" }), "allowed"},
		{"a peer of a trust domain that does not count", both(alone(far), func(w *World, _ *Request) { w.Identities[1].Peer, w.Trust = far, "domains" }), "credential_missing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := bank()
			r := &Request{Method: "GET", Host: "a.example", Target: "/accounts/1"}
			row.change(w, r)
			got := Evaluate(w, hardened, r)
			if got.Reason != row.want {
				t.Errorf("got %s, want %s", got.Reason, row.want)
			}
			for _, c := range got.Reached {
				if !slices.Contains(constructs, c) {
					t.Errorf("it reaches %q, which is not listed", c)
				}
			}
		})
	}
}
