package resolver

import (
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	texts := []string{"", "a", "A", "k", "K", "\u212a", "s", "S", "\u017f", "straße", "STRASSE", "straẞe", "ü", "Ü", "i", "I", "İ", "ı", "ς", "Σ", "σ", "[", "{", "@", "`", "1", "ab", "aB"}
	for _, a := range texts {
		for _, b := range texts {
			if got := string(appendFold(nil, a)) == string(appendFold(nil, b)); got != strings.EqualFold(a, b) {
				t.Errorf("%q and %q: got %v, want %v", a, b, got, !got)
			}
		}
	}
}
