package identity

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// The twin of every refusal below: the same token without the one change.
func TestGoodTokens(t *testing.T) {
	v := loaded(t, serving(rsaKey(), ecKey(), edKey()), Options{})
	for _, s := range []signer{rsaKey(), ecKey(), edKey()} {
		who, reason := verify(t, v, s.mint(nil, goodClaims()))
		if reason != "" {
			t.Errorf("%s: refused for %s", s.alg, reason)
			continue
		}
		if who.Issuer != "corp" || who.Subject != "ada" || who.ClientID != "web" || who.TokenID != "t-1" ||
			who.KeyID != s.kid || who.Keys != 1 || who.Anonymous {
			t.Errorf("%s: verified as %+v", s.alg, who)
		}
		if len(who.Claims) != 1 || who.Claims["role"] != "auditor" {
			t.Errorf("%s: claims = %v, want the role alone", s.alg, who.Claims)
		}
		if !who.ExpiresAt.Equal(now.Add(time.Hour)) || !who.IssuedAt.Equal(now.Add(-time.Minute)) || !who.AuthTime.IsZero() {
			t.Errorf("%s: times are %v, %v, %v", s.alg, who.IssuedAt, who.ExpiresAt, who.AuthTime)
		}
	}
}

type attack struct {
	name  string // starts with the id of the row
	token string
	want  rules.Reason // "" for a legitimate twin
}

func run(t *testing.T, v *Verifier, attacks []attack) {
	t.Helper()
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			if _, got := verify(t, v, a.token); got != a.want {
				t.Errorf("refused for %q, want %q", got, a.want)
			}
		})
	}
}

func TestHeaderAttacks(t *testing.T) {
	p := serving(rsaKey(), ecKey(), edKey())
	v := loaded(t, p, Options{})
	defer func() {
		if got := p.count(); got != 1 { // A05, T1: not of their keys, nor of ours
			t.Errorf("%d fetches, want the one before the attacks", got)
		}
	}()
	k, good := rsaKey(), goodClaims()
	head := func(changes object) string { return k.mint(changes, good) }
	claims := string(must(json.Marshal(good)))
	raw := func(header string) string { return k.sign(header, claims) }
	run(t, v, []attack{
		{"A01 alg none", head(object{"alg": "none"}), rules.TokenAlgorithm},
		{"A01 alg None", head(object{"alg": "None"}), rules.TokenAlgorithm},
		{"A01 alg nOnE", head(object{"alg": "nOnE"}), rules.TokenAlgorithm},
		{"A01 alg none without signature", unsigned(head(object{"alg": "none"})), rules.TokenMalformed},
		{"A01 empty signature", unsigned(head(nil)), rules.TokenMalformed},
		{"A01 no alg", head(object{"alg": nil}), rules.TokenAlgorithm},
		{"A01 alg is an array", head(object{"alg": []string{"RS256"}}), rules.TokenAlgorithm},
		{"A01 alg is a number", head(object{"alg": 256}), rules.TokenAlgorithm},
		{"A01 alg in another case", head(object{"alg": "rs256"}), rules.TokenAlgorithm},
		{"A01 alg not of this issuer", head(object{"alg": "RS512"}), rules.TokenAlgorithm},
		{"A04 no kid among several keys", head(object{"kid": nil}), rules.TokenHeader},
		{"A04 kid empty", head(object{"kid": ""}), rules.TokenHeader},
		{"A04 kid null", raw(`{"alg":"RS256","kid":null}`), rules.TokenHeader},
		{"A04 kid number", head(object{"kid": 1}), rules.TokenHeader},
		{"A04 kid longer than allowed", head(object{"kid": strings.Repeat("k", 257)}), rules.TokenHeader},
		{"A13 kid of a megabyte", head(object{"kid": strings.Repeat("k", 1<<20)}), rules.TokenTooLarge},
		{"A04 kid of a kilobyte", head(object{"kid": strings.Repeat("k", 1<<10)}), rules.TokenHeader},
		{"A04 kid array", head(object{"kid": []string{"rsa-1"}}), rules.TokenHeader},
		{"A04 kid in another case", head(object{"kid": "RSA-1"}), rules.TokenKeyUnknown},
		{"A04 kid path traversal", head(object{"kid": "../../dev/null"}), rules.TokenKeyUnknown},
		{"A04 kid SQL", head(object{"kid": "x' OR '1'='1"}), rules.TokenKeyUnknown},
		{"A04 kid NUL", raw(`{"alg":"RS256","kid":"rsa-1\u0000"}`), rules.TokenMalformed},
		{"A05 embedded jwk", head(object{"jwk": k.jwk()}), rules.TokenHeader},
		{"A05 embedded x5c", head(object{"x5c": []string{"AAAA"}}), rules.TokenHeader},
		{"A05 jku", head(object{"jku": "https://evil.example/jwks"}), rules.TokenHeader},
		{"A05 x5u", head(object{"x5u": "https://evil.example/cert"}), rules.TokenHeader},
		{"A08 crit unknown", head(object{"crit": []string{"x"}, "x": 1}), rules.TokenHeader},
		{"A08 crit empty", head(object{"crit": []string{}}), rules.TokenHeader},
		{"A08 crit of the wrong type", head(object{"crit": "exp"}), rules.TokenHeader},
		{"A08 crit naming alg", head(object{"crit": []string{"alg"}}), rules.TokenHeader},
		{"A08 b64 false", head(object{"b64": false}), rules.TokenHeader},
		{"A08 b64 true", head(object{"b64": true}), rules.TokenHeader},
		{"A08 crit null", raw(`{"alg":"RS256","kid":"rsa-1","crit":null}`), rules.TokenHeader},
		{"A08 cty is no text", head(object{"cty": 1}), rules.TokenHeader},
		{"A08 nonce is no text", head(object{"nonce": 1}), rules.TokenHeader},
		{"A08 twin: a nonce, as Entra ID sends it", head(object{"nonce": "n", "x5t": "abc"}), ""},
		{"A09 zip", head(object{"zip": "DEF"}), rules.TokenHeader},
		{"A09 enc", head(object{"enc": "A256GCM"}), rules.TokenHeader},
		{"A09 JWE algorithm", head(object{"alg": "RSA-OAEP"}), rules.TokenAlgorithm},
		{"A09 p2c bomb", head(object{"alg": "PBES2-HS256+A128KW", "p2c": 1 << 30}), rules.TokenAlgorithm},
		{"A09 nested: a signed token within an encrypted one's header", head(object{"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "JWT"}), rules.TokenHeader},
		{"A09 direct encryption", head(object{"alg": "dir"}), rules.TokenAlgorithm},
		{"A09 zip bomb", head(object{"zip": "DEF", "enc": "A256GCM", "x": strings.Repeat("A", 1500)}), rules.TokenHeader},
		{"A09 five segments", head(nil) + ".AAAA.AAAA", rules.TokenMalformed},
		{"A11 alg twice", raw(`{"alg":"RS256","alg":"RS256","kid":"rsa-1"}`), rules.TokenMalformed},
		{"A11 kid twice", raw(`{"alg":"RS256","kid":"rsa-1","kid":"rsa-1"}`), rules.TokenMalformed},
		{"A11 alg and Alg", raw(`{"alg":"RS256","kid":"rsa-1","Alg":"none"}`), rules.TokenMalformed},
		{"A11 Alg alone", raw(`{"Alg":"RS256","kid":"rsa-1"}`), rules.TokenAlgorithm},
		{"A19 a type that nobody knows", head(object{"typ": "id+jwt"}), rules.TokenKind},
		{"A19 refresh token", head(object{"typ": "refresh+jwt"}), rules.TokenKind},
		{"A19 logout token", head(object{"typ": "logout+jwt"}), rules.TokenKind},
		{"A19 security event", head(object{"typ": "application/secevent+jwt"}), rules.TokenKind},
		{"A19 DPoP proof, with the key that they carry", head(object{"typ": "dpop+jwt", "jwk": k.jwk()}), rules.TokenKind},
		{"A19 workload proof", head(object{"typ": "wpt+jwt"}), rules.TokenKind},
		{"A19 workload identity token", head(object{"typ": "wit+jwt"}), rules.TokenKind},
		{"A19 transaction token", head(object{"typ": "TxnToken+JWT"}), rules.TokenKind},
		{"A19 status list", head(object{"typ": "statuslist+jwt"}), rules.TokenKind},
		{"A19 introspection response", head(object{"typ": "token-introspection+jwt"}), rules.TokenKind},
		{"A19 client assertion", head(object{"typ": "client-authentication+jwt"}), rules.TokenKind},
		{"A19 typ JOSE, which is for workloads", head(object{"typ": "JOSE"}), rules.TokenKind},
		{"A19 typ of another media type", head(object{"typ": "text/at+jwt"}), rules.TokenKind},
		{"A19 typ is a number", head(object{"typ": 1}), rules.TokenHeader},
		{"A19 typ is empty", head(object{"typ": ""}), rules.TokenHeader},
		{"A19 twin: access token", head(object{"typ": "at+jwt"}), ""},
		{"A19 twin: access token with prefix and case", head(object{"typ": "Application/AT+JWT"}), ""},
		{"A19 twin: no typ", head(object{"typ": nil}), ""},
		{"T1 header nested too deep", head(object{"x": [][][][]int{{{{1}}}}}), rules.TokenMalformed},
		{"T1 header too large", head(object{"x": strings.Repeat("x", 2<<10)}), rules.TokenMalformed},
		{"T1 header is an array", raw(`["RS256"]`), rules.TokenMalformed},
		{"T1 header is null", raw(`null`), rules.TokenMalformed},
	})
}

func unsigned(token string) string { return token[:strings.LastIndexByte(token, '.')+1] }

// A02: whoever knows the public key must not be able to sign with it.
func TestSymmetricSignatures(t *testing.T) {
	k := rsaKey()
	v := loaded(t, serving(k, ecKey()), Options{})
	for _, s := range []signer{k, ecKey()} {
		der := must(x509.MarshalPKIXPublicKey(s.private.Public()))
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		for name, secret := range map[string][]byte{
			"PEM": text, "PEM with leading space": append([]byte("\n "), text...), "DER": der, "JWK": must(json.Marshal(s.jwk())),
		} {
			t.Run("A02 "+s.alg+" key as "+name, func(t *testing.T) {
				if _, got := verify(t, v, hmacToken(s.kid, secret, goodClaims())); got != rules.TokenAlgorithm {
					t.Errorf("refused for %q, want %q", got, rules.TokenAlgorithm)
				}
			})
		}
	}
}

func TestSpellingAttacks(t *testing.T) {
	v := loaded(t, serving(rsaKey(), ecKey()), Options{})
	token := rsaKey().mint(nil, goodClaims())
	parts := strings.Split(token, ".")
	join := func(h, c, s string) string { return h + "." + c + "." + s }
	crossed := strings.Split(rsaKey().mint(nil, with(goodClaims(), object{"sub": "bob"})), ".")
	run(t, v, []attack{
		{"A07 twin: untouched", token, ""},
		{"A07 CR in the header", join(parts[0]+"\r", parts[1], parts[2]), rules.CredentialMalformed},
		{"A07 padding", join(parts[0], parts[1], parts[2]+"="), rules.TokenMalformed},
		{"A07 trailing bits", join(parts[0], parts[1], otherTail(parts[2])), rules.TokenMalformed},
		{"A07 standard alphabet", join(parts[0], parts[1], "+"+parts[2][1:]), rules.TokenMalformed},
		{"A07 payload of another token under this signature", join(parts[0], crossed[1], parts[2]), rules.TokenSignature},
		{"A07 header of another key", join(strings.Split(ecKey().mint(nil, goodClaims()), ".")[0], parts[1], parts[2]), rules.TokenSignature},
		{"A10 flattened JSON", string(must(json.Marshal(object{"protected": parts[0], "payload": parts[1], "signature": parts[2]}))), rules.CredentialMalformed},
		{"A10 general JSON", string(must(json.Marshal(object{"payload": parts[1], "signatures": []any{object{"protected": parts[0], "signature": parts[2]}}}))), rules.CredentialMalformed},
		{"A10 JSON without spaces or commas, in the place of a token", `{"payload":"` + parts[1] + `"}`, rules.TokenMalformed},
		{"A10 a token in two formats at once", token + `{"signature":"x"}`, rules.TokenMalformed},
		{"A13 five megabytes", strings.Repeat("a", 5<<20), rules.TokenTooLarge},
		{"A13 dots", strings.Repeat(".", 8<<10), rules.TokenMalformed},
		{"T2 a million dots", strings.Repeat(".", 1<<20), rules.TokenTooLarge},
		{"T2 one byte over", strings.Repeat("a", defaultMaxToken+1), rules.TokenTooLarge},
		{"A13 no dot", "abc", rules.TokenMalformed},
		{"A13 two segments", parts[0] + "." + parts[1], rules.TokenMalformed},
		{"A13 empty header", "." + parts[1] + "." + parts[2], rules.TokenMalformed},
		{"A13 empty claims", parts[0] + ".." + parts[2], rules.TokenMalformed},
	})
}

// otherTail spells the same bytes with another unused bit, which lenient
// decoders accept.
func otherTail(segment string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, segment[len(segment)-1])
	return segment[:len(segment)-1] + string(alphabet[last^1])
}

func TestSignatureAttacks(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k, rsaKey()), Options{})
	token := k.mint(nil, goodClaims())
	dot := strings.LastIndexByte(token, '.')
	signature := must(base64.RawURLEncoding.DecodeString(token[dot+1:]))
	n, _ := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	one := big.NewInt(1)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	fixed := func(r, s *big.Int) string {
		sig := make([]byte, 64)
		r.FillBytes(sig[:32])
		s.FillBytes(sig[32:])
		return token[:dot+1] + b64(sig)
	}
	var attacks []attack
	for _, x := range []*big.Int{new(big.Int), one, new(big.Int).Sub(n, one), n} {
		attacks = append(attacks,
			attack{fmt.Sprintf("A06 r = %x", x), fixed(x, s), rules.TokenSignature},
			attack{fmt.Sprintf("A06 s = %x", x), fixed(r, x), rules.TokenSignature})
	}
	der := append([]byte{0x30, 68, 2, 32}, signature[:32]...)
	der = append(append(der, 2, 32), signature[32:]...)
	run(t, v, append(attacks,
		attack{"A06 twin: as signed", fixed(r, s), ""},
		attack{"A06 DER", token[:dot+1] + b64(der), rules.TokenSignature},
		attack{"A06 short", token[:dot+1] + b64(signature[:63]), rules.TokenSignature},
		attack{"A06 long", token[:dot+1] + b64(append(signature, 0)), rules.TokenSignature},
		attack{"A17 signed by another key under a known kid", rogue().mint(nil, goodClaims()), rules.TokenSignature},
	))
	// A07: the mathematical twin is a valid signature of the same claims. It gives
	// the same caller, and nothing here remembers tokens by their signature.
	who, reason := verify(t, v, fixed(r, new(big.Int).Sub(n, s)))
	if reason != "" || who.Subject != "ada" || who.TokenID != "t-1" {
		t.Errorf("A07 twin signature: %+v, %q, want the same caller", who, reason)
	}
}
