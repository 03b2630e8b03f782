package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// T3: an object has one reading or none.
func TestStrictObject(t *testing.T) {
	nested := func(depth int) string { return strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth) }
	for _, row := range []struct {
		text string
		want string // in the error; "" when it is read
	}{
		{`{}`, ""},
		{` {"a" : [ ] }` + "\n", ""},
		{`{"a":"\u00e9\t\\u0000"}`, ""},
		{`{"a":"é😀","\uD83D\uDE00":1}`, ""},
		{`{"a":[1,-0.5,1e308,9007199254740993]}`, ""},
		{`{"a":{"b":1},"c":{"b":1}}`, ""},
		{nested(4), ""},
		{nested(5), "too deep"},
		{`{"a":[[[[]]]]}`, "too deep"},
		{`{"a":[[[]]]}`, ""},
		{`{"a":1,"a":1}`, "twice"},
		{`{"a":1,"\u0061":1}`, "twice"},
		{`{"x":[{"a":1,"a":1}]}`, "twice"},
		{`{"":1,"":2}`, "twice"},
		{`{"` + strings.Repeat("long", 100) + `":1,"` + strings.Repeat("long", 100) + `":1}`, "…"},
		{`{"a":"\ud800"}`, "surrogate"},
		{`{"\udfff":1}`, "surrogate"},
		{`{"a":"\ud800\u0041"}`, "surrogate"},
		{`{"a":"\ud800x"}`, "surrogate"},
		{`{"a":"\u0000"}`, "NUL"},
		{"{\"a\":\"\x00\"}", "not valid JSON"},
		{"{\"a\":\"\x80\"}", "not UTF-8"},
		{"\xef\xbb\xbf{}", "not valid JSON"},
		{`{"a":1e309}`, "out of range"},
		{`{"a":-1e999}`, "out of range"},
		{`{"a":01}`, "not valid JSON"},
		{`{"a":NaN}`, "not valid JSON"},
		{`{"a":1,}`, "not valid JSON"},
		{`{'a':1}`, "not valid JSON"},
		{`{"a":1}{}`, "not valid JSON"},
		{`{"a":1}x`, "not valid JSON"},
		{`{"a"`, "not valid JSON"},
		{``, "not valid JSON"},
		{`[]`, "not a JSON object"},
		{`null`, "not a JSON object"},
		{`"{}"`, "not a JSON object"},
	} {
		got, err := strictObject([]byte(row.text), 4)
		if row.want != "" {
			if err == nil || !strings.Contains(err.Error(), row.want) || got != nil {
				t.Errorf("%s: %v, %v, want an error with %q", row.text, got, err, row.want)
			}
			continue
		}
		d := json.NewDecoder(strings.NewReader(row.text))
		d.UseNumber()
		var want map[string]any
		if derr := d.Decode(&want); err != nil || derr != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v, want %v", row.text, got, err, want)
		}
	}
}

// slowObject reads as strictObject does, with encoding/json's own tokens.
func slowObject(data []byte, depth int) (map[string]any, error) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, errors.New("not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := slowValue(d, depth+1)
	object, ok := v.(map[string]any)
	if err == nil && !ok {
		err = errors.New("no object")
	}
	return object, err
}

func slowValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	if n, ok := t.(json.Number); ok {
		if _, err := n.Float64(); err != nil {
			return nil, err
		}
	}
	brace, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth--; depth == 0 {
		return nil, errors.New("too deep")
	}
	object, array := map[string]any{}, []any{}
	for d.More() {
		name := ""
		if brace == '{' {
			if t, err = d.Token(); err != nil {
				return nil, err
			}
			name = t.(string) //nolint:forcetypeassert // names are texts
			if _, dup := object[name]; dup {
				return nil, errors.New("twice")
			}
		}
		v, err := slowValue(d, depth)
		if err != nil {
			return nil, err
		}
		object[name], array = v, append(array, v)
	}
	_, err = d.Token()
	if brace == '{' {
		return object, err
	}
	return array, err
}

// FuzzStrictObject: the reader and encoding/json's tokens agree on every text but
// those with NUL and lone surrogates, which encoding/json accepts.
func FuzzStrictObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` {"a" : [ 1 , -2.5e3 , true , false , null , {"b":"\u00e9\"\\"} , [ ] , { } ] } `, `{"a":1,"\u0061":2}`, `{"a":{"b":{"c":{"d":1}}}}`,
		`{"":"","x":"\ud83d\ude00"}`, `[1]`, `{"a":1e999}`, `{"a":"\u0000"}`, `{"a":"\ud800"}`, `{"a":01}`, "{\"a\":\"\x80\"}", `{"a":[[[[1]]]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := strictObject(data, 4)
		want, slow := slowObject(data, 4)
		if err != nil && slow == nil && checkEscapes(data) != nil {
			return
		}
		if (err == nil) != (slow == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: %v, %v\nwant %v, %v", data, got, err, want, slow)
		}
	})
}

func TestCaseTwins(t *testing.T) {
	for _, row := range []struct {
		names []string
		want  bool
	}{
		{nil, false}, {[]string{"a"}, false}, {[]string{"a", "b"}, false}, {[]string{"a", "A"}, true},
		{[]string{"exp", "x", "eXp"}, true}, {[]string{"iss", "iſs"}, true}, {[]string{"k", "\u212a"}, true}, {[]string{"ä", "Ä"}, true},
		{[]string{"a", "ä"}, false},
	} {
		m := object{}
		for _, n := range row.names {
			m[n] = 1
		}
		for depth, v := range []any{m, object{"in": m}, []any{1, []any{m}}, object{"in": []any{object{"in": m}}, "out": "x"}} {
			if _, got := caseTwins(v); got != row.want {
				t.Errorf("%d: caseTwins(%q) = %v, want %v", depth, row.names, got, row.want)
			}
		}
	}
	apart := object{"tenant": object{"Tenant": 1}, "list": []any{object{"a": 1}, object{"A": 1}}}
	if twin, ok := caseTwins(apart); ok {
		t.Errorf("%q is taken for a twin in another object", twin)
	}
}

// A23: sound moduli are not mistaken for the broken generator's.
func TestSoundModuliPass(t *testing.T) {
	for range 2000 {
		if n := oddOf(2048); weakGenerator(n) {
			t.Fatalf("%x is taken for a weak modulus", n)
		}
	}
	if !weakGenerator(big.NewInt(65537)) || !weakGenerator(roca(1024)) {
		t.Error("a power of 65537 is not found")
	}
}
