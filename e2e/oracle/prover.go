package oracle

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
)

// prover makes proofs as the holders of bound tokens do, and remembers the last
// nonce that an answer gave out.
type prover struct {
	w        *World
	front    front
	holders  []*idp.Key
	stranger *idp.Key // whom nothing is bound to

	mu    sync.Mutex
	nonce string
}

func newProver(w *World, f front) (*prover, error) {
	p := &prover{w: w, front: f}
	for _, alg := range holders {
		k, err := idp.NewKey("holder", alg)
		if err != nil {
			return nil, err
		}
		p.holders = append(p.holders, k)
	}
	var err error
	p.stranger, err = idp.NewKey("stranger", "ES256")
	return p, err
}

func (p *prover) learn(nonce string) {
	if nonce == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nonce = nonce
}

func (p *prover) known() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.nonce
}

// proof is the value of the DPoP header of a request with token, "" for none.
func (p *prover) proof(r *Request, token string, now time.Time) (string, error) {
	if r.Proof == "" || r.Token < 0 {
		return "", nil
	}
	if r.Proof == "no proof at all" {
		return token, nil
	}
	key := p.holders[max(p.w.Tokens[r.Token].Holder, 1)-1]
	path, _, _ := strings.Cut(p.front.path(r.Target), "?")
	origin := p.w.origin(r.Host)
	method, url, of := r.Method, origin+path, token
	header, claims := idp.Header{}, idp.Claims{}
	switch r.Proof {
	case spelledProof:
		url = spelled(origin, path)
	case "another method":
		method = "TRACE"
	case "the method in another case":
		method = strings.ToLower(method)
	case "another path":
		url += "x"
	case "another host":
		url = "https://evil.example" + path
	case "another scheme":
		_, host, _ := strings.Cut(origin, "://")
		url = "ftp://" + host + path
	case "a query":
		url += "?"
	case "a fragment":
		url += "#x"
	case "no htm":
		claims["htm"] = nil
	case "no htu":
		claims["htu"] = nil
	case "another token's":
		of += "x"
	case "no ath":
		claims["ath"] = nil
	case "another key's":
		key = p.stranger
	case "old":
		claims["iat"] = now.Add(-10 * time.Minute).Unix()
	case "of the future":
		claims["iat"] = now.Add(10 * time.Minute).Unix()
	case "expired":
		claims["exp"] = now.Add(-10 * time.Minute).Unix()
	case "not yet valid":
		claims["nbf"] = now.Add(10 * time.Minute).Unix()
	case "no iat":
		claims["iat"] = nil
	case "no jti":
		claims["jti"] = nil
	case "another type":
		header["typ"] = "JWT"
	}
	nonce := map[string]string{"ours": p.known(), "foreign": "bm90LW91cnM"}[r.Nonce]
	proof, err := key.Proof(method, url, of, nonce, header, claims)
	if err != nil {
		return "", fmt.Errorf("proof %q: %w", r.Proof, err)
	}
	if r.Proof == forgedProof {
		return p.forge(proof, key)
	}
	return proof, nil
}

// forge replaces the signature by one over something else.
func (p *prover) forge(proof string, key *idp.Key) (string, error) {
	elsewhere, err := key.Sign(nil, idp.Claims{"not": "this"})
	if err != nil {
		return "", err
	}
	return proof[:strings.LastIndexByte(proof, '.')] + elsewhere[strings.LastIndexByte(elsewhere, '.'):], nil
}

// spelled writes a URL as RFC 3986 says is the same: capitals in scheme and host,
// the scheme's own port, an escaped letter.
func spelled(origin, path string) string {
	scheme, host, _ := strings.Cut(origin, "://")
	if !strings.Contains(host, ":") {
		host += map[string]string{"https": ":443", "http": ":80"}[scheme]
	}
	if len(path) > 1 && path[1] >= 'a' && path[1] <= 'z' {
		path = fmt.Sprintf("/%%%02x", path[1]) + path[2:]
	}
	return strings.ToUpper(scheme) + "://" + strings.ToUpper(host) + path
}
