package rules

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestX1DeepAndWideConditions: what CEL's own limits refuse is reported, wherever in the
// text that is or is not.
func TestX1DeepAndWideConditions(t *testing.T) {
	for name, when := range map[string]string{
		"deep":            strings.Repeat("(", 5_000) + "true" + strings.Repeat(")", 5_000),
		"deep, too long":  strings.Repeat("(", 60_000) + "true" + strings.Repeat(")", 60_000),
		"wide, too long":  strings.Repeat("true||", 60_000) + "true",
		"a long list":     "1 in [" + strings.Repeat("1,", 60_000) + "1]",
		"a long pattern":  "object.tenant.matches('" + strings.Repeat("(a+)+", 20_000) + "')",
		"nested all":      strings.Repeat("[1,2,3].all(a, ", 60) + "true" + strings.Repeat(")", 60),
		"X2 a repetition": "object.tenant.matches('((a{1,100}){1,100}){1,100}')",
		"X2 a large one":  "object.tenant.matches('(a{1,500}){1,500}')",
	} {
		for _, define := range []string{"", "define: { here: 'true' }\n"} {
			rule := define + `rules: [{ id: x, allow: customers, to: [read], on: account, up_to: internal, when: "` + when + `" }]` + "\n"
			src, ms := Parse(fstest.MapFS{"base.yaml": {Data: readBase(t)}, "x.yaml": {Data: []byte(rule)}})
			set, more := Compile(src, testEnv())
			if len(ms)+len(more) == 0 || len(set.Rules()) > 0 {
				t.Errorf("%s: it loads", name)
			}
		}
	}
}
