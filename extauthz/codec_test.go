package extauthz

import (
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// A CheckResponse of no bytes is an allow: it never leaves the process.
func TestAnAnswerOfNoBytesIsADenial(t *testing.T) {
	allow, err := newAnswers(nil, false).allow(allowed(), new(rules.RawRequest))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		w      wire
		status int
		reason rules.Reason
	}{
		"nil":      {nil, 503, rules.Internal},
		"empty":    {wire{}, 503, rules.Internal},
		"an allow": {allow, 200, rules.Allowed},
	} {
		out, err := newCodec().Marshal(c.w)
		if err != nil {
			t.Fatal(err)
		}
		r := parsed(t, out.Materialize())
		if verdict(r) != c.status || reason(r) != c.reason {
			t.Errorf("%s: %d %s, want %d %s", name, verdict(r), reason(r), c.status, c.reason)
		}
	}
}
