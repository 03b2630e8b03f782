package suite

import (
	"reflect"
	"testing"

	"github.com/tiergate/tiergate/rules/shape"
)

// Every type that reads itself says what it reads, and every key what it is for.
func TestShapeKnowsAllThatIsRead(t *testing.T) {
	b := shape.Builder{About: func(at reflect.Type, key string) (string, []string) {
		if keyWords[at][key] == "" {
			t.Errorf("the key %s of %v is described nowhere: add it to keyWords", key, at)
		}
		return "", nil
	}}
	b.Of(reflect.TypeFor[file]())
	for _, opaque := range b.Opaque {
		t.Errorf("%v reads itself and does not say what: give it a method Shape", opaque)
	}
}
