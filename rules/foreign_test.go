package rules

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// What is said of words of other languages is true: they are none of ours, and what is
// to be written instead is.
func TestForeignWordsAreNotOurs(t *testing.T) {
	d := new(Decoder)
	for of, words := range foreignKeys {
		known := d.keysOf(of).names
		for word, hint := range words {
			if slices.Contains(known, word) {
				t.Errorf("%v knows the key %q", of, word)
			}
			if ours, isKey := strings.CutPrefix(hint, "write "); isKey {
				if key, _, _ := strings.Cut(ours, ":"); !slices.Contains(known, key) {
					t.Errorf("%v: %q says %q, and there is no key %q", of, word, hint, key)
				}
			}
		}
	}
	for word, ours := range foreignNames {
		_, variable := builtin[ours]
		if !variable && !slices.Contains([]string{"object", "caller", "request", "caller.claims"}, ours) || builtinRoot(word) || word == "object" {
			t.Errorf("%q stands for %q, which conditions cannot read", word, ours)
		}
	}
	for word, action := range foreignActions {
		if _, usual := usualWeights[action]; !usual && action != `"*"` {
			t.Errorf("%q stands for %q, which is no usual action: they are %v", word, action, slices.Sorted(maps.Keys(usualWeights)))
		}
	}
}

// A word of another language that a policy has made its own is ours.
func TestForeignWordsMayBeDeclared(t *testing.T) {
	const rule = "rules: [{ id: a, allow: customers, to: [write], on: account, up_to: internal }]"
	if got := reportOf(t, rule); !strings.Contains(got, "^ write update") {
		t.Errorf("got\n%s", got)
	}
	if got := reportOf(t, "weights: { write: 4 }\n"+rule); got != "" {
		t.Errorf("got\n%s", got)
	}
	const named = "rules: [{ id: a, allow: everyone, to: [read], on: account, up_to: internal }]"
	if got := reportOf(t, named); !strings.Contains(got, "no word is everyone") {
		t.Errorf("got\n%s", got)
	}
	if got := reportOf(t, "groups: [{ name: everyone, members: [customers] }]\n"+named); got != "" {
		t.Errorf("got\n%s", got)
	}
}
