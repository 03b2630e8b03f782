package oracle

import (
	"slices"
	"strings"
)

// holders are the algorithms of the keys that tokens are bound to. A token's
// Holder counts them from 1.
var holders = []string{"ES256", "EdDSA"}

// Origin is the URL under which clients know a host.
type Origin struct{ Host, URL string }

// The proofs that have nothing wrong with them, but that the last was used before.
const (
	goodProof    = "good"
	spelledProof = "good, the URL in another spelling"
	usedProof    = "used before"
)

// forgedProof is good but for its signature, which is judged after the nonce.
const forgedProof = "another key's signature"

// proofFaults are the ways in which a proof is for another request, token, key or time.
var proofFaults = []string{
	"another method", "the method in another case", "another path", "another host", "another scheme", "a query", "a fragment", "no htm", "no htu",
	"another token's", "no ath", "another key's", "old", "of the future", "expired", "not yet valid", "no iat", "no jti", "another type", "no proof at all",
}

// proven is the rest of section 3, step 1: what a token is bound to.
func (e *evaluation) proven() string {
	t, r, i := e.caller.token, e.req, e.caller.issuer
	dpop := r.Scheme == "DPoP"
	alg := ""
	if t.Holder > 0 {
		alg = holders[t.Holder-1]
	}
	switch {
	case e.reachIf(dpop && t.Holder == 0, "cnf: no key, as DPoP"):
		return "binding_mismatch"
	case e.reachIf(!dpop && t.Holder > 0, "cnf: a key, as Bearer"):
		return "binding_missing"
	case e.reachIf(t.Certificate != "" && e.certificate() == "", "cnf: no certificate"):
		return "binding_missing"
	case e.reachIf(t.Certificate != "" && e.certificate() != t.Certificate, "cnf: another certificate"):
		return "binding_mismatch"
	case t.Holder == 0:
		e.confirm()
		return ""
	case e.reachIf(r.Proof == "", "cnf: no proof"):
		return "binding_missing"
	case e.reachIf(slices.Contains(proofFaults, r.Proof), "proof: "+r.Proof):
		return "binding_mismatch"
	case e.reachIf(i.ProofAlgs != nil && !slices.Contains(i.ProofAlgs, alg), "cnf: an algorithm of no proof here"):
		return "binding_mismatch"
	case i.Nonce && (e.reachIf(r.Nonce == "", "nonce: none") || e.reachIf(r.Nonce == "foreign", "nonce: foreign")):
		return "binding_nonce_required"
	case e.reachIf(r.Proof == forgedProof, "proof: "+r.Proof):
		return "binding_mismatch"
	case e.reachIf(r.Proof == usedProof, "proof: "+r.Proof):
		return "token_replayed"
	}
	e.reachIf(i.Nonce, "nonce: ours")
	e.reachIf(r.Proof == spelledProof, "proof: "+r.Proof)
	e.confirm()
	return ""
}

// confirm notes what the token's cnf names, if it has one, as proven.
func (e *evaluation) confirm() {
	c, t := &e.caller, e.caller.token
	key, certificate := t.Holder > 0, t.Certificate != ""
	c.confirmed = key || certificate
	c.bound = c.confirmed
	e.reachIf(key && !certificate, "cnf: the key is proven")
	e.reachIf(certificate && !key, "cnf: the certificate is proven")
	e.reachIf(key && certificate, "cnf: both are proven")
	e.reachIf(c.confirmed && t.Act != nil, "cnf: of an actor's token")
}

// bindable says whether a token is bound as its issuer demands.
func (t *Token) bindable(i *Issuer) bool {
	switch i.RequireBound {
	case "mtls":
		return t.Certificate != ""
	case "dpop":
		return t.Holder > 0
	case "any":
		return t.Certificate != "" || t.Holder > 0
	}
	return true
}

// bindings binds tokens: some of each issuer, and most of the one that may demand it.
func (g *generator) bindings() {
	for _, t := range g.w.Tokens {
		share := 0.12
		if t.Issuer == "vault" {
			share = 0.85
		}
		if t.Fault != "" || t.Issuer == "dead" || !g.chance(share) {
			continue
		}
		if g.chance(0.4) {
			t.Certificate = pick(g, []string{robot, robot, meter, other})
		}
		if t.Certificate == "" || g.chance(0.3) {
			t.Holder = 1
			if g.chance(0.2) {
				t.Holder = 2
			}
		}
	}
}

// prove gives a request the scheme, the certificate and the proof that its token
// wants; one that is not plain now and then something else.
func (t *traffic) prove(r *Request, plain bool) {
	if r.Token < 0 {
		return
	}
	token := t.w.Tokens[r.Token]
	i := t.w.issuer(token.Issuer)
	if token.Holder > 0 {
		r.Scheme, r.Proof = "DPoP", pick(&t.generator, []string{goodProof, goodProof, spelledProof})
	}
	if token.Certificate != "" {
		r.Peer = token.Certificate
	}
	if r.Proof != "" && (i.Nonce || t.chance(0.1)) {
		r.Nonce = "ours"
	}
	if plain || token.Holder == 0 && token.Certificate == "" && !t.chance(0.05) {
		return
	}
	switch t.r.IntN(9) {
	case 0:
		r.Scheme = pick(&t.generator, []string{"", "DPoP"})
	case 1:
		r.Peer = pick(&t.generator, []string{"", other, robot})
	case 2, 3, 4:
		r.Proof = pick(&t.generator, append([]string{"", forgedProof, forgedProof, usedProof, usedProof, usedProof}, proofFaults...))
	case 5:
		r.Nonce = pick(&t.generator, []string{"", "foreign"})
	case 6:
		r.Nonce, r.Proof = "", pick(&t.generator, []string{forgedProof, usedProof, "another path"})
	}
}

// origin is where clients find a host.
func (w *World) origin(host string) string {
	name, _, _ := strings.Cut(strings.ToLower(host), ":")
	name = strings.TrimSuffix(name, ".")
	for _, o := range w.Origins {
		if o.Host == name {
			return o.URL
		}
	}
	return "https://" + name
}

func (w *World) originsConfig() string {
	var f flow
	for _, o := range w.Origins {
		f.str(o.Host, o.URL)
	}
	if f.empty() {
		return ""
	}
	return "origins: " + f.String() + "\n"
}
