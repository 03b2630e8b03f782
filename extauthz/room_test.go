package extauthz

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// With the four pseudo headers and the decision's id 95 headers have room, one
// less for each that is set and did not come.
func TestH1RoomForWhatIsSet(t *testing.T) {
	a := newAnswers([]string{"x-role", "x-tenant"}, false)
	many := func(n int, more ...string) *rules.RawRequest {
		for i := range n - len(more) {
			more = append(more, fmt.Sprintf("x-%d", i))
		}
		return sent(more...)
	}
	long := func(n int) *rules.RawRequest {
		raw := sent("x")
		raw.Path = "/" + strings.Repeat("a", 1000)
		raw.Headers[0].Value = strings.Repeat("v", n-1-len(raw.Path)-pseudoHeaderBytes-len(decisionHeader)-len(raw.ID))
		return raw
	}
	for name, c := range map[string]struct {
		out        *rules.Outcome
		fits, over *rules.RawRequest
	}{
		"nothing":                  {allowed(), many(95), many(96)},
		"two":                      {setting("x-role", "a", "x-tenant", "b"), many(93), many(94)},
		"two, of which one came":   {setting("x-role", "a", "x-tenant", "b"), many(94, "x-role"), many(95, "x-role")},
		"bytes":                    {allowed(), long(60 << 10), long(60<<10 + 1)},
		"bytes of what is set":     {setting("x-role", "a"), long(60<<10 - len("x-rolea")), long(60<<10 - len("x-role"))},
		"one that is removed":      {setting("x-role", ""), many(95, "x-role"), many(96, "x-role")},
		"a header that came twice": {setting("x-role", "a"), many(95, "x-role", "x-role"), many(96, "x-role", "x-role")},
	} {
		if _, err := a.allow(c.out, c.fits); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err := a.allow(c.out, c.over)
		if d := rules.Denial(errOr(err)); d.Reason != rules.MalformedRequest || d.Status() != 400 {
			t.Errorf("%s, over: %v", name, err)
		}
	}
}
