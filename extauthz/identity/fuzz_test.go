package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tiergate/tiergate/rules"
)

// FuzzTokenGate: what the gate accepts has one spelling and one reading. Decoded
// and encoded again it is the same text, and encoding/json and golang-jwt, whose
// gaps the gate closes, read the same claims from it.
func FuzzTokenGate(f *testing.F) {
	good := string(must(json.Marshal(goodClaims())))
	for _, seed := range [][2]string{
		{`{"alg":"ES256","kid":"ec-1","typ":"JWT"}`, good},
		{`{"alg":"EdDSA"}`, `{"sub":"\ud83d\ude00","x":[1,2.5e3,{"a":null}],"exp":1e9}`},
		{`{"alg":"RS256","alg":"none"}`, `{"exp":1,"EXP":2}`},
		{`{"alg":"none","crit":["b64"],"b64":false}`, `{"x":"\ud800"}`},
		{`{"alg":"ES256","x":{"k":1,"K":2}}`, `{"address":{"Tenant":"a","tenant":"b"},"list":[{"c":1,"C":2}]}`},
		{`null`, `[]`}, {`{}`, `{}`}, {"{\"a\":\"\xff\"}", "{\"n\":1e400}"}, {`{"a":1}{`, ` {"k":"K","K":1} `},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]), []byte("signature"), "")
	}
	f.Add([]byte(`{"alg":"ES256"}`), []byte(good), []byte{0xff}, ".\r\n=")
	f.Fuzz(func(t *testing.T, header, claims, signature []byte, tail string) {
		text := b64(header) + "." + b64(claims) + "." + b64(signature) + tail
		c, err := parse(text, defaultMaxToken)
		if err != nil {
			if r := rules.Denial(err).Reason; r != rules.TokenMalformed && r != rules.TokenTooLarge {
				t.Fatalf("%q is refused for %s", text, r)
			}
			return
		}
		parts := strings.Split(text, ".")
		if len(parts) != 3 || c.signed != parts[0]+"."+parts[1] || b64(c.signature) != parts[2] {
			t.Fatalf("%q has another spelling", text)
		}
		for i, got := range []map[string]any{c.header, c.claims} {
			if folded, ok := foldNames(got); !ok {
				t.Fatalf("segment %d of %q has one name twice to who folds case: %v", i, text, folded)
			}
			data := must(base64.RawURLEncoding.DecodeString(parts[i]))
			if b64(data) != parts[i] {
				t.Fatalf("segment %d of %q has another spelling", i, text)
			}
			d := json.NewDecoder(bytes.NewReader(data))
			d.UseNumber()
			var want map[string]any
			if err := d.Decode(&want); err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("segment %d of %q: read %v, encoding/json %v (%v)", i, text, got, want, err)
			}
			again, err := strictObject(must(json.Marshal(got)), maxClaimsDepth)
			if err != nil || !reflect.DeepEqual(got, again) {
				t.Fatalf("segment %d of %q changes when written again: %v, %v", i, text, again, err)
			}
		}
		if checkAlgorithm(c) != nil || c.alg == "Ed25519" {
			return // golang-jwt does not know it
		}
		mapped := jwt.MapClaims{}
		token, _, err := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithJSONNumber()).ParseUnverified(text, mapped)
		if err != nil || token.Method.Alg() != c.alg || !reflect.DeepEqual(map[string]any(mapped), c.claims) {
			t.Fatalf("%q: golang-jwt reads %v, %v", text, mapped, err)
		}
	})
}

// foldNames is what a reader makes of a value that takes names for the same
// whatever their case; ok is false where it loses one.
func foldNames(v any) (folded any, ok bool) {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			inner, ok := foldNames(member)
			if !ok {
				return inner, false
			}
			out[strings.ToLower(strings.ToUpper(name))] = inner
		}
		return out, len(out) == len(v)
	case []any:
		for _, element := range v {
			if inner, ok := foldNames(element); !ok {
				return inner, false
			}
		}
	}
	return v, true
}

// FuzzVerify: no bytes in the place of a token are verified but those of a token
// that was signed.
func FuzzVerify(f *testing.F) {
	v := loaded(f, serving(ecKey(), rsaKey()), Options{})
	good := ecKey().mint(nil, goodClaims())
	for _, seed := range []string{good, rsaKey().mint(nil, goodClaims()), rogue().mint(nil, goodClaims()), hmacToken("rsa-1", []byte("x"), goodClaims()), "a.b.c", ""} {
		f.Add("Bearer "+seed, "")
		f.Add("Bearer "+seed, "Bearer "+seed)
	}
	signed := map[string]bool{good: true}
	f.Fuzz(func(t *testing.T, first, second string) {
		req := &rules.Request{Now: now, Headers: []rules.Header{{Name: "authorization", Value: first}}}
		if second != "" {
			req.Headers = append(req.Headers, rules.Header{Name: "authorization", Value: second})
		}
		e, err := v.Verify(t.Context(), req)
		if err != nil {
			if s := rules.Denial(err).Reason.Status(); s != 401 && s != 403 {
				t.Fatalf("%q is answered %d: %v", first, s, err)
			}
			return
		}
		who := e.Verified
		// The one thing that may differ is the signature of the same claims: RSA and
		// ECDSA seeds are ours, and a twin signature changes nothing else.
		text := first[len(bearerScheme):]
		same := who.Subject == "ada" && second == "" && strings.EqualFold(first[:len(bearerScheme)], bearerScheme)
		if !same || !signed[text] && !strings.HasSuffix(text[:strings.LastIndexByte(text, '.')], good[strings.IndexByte(good, '.'):strings.LastIndexByte(good, '.')]) {
			t.Fatalf("%q is verified as %+v", first, who)
		}
	})
}

// FuzzJWKS: whatever an issuer publishes, an admitted key is public, strong,
// pinned to an algorithm that it fits, and admitted again to the same.
func FuzzJWKS(f *testing.F) {
	f.Add(jwks(rsaKey(), ecKey(), edKey()))
	f.Add(jwks(with(ecKey().jwk(), object{"alg": nil, "x5c": []string{"A"}}), object{"kty": "oct", "k": "AAAA"}))
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"a"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		all := &admitter{algorithms: defaultAlgorithms, spiffe: true}
		out, err := all.admit(document)
		keys := out.keys
		if (err == nil) != (len(keys) > 0) || len(keys) > maxKeys {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		list := make([]any, len(keys))
		for i, k := range keys {
			m := k.Marshal()
			if a, ok := algorithms[m.ALG.String()]; !ok || !a.fits(k.Key()) || a.pin != m.ALG.String() {
				t.Fatalf("key %d is pinned to %q", i, m.ALG)
			}
			if err := checkStrength(k.Key()); err != nil || m.D != "" || m.K != "" || m.P != "" {
				t.Fatalf("key %d: %v, %+v", i, err, m)
			}
			list[i] = m
		}
		if len(keys) == 0 {
			return
		}
		s, err := newKeySet(keys, now)
		if err != nil || len(s.byID) != len(keys) {
			t.Fatalf("%d keys make a set of %d, %v", len(keys), len(s.byID), err)
		}
		second, err := all.admit(jwks(list...))
		again, skipped := second.keys, second.skipped
		if err != nil || len(again) != len(keys) {
			t.Fatalf("again: %d keys of %d, skipped %v, %v", len(again), len(keys), skipped, err)
		}
	})
}

// FuzzSPIFFE: an accepted ID is a canonical URL that a URL parser takes apart alike.
func FuzzSPIFFE(f *testing.F) {
	for _, seed := range []string{billing, "spiffe://td/x", "spiffe://td/../x", "spiffe://TD/x", "spiffe://td/x?", "spiffe://td:1/x", "CN=x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		domain, ok := rules.TrustDomain(id)
		if !ok {
			if domain != "" {
				t.Fatalf("%q is none and has domain %q", id, domain)
			}
			return
		}
		u, err := url.Parse(id)
		if err != nil || u.String() != id || u.Scheme != "spiffe" || u.Host != domain || u.User != nil ||
			u.RawQuery != "" || u.Fragment != "" || u.RawPath != "" || path.Clean(u.Path) != u.Path || len(u.Path) < 2 {
			t.Fatalf("%q is %#v, %v", id, u, err)
		}
		for _, odd := range []string{strings.ToUpper(id), id + "/", " " + id, id + "?", id + "#", id + "/../x"} {
			if _, ok := rules.TrustDomain(odd); ok && odd != id {
				t.Fatalf("%q is accepted beside %q", odd, id)
			}
		}
	})
}
