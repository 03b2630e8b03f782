package rules

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestLimitsThatOneCallerMeets: 64 on one type with one action are taken, one more is
// not, whoever it is of those that a caller can be.
func TestLimitsThatOneCallerMeets(t *testing.T) {
	var limits []string
	for i := range maxLimits {
		limits = append(limits, fmt.Sprintf("{ objects: 9, per: %dh }", i+1))
	}
	eight := "limit: [" + strings.Join(limits, ", ") + "]"
	const (
		one      = "limit: { objects: 9, per: 1h }"
		billing  = "allow: svc-billing"
		acme     = "allow: acme"
		anybody  = "allow: { kind: human }"
		issuer   = "allow: { kind: human, issuer: corp }"
		read     = ", to: [read], on: file, "
		reviewed = "because: b, owner: o, review_by: 2027-12-31, "
	)
	for name, c := range map[string]struct {
		first, more string
		want        bool
	}{
		"as many as may be":     {billing + read, billing + ", to: [delete], on: file, " + one, true},
		"one more":              {billing + read, billing + read + one, false},
		"of somebody else":      {billing + read, acme + read + one, true},
		"of anybody":            {billing + read, anybody + read + one, false},
		"of anybody at first":   {anybody + read, acme + read + one, false},
		"of an issuer":          {issuer + read, issuer + read + one, false},
		"of another issuer":     {issuer + read, "allow: { kind: human, issuer: acme-idp }" + read + one, true},
		"of several":            {billing + read, "allow: [acme, svc-billing]" + read + one, false},
		"with any action":       {billing + read, billing + `, to: ["*"], on: file, ` + reviewed + one, false},
		"on every type":         {billing + read, billing + `, to: [read], on: "*", ` + reviewed + one, false},
		"on another type":       {billing + read, billing + ", to: [read], on: customer, " + one, true},
		"in shadow":             {billing + read, billing + read + "mode: shadow, " + one, true},
		"of a rule without any": {billing + read, billing + read + "because: b", true},
	} {
		t.Run(name, func(t *testing.T) {
			text := "rules:\n"
			for i := range maxMet / maxLimits {
				text += fmt.Sprintf("  - { id: r%d, %s up_to: internal, %s }\n", i, c.first, eight)
			}
			text += "  - { id: more, up_to: internal, " + c.more + " }\n"
			got := report(fstest.MapFS{"base.yaml": {Data: readBase(t)}, "x.yaml": {Data: []byte(text)}}, testEnv())
			if c.want && got != "" || !c.want && !strings.Contains(got, "x.yaml:10:5: a caller can meet 65 limits") {
				t.Error(got)
			}
			if !c.want && !strings.Contains(got, "the first is of the rule at x.yaml:2:5") {
				t.Errorf("no second place: %s", got)
			}
		})
	}
}
