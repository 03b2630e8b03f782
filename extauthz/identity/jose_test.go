package identity

import (
	"bytes"
	"crypto"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tiergate/tiergate/rules"
)

// joseAlgorithms are what the issuer of the comparison takes. Both libraries know
// them; go-jose has no name for Ed25519 but EdDSA.
var joseAlgorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.PS256, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// fixedKeys are the keys of testdata, made for tests alone: a corpus of signed
// tokens means something only with the keys that signed it.
func fixedKeys(t testing.TB) (list []signer, public map[string]any) {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(must(os.ReadFile("testdata/private-keys.json")), &set); err != nil {
		t.Fatal(err)
	}
	public = make(map[string]any)
	for _, k := range set.Keys {
		private, ok := k.Key.(crypto.Signer)
		if !ok {
			t.Fatalf("key %s is a %T", k.KeyID, k.Key)
		}
		list = append(list, signer{k.KeyID, k.Algorithm, private})
		public[k.KeyID] = k.Public().Key
	}
	return list, public
}

// compared is the verifier of the comparison.
func compared(t testing.TB, keys []signer) *Verifier {
	t.Helper()
	served := make([]any, len(keys))
	for i, k := range keys {
		served[i] = k
	}
	return loaded(t, serving(served...), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) {
		c.Algorithms = nil
		for _, a := range joseAlgorithms {
			c.Algorithms = append(c.Algorithms, string(a))
		}
	})}})
}

// genuine reports whether a token passes the gates of form, algorithm and
// signature, whatever its claims are worth, and what it says.
func genuine(t testing.TB, v *Verifier, text string) (claims map[string]any, kid string, ok bool) {
	t.Helper()
	c, err := v.gate(text)
	if err != nil {
		return nil, "", false
	}
	i := v.order[0]
	if checkAllowed(i, c, now) != nil {
		return nil, "", false
	}
	set, kid, err := i.keys.look(c, now)
	if err != nil || !set.has(kid) || set.verify(t.Context(), c, kid) != nil {
		return nil, "", false
	}
	return c.claims, kid, true
}

// FuzzAgainstGoJose: no token that go-jose refuses for its form, its algorithm or
// its signature is genuine here, and what both accept says the same to both. A
// token is raw text, or one that is signed, so that the search gets behind the
// signature; then a byte of it may be changed.
func FuzzAgainstGoJose(f *testing.F) {
	keys, public := fixedKeys(f)
	v := compared(f, keys)
	claims, err := json.Marshal(goodClaims())
	if err != nil {
		f.Fatal(err)
	}
	for n, k := range keys {
		head := `{"alg":"` + k.alg + `","kid":"` + k.kid + `"`
		for _, tail := range []string{
			`}`, `,"typ":"at+jwt"}`, `,"typ":"dpop+jwt"}`, `,"crit":["b64"],"b64":false}`, `,"crit":[]}`, `,"b64":true}`, `,"jwk":{}}`, `,"x5c":["AAAA"]}`,
			`,"nonce":1}`, `,"cty":1}`, `,"alg":"none"}`, `,"ALG":"none"}`, `,"zip":"DEF"}`, `,"jku":"https://evil.example"}`, ` } `, `}{}`, `,"x":"\ud800"}`,
		} {
			f.Add("", []byte(head+tail), claims, uint8(n), uint16(0), uint8(0))
		}
		f.Add("", []byte(head+`}`), claims, uint8(n), uint16(len(head)+20), uint8(1))
		f.Add("", []byte(`{"alg":"none"}`), claims, uint8(n), uint16(0), uint8(0))
		f.Add("", []byte(`{"alg":"`+k.alg+`"}`), claims, uint8(n), uint16(0), uint8(0))
		f.Add("", []byte(`{"alg":"HS256","kid":"`+k.kid+`"}`), []byte(`{"a":1,"a":2}`), uint8(n), uint16(0), uint8(0))
		f.Add("", []byte(head+`}`), []byte("{\"a\":\"\xff\"}"), uint8(n), uint16(0), uint8(0))
		f.Add("", []byte(head+`}`), []byte(`[]`), uint8(n), uint16(0), uint8(0))
	}
	for _, raw := range joseSeeds(keys) {
		f.Add(raw, []byte(nil), []byte(nil), uint8(0), uint16(0), uint8(0))
	}
	f.Fuzz(func(t *testing.T, raw string, header, payload []byte, key uint8, at uint16, flip uint8) {
		text := raw
		if text == "" {
			text = keys[int(key)%len(keys)].sign(string(header), string(payload))
		}
		if changed := []byte(text); len(changed) > 0 {
			changed[int(at)%len(changed)] ^= flip
			text = string(changed)
		}
		got, kid, ok := genuine(t, v, text)
		if !ok {
			return
		}
		token, err := jose.ParseSignedCompact(text, joseAlgorithms)
		if err != nil {
			t.Fatalf("%q is genuine here, and go-jose says %v", text, err)
		}
		said, err := token.Verify(public[kid])
		if err != nil {
			t.Fatalf("%q is genuine here by key %s, and go-jose says %v", text, kid, err)
		}
		d := json.NewDecoder(bytes.NewReader(said))
		d.UseNumber()
		var theirs map[string]any
		if err := d.Decode(&theirs); err != nil || !sameJSON(theirs, got) {
			t.Fatalf("%q: go-jose reads %v (%v), this %v", text, theirs, err, got)
		}
	})
}

func sameJSON(a, b map[string]any) bool {
	return bytes.Equal(must(json.Marshal(a)), must(json.Marshal(b)))
}

// joseSeeds are the attacks that are no signed token of these keys.
func joseSeeds(keys []signer) []string {
	good := keys[0].mint(nil, goodClaims())
	parts := strings.Split(good, ".")
	flattened := string(must(json.Marshal(object{"protected": parts[0], "payload": parts[1], "signature": parts[2]})))
	return []string{
		good, unsigned(good), good + "=", good + "\n", " " + good, good + ".AAAA.AAAA", flattened, parts[0] + ".." + parts[2],
		"." + parts[1] + "." + parts[2], parts[0] + "." + parts[1] + "." + otherTail(parts[2]),
		hmacToken(keys[0].kid, must(json.Marshal(keys[0].jwk())), goodClaims()), keys[1].named(keys[0].kid).mint(nil, goodClaims()),
		rogue().named(keys[0].kid).mint(nil, goodClaims()),
	}
}

// The comparison compares: a good token of every key is genuine to both, and one
// that either must refuse is so to neither.
func TestGoJoseAgreesOnTheTwins(t *testing.T) {
	keys, public := fixedKeys(t)
	v := compared(t, keys)
	for n, k := range keys {
		good := k.mint(nil, goodClaims())
		forged := keys[(n+1)%len(keys)].named(k.kid).mint(object{"alg": k.alg}, goodClaims())
		for token, want := range map[string]bool{good: true, forged: false} {
			_, kid, ours := genuine(t, v, token)
			theirs := false
			if parsed, err := jose.ParseSignedCompact(token, joseAlgorithms); err == nil {
				_, err = parsed.Verify(public[k.kid])
				theirs = err == nil
			}
			if ours != want || theirs != want || ours && kid != k.kid {
				t.Errorf("%s: genuine here %v (%s), to go-jose %v, want %v", k.alg, ours, kid, theirs, want)
			}
		}
		if _, reason := verify(t, v, good); reason != "" {
			t.Errorf("%s: refused for %s", k.alg, reason)
		}
		if _, reason := verify(t, v, k.mint(object{"nonce": 1}, goodClaims())); reason != rules.TokenHeader {
			t.Errorf("%s: a nonce that is no text: refused for %q, want %q", k.alg, reason, rules.TokenHeader)
		}
	}
}
