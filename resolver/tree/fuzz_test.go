package tree

import "testing"

// FuzzJSON: what the strict reader accepts, encoding/json reads as the same value.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e+3,true,null,"x\u00e9\ud83d\ude00"]}`, `{"a":1,"a":2}`, `[[[]]]`, `"\ud83d"`, `01`, `{} x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if v, err := ReadJSON(text); err == nil {
			sameValue(t, text, v)
		}
	})
}
