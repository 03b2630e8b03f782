//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"

	"github.com/tiergate/tiergate/e2e/idp"
)

// header is a row whose token has other header members.
func header(name string, changes idp.Header, want string) gateRow {
	return gateRow{name: name, bad: func(m *maker) string { return m.token(changes, nil) }, want: want}
}

// headerText is a row whose header is written by hand; %s stands for the kid.
func headerText(name, text, want string) gateRow {
	return gateRow{name: name, want: want, bad: func(m *maker) string {
		claims, err := json.Marshal(m.claims(nil))
		return m.must(m.p.Current().SignText(strings.ReplaceAll(text, "%s", m.p.Current().ID), m.must(string(claims), err)))
	}}
}

func unsigned(token string) string { return token[:strings.LastIndexByte(token, '.')+1] }

// algorithmRows are A01 to A03: who chooses how a token is verified.
func algorithmRows() []gateRow {
	rows := []gateRow{
		header("A01 alg none", idp.Header{"alg": "none"}, "token_alg_not_allowed"),
		header("A01 alg None", idp.Header{"alg": "None"}, "token_alg_not_allowed"),
		header("A01 alg nOnE", idp.Header{"alg": "nOnE"}, "token_alg_not_allowed"),
		{name: "A01 alg none, not signed", want: "token_malformed", bad: func(m *maker) string { return m.must(m.p.Unsigned(m.claims(nil))) }},
		{name: "A01 empty signature", want: "token_malformed", bad: func(m *maker) string { return unsigned(m.token(nil, nil)) }},
		header("A01 no alg", idp.Header{"alg": nil}, "token_alg_not_allowed"),
		header("A01 alg is an array", idp.Header{"alg": []string{"RS256"}}, "token_alg_not_allowed"),
		header("A01 alg is a number", idp.Header{"alg": 256}, "token_alg_not_allowed"),
		header("A01 alg in another case", idp.Header{"alg": "rs256"}, "token_alg_not_allowed"),
		header("A01 an alg that the issuer does not use", idp.Header{"alg": "RS512"}, "token_alg_not_allowed"),
		header("A01 an alg that the key is not for", idp.Header{"alg": "ES256"}, "token_alg_not_allowed"),
		{name: "A03 signed with a symmetric key of the set", issuer: "flawed", want: "token_alg_not_allowed", bad: signedBy(string(idp.Symmetric))},
		{name: "A03 its kid with another alg", issuer: "flawed", want: "token_key_unknown", bad: func(m *maker) string {
			return m.token(idp.Header{"kid": string(idp.Symmetric)}, nil)
		}},
	}
	for _, alg := range []string{"RS256", "ES256"} {
		for _, form := range []string{"PEM", "PEM with leading space", "DER", "JWK"} {
			rows = append(rows, gateRow{
				name: "A02 HS256 with the " + alg + " key as " + form, want: "token_alg_not_allowed",
				bad: func(m *maker) string { return m.must(idp.HMAC(m.key(alg).ID, secretOf(m, alg, form), m.claims(nil))) },
			})
		}
	}
	return rows
}

// signedBy makes a token with the key of that kid.
func signedBy(kid string) func(*maker) string {
	return func(m *maker) string {
		for _, k := range m.p.Keys() {
			if k.ID == kid {
				return m.must(k.Sign(nil, m.claims(nil)))
			}
		}
		m.t.Fatalf("no key %q", kid)
		return ""
	}
}

func secretOf(m *maker, alg, form string) []byte {
	key := m.key(alg)
	text, err := key.PublicPEM()
	if err != nil {
		m.t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
		m.t.Fatal(err)
	}
	jwk, err := json.Marshal(key.JWK())
	if err != nil {
		m.t.Fatal(err)
	}
	return map[string][]byte{"PEM": text, "PEM with leading space": append([]byte("\n "), text...), "DER": block.Bytes, "JWK": jwk}[form]
}

// headerRows are A04, A05, A08 and A09: what a header may not say.
func headerRows() []gateRow {
	canary := func(name string) gateRow {
		return gateRow{name: "A05 " + name + " to a listener of the attacker", want: "token_header", bad: func(m *maker) string {
			return m.token(idp.Header{name: m.providers["canary"].JWKSURL()}, nil)
		}}
	}
	return []gateRow{
		header("A04 no kid among several keys", idp.Header{"kid": nil}, "token_header"),
		{name: "A04 twin: no kid where there is one key", issuer: "lone", bad: func(m *maker) string { return m.token(idp.Header{"kid": nil}, nil) }},
		header("A04 kid empty", idp.Header{"kid": ""}, "token_header"),
		headerText("A04 kid null", `{"alg":"RS256","kid":null}`, "token_header"),
		header("A04 kid number", idp.Header{"kid": 1}, "token_header"),
		header("A04 kid longer than allowed", idp.Header{"kid": strings.Repeat("k", 257)}, "token_header"),
		header("A04 kid of a megabyte", idp.Header{"kid": strings.Repeat("k", 1<<20)}, "envoy 431"),
		header("A04 kid path traversal", idp.Header{"kid": "../../dev/null"}, "token_key_unknown"),
		header("A04 kid SQL", idp.Header{"kid": "x' OR '1'='1"}, "token_key_unknown"),
		headerText("A04 kid NUL", `{"alg":"RS256","kid":"%s\u0000"}`, "token_malformed"),
		{name: "A05 embedded jwk", want: "token_header", bad: func(m *maker) string {
			own, err := idp.NewKey(m.p.Current().ID, "RS256")
			if err != nil {
				m.t.Fatal(err)
			}
			return m.must(own.Sign(idp.Header{"jwk": own.JWK()}, m.claims(nil)))
		}},
		header("A05 embedded x5c", idp.Header{"x5c": []string{"AAAA"}}, "token_header"),
		canary("jku"), canary("x5u"),
		header("A08 crit unknown", idp.Header{"crit": []string{"x"}, "x": 1}, "token_header"),
		header("A08 crit empty", idp.Header{"crit": []string{}}, "token_header"),
		header("A08 crit of the wrong type", idp.Header{"crit": "exp"}, "token_header"),
		header("A08 crit naming alg", idp.Header{"crit": []string{"alg"}}, "token_header"),
		header("A08 crit naming b64", idp.Header{"crit": []string{"b64"}, "b64": false}, "token_header"),
		header("A08 b64 false", idp.Header{"b64": false}, "token_header"),
		{name: "A09 JWE around a good token", want: "token_malformed", bad: func(m *maker) string {
			return m.must(m.key("RS256").Encrypt(idp.Header{"cty": "JWT"}, []byte(m.token(nil, nil))))
		}},
		{name: "A09 JWE around an unsigned token", want: "token_malformed", bad: func(m *maker) string {
			return m.must(m.key("RS256").Encrypt(idp.Header{"cty": "JWT"}, []byte(m.must(m.p.Unsigned(m.claims(nil))))))
		}},
		{name: "A09 JWE around bare claims", want: "token_malformed", bad: func(m *maker) string {
			claims, err := json.Marshal(m.claims(nil))
			return m.must(m.key("RS256").Encrypt(nil, []byte(m.must(string(claims), err))))
		}},
		{name: "A09 five segments", want: "token_malformed", bad: func(m *maker) string { return m.token(nil, nil) + ".AAAA.AAAA" }},
		header("A09 signed, with the header of a JWE", idp.Header{"alg": "RSA-OAEP-256", "enc": "A256GCM"}, "token_header"),
		header("A09 signed, and says that it is encrypted", idp.Header{"enc": "A256GCM"}, "token_header"),
		header("A09 zip", idp.Header{"zip": "DEF"}, "token_header"),
		header("A09 p2c bomb", idp.Header{"alg": "PBES2-HS256+A128KW", "p2c": 1 << 30}, "token_alg_not_allowed"),
	}
}

// signatureRows are A06 and A07: other signatures over the same claims.
func signatureRows() []gateRow {
	var rows []gateRow
	n := idp.Order()
	altered := func(name, want string, change func(sig []byte) []byte) {
		rows = append(rows, gateRow{name: name, want: want, good: byES256, bad: func(m *maker) string {
			return m.must(idp.Resign(byES256(m), change))
		}})
	}
	for name, x := range map[string]*big.Int{"0": new(big.Int), "1": big.NewInt(1), "n-1": new(big.Int).Sub(n, big.NewInt(1)), "n": n} {
		altered("A06 r is "+name, "token_signature_invalid", func(sig []byte) []byte {
			_, s := idp.SplitES256(sig)
			return idp.JoinES256(x, s)
		})
		altered("A06 s is "+name, "token_signature_invalid", func(sig []byte) []byte {
			r, _ := idp.SplitES256(sig)
			return idp.JoinES256(r, x)
		})
	}
	altered("A06 r and s are 0", "token_signature_invalid", func([]byte) []byte { return make([]byte, 64) })
	altered("A06 n + r", "token_signature_invalid", func(sig []byte) []byte {
		r, s := idp.SplitES256(sig)
		return idp.JoinES256(r.Add(r, n), s)
	})
	altered("A06 DER", "token_signature_invalid", idp.DERES256)
	altered("A06 short", "token_signature_invalid", func(sig []byte) []byte { return sig[:63] })
	altered("A06 long", "token_signature_invalid", func(sig []byte) []byte { return append(sig, 0) })
	altered("A06 twin: as signed", "", func(sig []byte) []byte { return idp.JoinES256(idp.SplitES256(sig)) })
	altered("A07 twin: (r, n-s) is the same caller, and is known by no signature", "", idp.TwinES256)
	return append(rows,
		spelled("A07 padding", "token_malformed", func(p []string) string { return p[0] + "." + p[1] + "." + p[2] + "=" }),
		spelled("A07 trailing bits", "token_malformed", func(p []string) string { return p[0] + "." + p[1] + "." + otherTail(p[2]) }),
		spelled("A07 standard alphabet", "token_malformed", func(p []string) string { return p[0] + "." + p[1] + ".+" + p[2][1:] }),
		spelled("A07 LF in a segment, and the rest is another header", "envoy 400", func(p []string) string { return p[0] + "." + p[1] + "\n." + p[2] }),
		spelled("A07 space in a segment", "credential_malformed", func(p []string) string { return p[0] + "." + p[1] + " ." + p[2] }),
		gateRow{name: "A07 claims of another token under this signature", want: "token_signature_invalid", bad: func(m *maker) string {
			a, b := strings.Split(m.token(nil, nil), "."), strings.Split(m.token(nil, idp.Claims{"sub": "bob"}), ".")
			return a[0] + "." + b[1] + "." + a[2]
		}})
}

// byES256 is corp's good token, under its P-256 key.
func byES256(m *maker) string { return m.must(m.key("ES256").Sign(nil, m.claims(nil))) }

// spelled is a row that spells the parts of a good token another way.
func spelled(name, want string, join func(parts []string) string) gateRow {
	return gateRow{name: name, want: want, bad: func(m *maker) string { return join(strings.Split(m.token(nil, nil), ".")) }}
}

// otherTail spells the same bytes with another unused bit, which lenient decoders accept.
func otherTail(segment string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, segment[len(segment)-1])
	return segment[:len(segment)-1] + string(alphabet[last^1])
}

// shapeRows are A10 and A13: what is no compact token, or too much of one.
func shapeRows() []gateRow {
	return []gateRow{
		{name: "A10 flattened JSON", want: "ambiguous_header", bad: func(m *maker) string { return m.must(idp.JSONForm(m.token(nil, nil))) }},
		{name: "A10 JSON without a comma", want: "token_malformed", bad: func(m *maker) string { return `{"payload":"` + m.token(nil, nil) + `"}` }},
		{name: "A10 a token in two formats at once", want: "token_malformed", bad: func(m *maker) string { return m.token(nil, nil) + `{"signatures":[]}` }},
		{name: "A13 five megabytes", want: "envoy 431", bad: func(*maker) string { return strings.Repeat("a", 5<<20) }},
		{name: "A13 a million dots", want: "envoy 431", bad: func(*maker) string { return strings.Repeat(".", 1<<20) }},
		{name: "A13 as many dots as fit", want: "token_malformed", bad: func(*maker) string { return strings.Repeat(".", 8<<10) }},
		{name: "A13 one byte too long", want: "token_too_large", bad: func(*maker) string { return strings.Repeat("a", 8<<10+1) }},
		{name: "A13 good, and too long", want: "token_too_large", bad: func(m *maker) string { return m.token(nil, idp.Claims{"x": strings.Repeat("x", 8<<10)}) }},
		{name: "A13 many claims", want: "token_too_large", bad: func(m *maker) string { return m.token(nil, many(3000)) }},
		{name: "A13 a huge kid", want: "token_malformed", bad: func(m *maker) string { return m.token(idp.Header{"kid": strings.Repeat("k", 3<<10)}, nil) }},
		claimText("A13 nested 2,000 deep", `,"x":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+`}`, "token_malformed"),
		claimText("A13 nested 17 deep", `,"x":`+strings.Repeat("[", 16)+strings.Repeat("]", 16)+`}`, "token_malformed"),
		claimText("A13 twin: nested 16 deep", `,"x":`+strings.Repeat("[", 15)+strings.Repeat("]", 15)+`}`, ""),
		{name: "A13 compressed claims", want: "token_malformed", bad: func(m *maker) string {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			fmt.Fprintf(z, `{"sub":"ada","x":%q}`, strings.Repeat("x", 1<<20))
			z.Close()
			return m.must(m.p.Current().SignText(`{"alg":"RS256","kid":"`+m.p.Current().ID+`"}`, packed.String()))
		}},
		spelled("A13 two segments", "token_malformed", func(p []string) string { return p[0] + "." + p[1] }),
		spelled("A13 empty header", "token_malformed", func(p []string) string { return "." + p[1] + "." + p[2] }),
		spelled("A13 empty claims", "token_malformed", func(p []string) string { return p[0] + ".." + p[2] }),
	}
}

// many are n small claims.
func many(n int) idp.Claims {
	c := idp.Claims{}
	for i := range n {
		c[fmt.Sprint("c", i)] = i
	}
	return c
}
