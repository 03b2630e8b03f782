package rules

import "testing"

func TestUntypedBoolIsPlain(t *testing.T) {
	for text, want := range map[string]bool{"true": true, "false": true, "True": false, "FALSE": false} {
		var v struct {
			Fixed map[string]any `yaml:"fixed"`
		}
		ms := DecodeYAML("a.yaml", []byte("fixed: { x: "+text+" }\n"), &v)
		if (len(ms) == 0) != want {
			t.Errorf("x: %s gives %v with mistakes %v", text, v.Fixed["x"], ms)
		}
	}
}
