package rules

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules/shape"
)

// Every type that reads itself says what it reads, and every key what it is for:
// who adds one, adds it here.
func TestShapeKnowsAllThatIsRead(t *testing.T) {
	said := make(map[reflect.Type][]string)
	b := shape.Builder{About: func(at reflect.Type, key string) (string, []string) {
		text, words := about(at, key)
		if text == "" {
			t.Errorf("the key %s of %v is described nowhere: add it to keyWords", key, at)
		}
		said[at] = append(said[at], key)
		return text, words
	}}
	b.Of(reflect.TypeFor[sections]())
	for _, opaque := range b.Opaque {
		t.Errorf("%v reads itself and does not say what: give it a method Shape", opaque)
	}
	for at, words := range keyWords {
		for key := range words {
			if at != nil && !slices.Contains(said[at], key) {
				t.Errorf("%v has no key %s", at, key)
			}
			if text := words[key]; !strings.HasSuffix(text, ".") {
				t.Errorf("what is said of %s is no sentence: %q", key, text)
			}
		}
	}
}
