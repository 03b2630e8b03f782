package audit

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// The example of RFC 7515 appendix A.1, and one with the five parts of a JWE.
const (
	jws = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	jwe = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4.XFBoMYUZodetZdvTiFvSkQ"
)

var anyHash = regexp.MustCompile(`[0-9a-f]{12}\]`)

// L7: a token is not written down, wherever in a text it stands. Each twin below
// a row differs in what makes it none, and stays as it is.
func TestL7ATokenIsNotWrittenDown(t *testing.T) {
	const a, b = "[token sha256:8d4ef6536dc8]", "[token sha256:b46b379ff7bb]"
	for _, c := range []struct{ name, in, want string }{
		{"a JWS", jws, a},
		{"a JWE", jwe, b},
		{"behind a word", "Bearer " + jws, "Bearer " + a},
		{"in a path", "files/" + jws + "/x", "files/" + a + "/x"},
		{"two of them", jws + "," + jwe, a + "," + b},
		{"without a signature", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", "[token sha256:e11a2e8279aa]"},
		{"with a detached payload", "eyJhbGciOiJub25lIn0..c2ln", "[token sha256:0eaac824c626]"},
		{"something hangs behind it", jws + ".json", "[token sha256:c67576d0b4c7]"},
		{"stuck to a word", "x" + jws, "x" + a},
		{"a space in the header", "eyAiYWxnIjoibm9uZSJ9.e30.c2ln", "[token sha256:…]"},
		{"a line feed", "ewoiYWxnIjoibm9uZSJ9.e30.c2ln", "[token sha256:…]"},
		{"a tab", "ewkiYWxnIjoibm9uZSJ9.e30.c2ln", "[token sha256:…]"},
		{"a space before the header", "IHsiYWxnIjoibm9uZSJ9.e30.c2ln", "[token sha256:…]"},
		{"two spaces before it", "ICB7ImFsZyI6Im5vbmUifQ.e30.c2ln", "[token sha256:…]"},
		{"a name that is empty", "eyIiOjEsImFsZyI6Im5vbmUifQ.e30.c2ln", "[token sha256:…]"},
		{"with padding", "eyJhbGciOiJub25lIn0=.e30=.c2ln", "[token sha256:…]"},
		{"its dots are escaped", "v1/" + strings.ReplaceAll(jws, ".", "%2E") + "/x", "v1/[token sha256:…]/x"},
		{"a letter is", "v1/%65yJhbGciOiJub25lIn0.e30.c2ln", "v1/[token sha256:…]"},
		{"twice", "v1/e%2579JhbGciOiJub25lIn0%252e.c2ln", "v1/[token sha256:…]"},
		{"slashes within", "v1/eyJhbGci/OiJub25lIn0/.e30%2F.c2ln/x", "v1/[token sha256:…]/x"},

		{"an id", "AC123456", "AC123456"},
		{"a name with dots", "report.v1.2.final", "report.v1.2.final"},
		{"two parts", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ"},
		{"dots of another text", "eyJafjalla 1.2.3", "eyJafjalla 1.2.3"},
		{"another case", strings.ToLower("eyJ") + "a.b.c", "eyja.b.c"},
		{"twin: escapes of what is none", "a%2Eb%2Ec%2", "a%2Eb%2Ec%2"},
		{"twin: an escape between", "eyJhbGciOiJub25lIn0%20.e30.c2ln", "eyJhbGciOiJub25lIn0%20.e30.c2ln"},
		{"twin: JSON that is no object", "WyJhbGciOiJub25lIn0.e30.c2ln", "WyJhbGciOiJub25lIn0.e30.c2ln"},
		{"twin: a brace before a letter", "e2FsZyI6Im5vbmUifQ.e30.c2ln", "e2FsZyI6Im5vbmUifQ.e30.c2ln"},
		{"twin: words that begin so", "Invoice.v1.2 Document.2.3 %", "Invoice.v1.2 Document.2.3 %"},
		{"nothing", "", ""},
	} {
		got := WithoutTokens(c.in)
		if strings.Contains(c.want, "…]") { // any hash
			got = anyHash.ReplaceAllString(got, "…]")
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// L7: no member of a record holds one, whatever a request named: not even the
// first part of one that is longer than a text may be.
func TestL7NoMemberOfARecordHoldsAToken(t *testing.T) {
	long := jws[:len(jws)-20] + strings.Repeat("A", 2*maxText) + "." + jws
	for _, token := range []string{jws, jwe, long} {
		r := full()
		r.Targets[0].ID, r.Detail, r.Caller.Subject = token, "quotes "+token, token
		r.Inputs[0].Value, r.Inputs[3].Value = "/v1/"+token, []string{"a", token}
		r.Shadow.Detail = token
		r.Op = strings.Repeat("x", maxText-30) + token // cut in its middle
		text := string(line(&r))
		if strings.Contains(text, token[:40]) || strings.Contains(text, "eyJ") {
			t.Errorf("the record has it: %s", text)
		}
		if n := strings.Count(text, "[token sha256:"); n < 6 {
			t.Errorf("%d marks in %s", n, text)
		}
		twin := full()
		twin.Targets[0].ID = strings.ReplaceAll(token[:40], ".", "/")
		if text := string(line(&twin)); !strings.Contains(text, twin.Targets[0].ID) {
			t.Errorf("the twin without dots is gone: %s", text)
		}
	}
}

func TestATextWithoutATokenCostsNothing(t *testing.T) {
	for _, text := range []string{"accounts/AC123456", "accounts/AC123456/eyJ", "eyJhbGci.e30 report.v1.2.final", "/v1/a%20b/c.d.e"} {
		if n := testing.AllocsPerRun(100, func() { WithoutTokens(text) }); n > 0 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

// L7: however long a text is, each byte of it is read a few times only.
func TestL7ALongTextIsReadOnce(t *testing.T) {
	for _, unit := range []string{"eyJ", "ICAg", "%2525", "eyJ/", "%65", "C."} {
		text := strings.Repeat(unit, 1<<18) + ".."
		WithoutTokens(text) // quadratic, it would take minutes
	}
}

// L7: whatever white space stands in a header and whatever of the token is
// escaped, divided or padded, its payload is not written down.
func FuzzL7NoTokenIsLeft(f *testing.F) {
	f.Add("v1/", "{\"alg\":\"none\"}", "/x", uint64(0))
	f.Add("ICAg", " \t\r\n { \"alg\" : 1 }", "", uint64(1<<40-1))
	f.Add("%25", "{\n\"\":0}", "%2E", uint64(0x5555))
	f.Fuzz(func(t *testing.T, before, header, after string, escaped uint64) {
		once := WithoutTokens(before + after)
		if again := WithoutTokens(once); again != once {
			t.Fatalf("%q is %q, and then %q", before+after, once, again)
		}
		inner := strings.TrimLeft(header, " \t\r\n")
		if !strings.HasPrefix(inner, "{") || !strings.HasPrefix(strings.TrimLeft(inner[1:], " \t\r\n"), "\"") || strings.HasSuffix(before, "%") {
			return
		}
		const payload = "c2VjcmV0LXBheWxvYWQ"
		token := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + payload + ".c2ln"
		var written strings.Builder
		for i, c := range []byte(token) {
			if escaped>>(i%64)&1 == 1 && i <= strings.IndexByte(token, '.') {
				fmt.Fprintf(&written, "%%%02X", c)
			} else {
				written.WriteByte(c)
			}
		}
		if got := WithoutTokens("/" + before + " " + written.String() + " " + after); strings.Contains(got, payload) {
			t.Errorf("%q is left of %q", got, written.String())
		}
	})
}
