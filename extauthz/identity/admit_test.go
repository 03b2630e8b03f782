package identity

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/MicahParks/jwkset"

	"github.com/tiergate/tiergate/rules"
)

// rsaJWK is a JWK of any modulus and exponent, sound or not.
func rsaJWK(n *big.Int, e int64) object {
	return object{"kty": "RSA", "kid": "weak", "alg": "RS256", "n": b64(n.Bytes()), "e": b64(big.NewInt(e).Bytes())}
}

// oddOf returns an odd number of so many bits, good enough where nobody factors it.
func oddOf(bits int) *big.Int {
	n := must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits-1))))
	return n.SetBit(n, bits-1, 1).SetBit(n, 0, 1)
}

// J8, A03, A23: a bad key beside a good one is skipped, and the good one serves.
func TestBadKeysAreSkipped(t *testing.T) {
	good := rsaKey()
	modulus := good.private.Public().(*rsa.PublicKey).N
	ec, ed := ecKey().jwk(), edKey().jwk()
	offCurve := with(ec, object{"y": ec["x"]})
	hugeE := rsaJWK(modulus, 3)
	hugeE["e"] = b64(append([]byte{1}, make([]byte, 12)...))
	for _, row := range []struct {
		name string
		key  any
		why  string
	}{
		{"A03 oct", object{"kty": "oct", "kid": "s", "k": "c2VjcmV0"}, "symmetric"},
		{"A03 oct without k", object{"kty": "oct", "kid": "s"}, "symmetric"},
		{"private RSA", with(good.jwk(), object{"kid": "p", "d": "AQAB"}), "private key material"},
		{"private EC", with(ec, object{"d": "AQAB"}), "private key material"},
		{"A23 RSA 512", rsaJWK(oddOf(512), 65537), "512 bits"},
		{"A23 RSA 1024", rsaJWK(oddOf(1024), 65537), "1024 bits"},
		{"A23 RSA 2047", rsaJWK(oddOf(2047), 65537), "2047 bits"},
		{"J8 RSA 16384", rsaJWK(oddOf(16384), 65537), "16384 bits"},
		{"A23 even modulus", rsaJWK(new(big.Int).Lsh(modulus, 1), 65537), "even"},
		{"A23 exponent 1", rsaJWK(modulus, 1), "out of range"},
		{"A23 exponent 2", rsaJWK(modulus, 2), "exponent 2"},
		{"A23 even exponent", rsaJWK(modulus, 65536), "exponent 65536"},
		{"J8 exponent of 13 bytes", hugeE, "e"},
		{"A23 ROCA modulus", rsaJWK(roca(2048), 65537), "ROCA"},
		{"A23 P-256 point off the curve", offCurve, "curve"},
		{"curve disagrees with the point", with(ec, object{"crv": "P-384"}), "curve"},
		{"alg disagrees with the curve", with(ec, object{"alg": "ES384"}), "does not fit"},
		{"alg disagrees with the type", with(ec, object{"alg": "RS256"}), "does not fit"},
		{"alg symmetric on an RSA key", with(good.jwk(), object{"kid": "x", "alg": "HS256"}), "not supported"},
		{"alg none", with(good.jwk(), object{"kid": "x", "alg": "none"}), "not supported"},
		{"alg for encryption", with(good.jwk(), object{"kid": "x", "alg": "RSA-OAEP"}), "not supported"},
		{"alg empty and nothing fits", with(must(newSigner("p384", "ES384")).jwk(), object{"alg": nil}), "none of"},
		{"J8 use enc", with(ec, object{"use": "enc"}), "use"},
		{"use of a SPIFFE bundle", with(ec, object{"use": "x509-svid"}), "use"},
		{"use is a list", with(ec, object{"use": []string{"sig"}}), "use"},
		{"key_ops without verify", with(ec, object{"key_ops": []string{"encrypt"}}), "key_ops"},
		{"Ed25519 short", with(ed, object{"x": "AAAA"}), "bytes"},
		{"X25519", with(ed, object{"crv": "X25519"}), ""},
		{"unknown kty", object{"kty": "AKP", "kid": "pq"}, "unsupported"},
		{"kid is a number", with(ec, object{"kid": 1}), "kid is not a string"},
		{"kid too long", with(ec, object{"kid": strings.Repeat("k", 257)}), "kid has"},
		{"not an object", "key", "not an object"},
		{"J8 kid twice", with(ec, object{"kid": good.kid}), "same kid"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, err := (&admitter{algorithms: []string{"RS256", "ES256", "EdDSA"}}).admit(jwks(good, row.key))
			keys, skipped := out.keys, out.skipped
			if err != nil || len(keys) != 1 || len(skipped) != 1 {
				t.Fatalf("%d keys, %v skipped, error %v, want 1 and 1", len(keys), skipped, err)
			}
			if keys[0].Marshal().KID != good.kid || !strings.Contains(skipped[0].Error(), row.why) {
				t.Errorf("kept %q, skipped because %v, want because of %q", keys[0].Marshal().KID, skipped[0], row.why)
			}
		})
	}
}

// roca makes a modulus of the shape that the generator of CVE-2017-15361 left:
// both factors are k*M + (65537^a mod M). They need not be prime here.
func roca(bits int) *big.Int {
	m := big.NewInt(2)
	for p, n := int64(3), 1; n < 126; p += 2 {
		if big.NewInt(p).ProbablyPrime(0) {
			m.Mul(m, big.NewInt(p))
			n++
		}
	}
	factor := func() *big.Int {
		top := new(big.Int).Lsh(big.NewInt(3), uint(bits/2-2)) // high enough for a product of all bits
		k := top.Div(top, m)
		f := new(big.Int).Exp(big.NewInt(65537), must(rand.Int(rand.Reader, m)), m)
		return f.Add(f, k.Mul(k.Add(k, big.NewInt(1)), m))
	}
	return new(big.Int).Mul(factor(), factor())
}

// The twins: what providers publish around a good key does not cost it.
func TestGoodKeysAreKept(t *testing.T) {
	ec := ecKey().jwk()
	for _, row := range []struct {
		name string
		key  object
		alg  string
	}{
		{"plain", ec, "ES256"},
		{"without use", with(ec, object{"use": nil}), "ES256"},
		{"without alg: the first that fits", with(ec, object{"alg": nil}), "ES256"},
		{"RSA without alg", with(rsaKey().jwk(), object{"alg": nil}), "PS256"},
		{"without kid", with(ec, object{"kid": nil}), "ES256"},
		{"key_ops with verify", with(ec, object{"key_ops": []string{"verify"}, "use": nil}), "ES256"},
		{"unreadable certificates are ignored", with(ec, object{"x5c": []string{"!"}, "x5u": "http://evil.example/", "x5t": "!"}), "ES256"},
		{"unknown members", with(ec, object{"revoked": object{"at": 1}}), "ES256"},
		{"Ed25519 by its new name", with(edKey().jwk(), object{"alg": "Ed25519"}), "EdDSA"},
		{"Ed25519 without alg", with(edKey().jwk(), object{"alg": nil}), "EdDSA"},
		{"RSA exponent 3", rsaJWK(rsaKey().private.Public().(*rsa.PublicKey).N, 3), "RS256"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, err := (&admitter{algorithms: []string{"PS256", "RS256", "ES256", "Ed25519"}}).admit(jwks(row.key))
			keys, skipped := out.keys, out.skipped
			if err != nil || len(keys) != 1 || len(skipped) != 0 {
				t.Fatalf("%d keys, %v skipped, error %v, want 1 and none", len(keys), skipped, err)
			}
			if got := keys[0].Marshal().ALG.String(); got != row.alg {
				t.Errorf("pinned to %q, want %q", got, row.alg)
			}
		})
	}
}

var es256 = admitter{algorithms: []string{"ES256"}}

// F1, F3, F15, J4: documents that are refused as a whole.
func TestBadDocuments(t *testing.T) {
	ec := ecKey()
	good := string(jwks(ec))
	tooMany := make([]any, maxKeys+1)
	for i := range tooMany {
		tooMany[i] = ec.named(fmt.Sprint(i))
	}
	for _, row := range []struct{ name, document, why string }{
		{"empty object", `{}`, `no "keys" array`},
		{"null", `null`, "not a JSON object"},
		{"array", `[]`, "not a JSON object"},
		{"error", `{"error":"maintenance"}`, `no "keys" array`},
		{"keys null", `{"keys":null}`, `no "keys" array`},
		{"keys object", `{"keys":{}}`, `no "keys" array`},
		{"upper-case KEYS", strings.Replace(good, `"keys"`, `"KEYS"`, 1), `no "keys" array`},
		{"keys twice", `{"keys":[],` + good[1:], "comes twice"},
		{"HTML", "<!doctype html><title>Maintenance</title>", "not valid JSON"},
		{"truncated", good[:len(good)-2], "not valid JSON"},
		{"trailing garbage", good + "{}", "not valid JSON"},
		{"empty", "", "not valid JSON"},
		{"empty keys", `{"keys":[]}`, errEmptySet.Error()},
		{"a name twice in a key", `{"keys":[{"kty":"EC","kty":"RSA"}]}`, "comes twice"},
		{"only bad keys", `{"keys":[{"kty":"oct","k":"AAAA"},1]}`, "none of 2 keys"},
		{"J8 too many keys", string(jwks(tooMany...)), "101 keys"},
		{"nested", `{"keys":[` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `]}`, "nested too deep"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, err := es256.admit([]byte(row.document))
			if keys := out.keys; err == nil || len(keys) != 0 || !strings.Contains(err.Error(), row.why) {
				t.Errorf("%d keys, error %v, want %q", len(out.keys), err, row.why)
			}
		})
	}
	if out, err := es256.admit(jwks(tooMany[1:]...)); err != nil || len(out.keys) != maxKeys {
		t.Errorf("twin: %d keys, %v, want %d", len(out.keys), err, maxKeys)
	}
}

// Section 2 of the library's gaps: one key verifies one algorithm.
func TestKeysArePinned(t *testing.T) {
	algs := func(c *IssuerConfig) { c.Algorithms = []string{"RS256", "RS512", "PS256", "ES256", "EdDSA", "Ed25519"} }
	k := rsaKey()
	as := func(alg string) string { return signer{k.kid, alg, k.private}.mint(nil, goodClaims()) }
	ed := edKey()
	edAs := func(name string) string {
		signed := strings.Join(strings.Split(ed.mint(object{"alg": name}, goodClaims()), ".")[:2], ".")
		return signed + "." + b64(must(algorithms[name].method.Sign(signed, ed.key())))
	}
	both := loaded(t, serving(k, ed), Options{Issuers: []IssuerConfig{config(algs)}})
	run(t, both, []attack{
		{"twin: its own algorithm", as("RS256"), ""},
		{"another hash", as("RS512"), rules.TokenAlgorithm},
		{"another padding", as("PS256"), rules.TokenAlgorithm},
		{"Ed25519 by its old name", edAs("EdDSA"), ""},
		{"Ed25519 by its new name", edAs("Ed25519"), ""},
	})
	single := loaded(t, serving(with(k.jwk(), object{"alg": nil})), Options{Issuers: []IssuerConfig{config(algs)}})
	noKid := func(alg string) string { return signer{k.kid, alg, k.private}.mint(object{"kid": nil}, goodClaims()) }
	run(t, single, []attack{
		{"A04 twin: no kid and one key", noKid("RS256"), ""},
		{"A04 no kid, key without alg: still pinned", noKid("RS512"), rules.TokenAlgorithm},
		{"A04 no kid, key without alg, another padding", noKid("PS256"), rules.TokenAlgorithm},
	})
	unlisted := k
	unlisted.alg = "RS512" // the provider's word, not the operator's
	run(t, loaded(t, serving(unlisted, ed), Options{}), []attack{
		{"an algorithm that the key has and the issuer may not use", as("RS512"), rules.TokenAlgorithm},
	})
	nameless := loaded(t, serving(with(ecKey().jwk(), object{"kid": nil})), Options{})
	run(t, nameless, []attack{
		{"a key without kid serves tokens without kid", ecKey().mint(object{"kid": nil}, goodClaims()), ""},
		{"and no token that names one", ecKey().mint(nil, goodClaims()), rules.TokenKeyUnknown},
	})
}

func TestPSSSaltIsAsLongAsTheHash(t *testing.T) {
	k := rsaKey()
	k.alg = "PS256"
	v := loaded(t, serving(k), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.Algorithms = []string{"PS256"} })}})
	token := k.mint(nil, goodClaims())
	signed := token[:strings.LastIndexByte(token, '.')]
	salted := func(length int) string {
		sum := sha256.Sum256([]byte(signed))
		sig := must(rsa.SignPSS(rand.Reader, k.private.(*rsa.PrivateKey), crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: length}))
		return signed + "." + b64(sig)
	}
	run(t, v, []attack{
		{"twin: 32 bytes", salted(32), ""},
		{"A07 20 bytes", salted(20), rules.TokenSignature},
		{"A07 no salt", salted(0), rules.TokenSignature},
	})
}

func TestKeySetIsReadOnly(t *testing.T) {
	out, err := (&admitter{algorithms: []string{"ES256", "RS256"}}).admit(jwks(ecKey(), rsaKey()))
	if err != nil {
		t.Fatal(err)
	}
	keys := out.keys
	s, err := newKeySet(keys, now)
	if err != nil {
		t.Fatal(err)
	}
	var storage jwkset.Storage = s
	_, err = storage.KeyDelete(t.Context(), "ec-1")
	for _, err := range []error{err, storage.KeyWrite(t.Context(), keys[0]), storage.KeyReplaceAll(t.Context(), nil)} {
		if !errors.Is(err, errReadOnly) {
			t.Errorf("a write = %v, want %v", err, errReadOnly)
		}
	}
	all, err := storage.KeyReadAll(t.Context())
	if err != nil || len(all) != 2 {
		t.Errorf("KeyReadAll = %d keys, %v", len(all), err)
	}
	if _, err := storage.KeyRead(t.Context(), "nobody"); !errors.Is(err, jwkset.ErrKeyNotFound) {
		t.Errorf("KeyRead(nobody) = %v, want ErrKeyNotFound", err)
	}
	text, err := storage.JSONPublic(t.Context())
	if err != nil || !json.Valid(text) || strings.Contains(string(text), `"d"`) {
		t.Errorf("JSONPublic = %s, %v", text, err)
	}
}
