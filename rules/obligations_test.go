package rules

import (
	"fmt"
	"strings"
	"testing"
)

// What adds up to more than an answer holds is the request's doing: 403, and one
// byte less is allowed.
func TestObligationsAddUpToTooMuch(t *testing.T) {
	subject := func(n int) *Caller {
		return &Caller{Kind: Human, Verified: &Verified{Issuer: "corp", Subject: strings.Repeat("a", n)}}
	}
	for name, row := range map[string]struct {
		names     int
		value     string
		fits, not *Caller
	}{
		"bytes":      {4, "{caller.subject}", subject(8<<10 - len("p00")), subject(8<<10 - len("p00") + 1)},
		"parameters": {64, "x", subject(1), nil},
		"too many":   {65, "x", nil, subject(1)},
	} {
		t.Run(name, func(t *testing.T) {
			var set []string
			for i := range row.names {
				set = append(set, fmt.Sprintf(`p%02d: %q`, i, row.value))
			}
			s := load(t, `
rules:
  - { id: a, allow: { kind: human }, to: [read], on: file, up_to: internal, because: b, owner: o, review_by: 2027-03-31, then: { set_query: { `+strings.Join(set, ", ")+` } } }
`)
			file := Target{Action: "read", Object: Object{Type: s.Schema().Types["file"], ID: "1"}}
			if row.fits != nil {
				if d := s.Decide(new(Request), row.fits, []Target{file, file}); d.Effect != Allow || len(d.Obligations.SetQuery) != row.names {
					t.Errorf("%v %s %s", d.Effect, d.Reason, d.Detail)
				}
			}
			if row.not != nil {
				d := s.Decide(new(Request), row.not, []Target{file, file})
				if d.Effect != Deny || d.Reason != MutationUnfit || d.Status() != 403 || d.Targets[0].Rule != "a" || len(d.Obligations.SetQuery) != 0 {
					t.Errorf("%v %s %s: %+v", d.Effect, d.Reason, d.Detail, d.Targets)
				}
			}
		})
	}
}

// Without the means to find other spellings, every request is taken to have one.
func TestObligationsNeedToKnowWhatIsBeside(t *testing.T) {
	file := func(s *Set) []Target {
		return []Target{{Action: "read", Object: Object{Type: s.Schema().Types["file"], ID: "1"}}}
	}
	text := `
rules:
  - { id: a, allow: { kind: anonymous }, to: [read], on: file, up_to: internal, because: b, owner: o, review_by: 2027-03-31, then: { set_query: { who: x } } }
`
	s := load(t, text)
	if d := s.Decide(new(Request), nil, file(s)); d.Effect != Allow {
		t.Fatalf("%s %s", d.Reason, d.Detail)
	}
	s.beside = nil
	if d := s.Decide(new(Request), nil, file(s)); d.Reason != AmbiguousParameter || d.Status() != 400 {
		t.Errorf("%s %s", d.Reason, d.Detail)
	}
}
