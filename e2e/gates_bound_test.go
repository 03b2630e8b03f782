//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
)

// publicURL is publicFile as a client of the plain listener knows it: the
// settings name it under origins.
const publicURL = "http://" + Host + publicFile

// proof is what a row changes about a DPoP proof.
type proof struct {
	key    *idp.Key // that signs; the holder's unless set
	method string
	url    string
	of     string // the token that ath names; the one that is sent unless set
	nonce  string
	header idp.Header
	claims idp.Claims
}

func newHolder(t *testing.T) *idp.Key {
	t.Helper()
	key, err := idp.NewKey("holder", "ES256")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// bound is a token that is good for the holder's key alone.
func (m *maker) bound() string {
	return m.token(nil, idp.Claims{"cnf": map[string]any{"jkt": m.must(m.holder.Thumbprint())}})
}

// proven are the lines of a request with token and a proof.
func (m *maker) proven(token string, p proof) []string {
	return []string{"Authorization: DPoP " + token, "DPoP: " + m.proof(token, p)}
}

func (m *maker) proof(token string, p proof) string {
	if p.key == nil {
		p.key = m.holder
	}
	return m.must(p.key.Proof(or(p.method, "GET"), or(p.url, publicURL), or(p.of, token), p.nonce, p.header, p.claims))
}

// byKey is the twin of the rows about keys.
func byKey(m *maker) []string { return m.proven(m.bound(), proof{}) }

// nonce is one that the server gives out now.
func (m *maker) nonce() string {
	m.t.Helper()
	resp, err := m.Send(m.t.Context(), m.gateway, "", Request{Method: "GET", Target: publicFile, Host: Host, Header: m.proven(m.bound(), proof{})})
	if err != nil {
		m.t.Fatal(err)
	}
	nonce := resp.Header.Get("DPoP-Nonce")
	if nonce == "" || resp.Status != 401 || !strings.Contains(resp.Header.Get("WWW-Authenticate"), "use_dpop_nonce") {
		m.t.Fatalf("a proof without a nonce got %d %v, want 401 and a nonce", resp.Status, resp.Header)
	}
	return nonce
}

// certificateHash is what cnf.x5t#S256 says of a workload's certificate.
func (m *maker) certificateHash(peer string) string {
	m.t.Helper()
	leaf, err := m.leaf(peer)
	if err != nil {
		m.t.Fatal(err)
	}
	sum := sha256.Sum256(leaf.TLS.Certificate[0])
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// boundRows are A24: a token that is worth nothing without the key it is bound to.
func boundRows() []gateRow {
	rows := confirmationRows()
	wrong := func(name, want string, lines func(*maker) []string) {
		rows = append(rows, gateRow{name: "A24 " + name, issuer: "holder", goodLines: byKey, lines: lines, want: want})
	}
	changed := func(name, want string, p proof) {
		wrong(name, want, func(m *maker) []string { return m.proven(m.bound(), p) })
	}
	wrong("as a bearer", "binding_missing", func(m *maker) []string { return []string{"Authorization: Bearer " + m.bound()} })
	wrong("as a bearer, with a good proof", "binding_missing", func(m *maker) []string {
		token := m.bound()
		return []string{"Authorization: Bearer " + token, "DPoP: " + m.proof(token, proof{})}
	})
	wrong("no proof", "binding_missing", func(m *maker) []string { return []string{"Authorization: DPoP " + m.bound()} })
	wrong("two proofs", "ambiguous_header", func(m *maker) []string {
		token := m.bound()
		return append(m.proven(token, proof{}), "DPoP: "+m.proof(token, proof{}))
	})
	wrong("a proof by another key", "binding_mismatch", func(m *maker) []string { return m.proven(m.bound(), proof{key: newHolder(m.t)}) })
	wrong("another key in the header than the one that signed", "binding_mismatch", func(m *maker) []string {
		return m.proven(m.bound(), proof{key: newHolder(m.t), header: idp.Header{"jwk": publicPart(m.holder)}})
	})
	wrong("a private key in the header", "binding_mismatch", func(m *maker) []string {
		jwk := publicPart(m.holder)
		jwk["d"] = "AQAB"
		return m.proven(m.bound(), proof{header: idp.Header{"jwk": jwk}})
	})
	wrong("a proof for another token", "binding_mismatch", func(m *maker) []string { return m.proven(m.bound(), proof{of: m.bound()}) })
	wrong("an unbound token as DPoP", "binding_mismatch", func(m *maker) []string { return m.proven(m.token(nil, nil), proof{}) })
	wrong("a token as its own proof", "binding_mismatch", func(m *maker) []string {
		token := m.bound()
		return []string{"Authorization: DPoP " + token, "DPoP: " + token}
	})
	changed("no ath", "binding_mismatch", proof{claims: idp.Claims{"ath": nil}})
	changed("another method", "binding_mismatch", proof{method: "POST"})
	changed("the method in another case", "binding_mismatch", proof{method: "get"})
	changed("another path", "binding_mismatch", proof{url: "http://" + Host + ownAccount})
	changed("the path in another case", "binding_mismatch", proof{url: "http://" + Host + strings.ToUpper(publicFile)})
	changed("another host", "binding_mismatch", proof{url: "http://evil.example" + publicFile})
	changed("another scheme", "binding_mismatch", proof{url: "https://" + Host + publicFile})
	changed("another port", "binding_mismatch", proof{url: "http://" + Host + ":8080" + publicFile})
	changed("a query", "binding_mismatch", proof{url: publicURL + "?x=1"})
	changed("a fragment", "binding_mismatch", proof{url: publicURL + "#x"})
	changed("twin: the port of the scheme, and capitals", "", proof{url: "HTTP://BANK.example.com:80" + publicFile})
	changed("two minutes old", "binding_mismatch", proof{claims: idp.Claims{"iat": in(-2 * time.Minute)}})
	changed("of the future", "binding_mismatch", proof{claims: idp.Claims{"iat": in(2 * time.Minute)}})
	changed("no iat", "binding_mismatch", proof{claims: idp.Claims{"iat": nil}})
	changed("no jti", "binding_mismatch", proof{claims: idp.Claims{"jti": nil}})
	changed("another typ", "binding_mismatch", proof{header: idp.Header{"typ": "JWT"}})
	changed("alg none", "binding_mismatch", proof{header: idp.Header{"alg": "none"}})
	return append(append(rows, replayRows()...), demandRows()...)
}

func publicPart(k *idp.Key) map[string]any {
	jwk := k.JWK()
	for _, other := range []string{"kid", "alg", "use"} {
		delete(jwk, other)
	}
	return jwk
}

// confirmationRows are about cnf itself.
func confirmationRows() []gateRow {
	cnf := func(name string, cnf any, want string) gateRow {
		return claim("A24 "+name, idp.Claims{"cnf": cnf}, want)
	}
	hash := strings.Repeat("A", 43)
	return []gateRow{
		cnf("bound to a certificate, without one", map[string]any{"x5t#S256": hash}, "binding_missing"),
		cnf("bound to both, with neither", map[string]any{"jkt": hash, "x5t#S256": hash}, "binding_missing"),
		cnf("bound to what nobody can prove", map[string]any{"kid": "k-1"}, "binding_missing"),
		cnf("a confirmation that is no object", "jkt", "binding_missing"),
		cnf("a thumbprint in hex", map[string]any{"x5t#S256": strings.Repeat("ab", 32)}, "binding_missing"),
		cnf("a name twice in another case", map[string]any{"jkt": hash, "JKT": hash}, "token_malformed"),
	}
}

// replayRows send what was good a moment before, once more.
func replayRows() []gateRow {
	again := func(name, want string, change func(m *maker, lines []string) []string) gateRow {
		var sent []string
		return gateRow{
			name: "A24 " + name, issuer: "holder", want: want,
			goodLines: func(m *maker) []string { sent = byKey(m); return sent },
			lines:     func(m *maker) []string { return change(m, append([]string(nil), sent...)) },
		}
	}
	return []gateRow{
		again("the same proof again", "token_replayed", func(_ *maker, lines []string) []string { return lines }),
		again("the same proof again, its signature spelled another way", "token_replayed", func(m *maker, lines []string) []string {
			text := strings.TrimPrefix(lines[1], "DPoP: ")
			return []string{lines[0], "DPoP: " + m.must(idp.Resign(text, idp.TwinES256))}
		}),
		again("the same proof with another token", "binding_mismatch", func(m *maker, lines []string) []string {
			return []string{"Authorization: DPoP " + m.bound(), lines[1]}
		}),
	}
}

// demandRows are about issuers that want their tokens bound, and nonces of ours.
func demandRows() []gateRow {
	withNonce := func(m *maker) []string { return m.proven(m.bound(), proof{nonce: m.nonce()}) }
	byCertificate := func(m *maker) []string {
		return []string{"Authorization: Bearer " + m.token(nil, idp.Claims{"cnf": map[string]any{"x5t#S256": m.certificateHash(billingWorkload)}})}
	}
	return []gateRow{
		{name: "A24 no nonce", issuer: "nonces", goodLines: withNonce, want: "binding_nonce_required", lines: func(m *maker) []string { return m.proven(m.bound(), proof{}) }},
		{name: "A24 a nonce that is not ours", issuer: "nonces", goodLines: withNonce, want: "binding_nonce_required", lines: func(m *maker) []string {
			return m.proven(m.bound(), proof{nonce: strings.Repeat("A", 22)})
		}},
		{name: "A24 a token that is not bound where all must be", issuer: "nonces", goodLines: withNonce, want: "binding_missing", bad: good},
		{name: "A24 by another certificate", issuer: "certified", goodLines: byCertificate, lines: byCertificate, twin: billingWorkload, peer: reportsWorkload, want: "binding_mismatch"},
		{name: "A24 without a certificate", issuer: "certified", goodLines: byCertificate, lines: byCertificate, twin: billingWorkload, want: "binding_missing"},
		{name: "A24 not bound to a certificate where all must be", issuer: "certified", goodLines: byCertificate, bad: good, peer: billingWorkload, want: "binding_missing"},
		{name: "A24 bound to a key where a certificate is wanted", issuer: "certified", goodLines: byCertificate, lines: byKeyOver("https://" + Host + publicFile), peer: billingWorkload, want: "binding_missing"},
	}
}

func byKeyOver(url string) func(*maker) []string {
	return func(m *maker) []string { return m.proven(m.bound(), proof{url: url}) }
}
