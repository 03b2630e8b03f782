package audit

import (
	"strings"
	"testing"
)

// The example of RFC 7515 appendix A.1, and one with the five parts of a JWE.
const (
	jws = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	jwe = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4.XFBoMYUZodetZdvTiFvSkQ"
)

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

		{"an id", "AC123456", "AC123456"},
		{"a name with dots", "report.v1.2.final", "report.v1.2.final"},
		{"two parts", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ"},
		{"dots of another text", "eyJafjalla 1.2.3", "eyJafjalla 1.2.3"},
		{"another case", strings.ToLower("eyJ") + "a.b.c", "eyja.b.c"},
		{"nothing", "", ""},
	} {
		if got := WithoutTokens(c.in); got != c.want {
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
		if strings.Contains(text, token[:40]) || strings.Contains(text, jose) {
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
	if n := testing.AllocsPerRun(100, func() { WithoutTokens("accounts/AC123456/eyJ") }); n > 1 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { WithoutTokens("accounts/AC123456") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
