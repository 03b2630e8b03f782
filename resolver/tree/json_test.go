package tree

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestStrictJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	var many, repeated strings.Builder
	for i := range 100 {
		name := `"` + strings.Repeat("a", i+1) + `":1,`
		many.WriteString(name)
	}
	repeated.WriteString(many.String() + `"` + strings.Repeat("a", 50) + `":2`)

	for _, c := range []struct {
		row, text string
		ok        bool
	}{
		{"object", `{"a":[1,-2.5e+3,true,false,null,"x"],"b":{}}`, true},
		{"spaces", " \t\r\n{ \"a\" : [ ] } \n", true},
		{"scalar", `7`, true},
		{"escapes", `"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, true},
		{"32 deep", deep(32), true},
		{"33 deep", deep(33), false},
		{"10,000 deep", deep(10_000), false},
		{"many members", "{" + strings.TrimSuffix(many.String(), ",") + "}", true},
		{"repeated member", `{"a":1,"a":2}`, false},
		{"repeated member, escaped", `{"a":1,"\u0061":2}`, false},
		{"repeated among many", "{" + repeated.String() + "}", false},
		{"a prototype", `{"__proto__":{"id":1}}`, false},
		{"a prototype, escaped", `{"\u005f_proto__":null}`, false},
		{"a prototype further in", `[{"a":{"__proto__":1}}]`, false},
		{"a prototype by the constructor", `{"a":{"constructor":{"x":1,"prototype":{}}}}`, false},
		{"a prototype and a constructor apart", `{"prototype":{"a":1},"constructor":{"a":{"prototype":1}}}`, true},
		{"almost a prototype", `{"_proto_":1,"__proto__x":2,"__PROTO__":3,"x":"__proto__"}`, true},
		{"members that differ in case", `{"a":1,"A":2}`, true},
		{"the same name on two levels", `{"a":{"a":1}}`, true},
		{"trailing data", `{} {}`, false},
		{"trailing text", `{}x`, false},
		{"trailing comma", `[1,]`, false},
		{"leading comma", `[,1]`, false},
		{"trailing comma in an object", `{"a":1,}`, false},
		{"no colon", `{"a" 1}`, false},
		{"no quotes", `{a:1}`, false},
		{"single quotes", `{'a':1}`, false},
		{"comment", `{} // x`, false},
		{"byte order mark", "\uFEFF{}", false},
		{"empty", "", false},
		{"only spaces", "  ", false},
		{"unclosed", `{"a":[1`, false},
		{"unclosed string", `"a`, false},
		{"unclosed escape", `"a\`, false},
		{"unclosed unicode escape", `"\u00`, false},
		{"unknown escape", `"\x41"`, false},
		{"bad unicode escape", `"\u00zz"`, false},
		{"lone high surrogate", `"\ud83d"`, false},
		{"lone high surrogate before text", `"\ud83dabcdef"`, false},
		{"lone low surrogate", `"\ude00"`, false},
		{"two high surrogates", `"\ud83d\ud83d"`, false},
		{"raw control byte", "\"a\nb\"", false},
		{"raw control byte behind an escape", "\"\\n\nb\"", false},
		{"raw NUL", "\"a\x00b\"", false},
		{"escaped NUL is text", `"a\u0000b"`, true},
		{"not UTF-8", "\"\xff\"", false},
		{"UTF-16", "{\x00}\x00", false},
		{"leading zero", `01`, false},
		{"plus", `+1`, false},
		{"no digits", `-`, false},
		{"no fraction", `1.`, false},
		{"no integer", `.5`, false},
		{"no exponent", `1e`, false},
		{"hexadecimal", `0x10`, false},
		{"NaN", `NaN`, false},
		{"Infinity", `-Infinity`, false},
		{"capital True", `True`, false},
		{"a word too long", `nullx`, false},
		{"huge number stays text", `123456789012345678901234567890`, true},
	} {
		v, err := ReadJSON([]byte(c.text))
		if (err == nil) != c.ok {
			t.Errorf("%s: %.60q: got %v, want ok %v", c.row, c.text, err, c.ok)
		}
		if err == nil {
			sameValue(t, []byte(c.text), v)
		} else if strings.Contains(err.Error(), "abcdef") {
			t.Errorf("%s: the error quotes the body: %v", c.row, err)
		}
	}
}

func TestMember(t *testing.T) {
	v, err := ReadJSON([]byte(`{"id":1,"ID":2,"\u212Aey":3,"other":4}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		text string
		twin bool
	}{
		"id": {"1", true}, "Id": {"", true}, "other": {"4", false}, "key": {"", true}, "none": {"", false},
	} {
		m, twin := v.Member(name)
		text := ""
		if m != nil {
			text = m.Text
		}
		if text != want.text || twin != want.twin {
			t.Errorf("Member(%q) = %q, %v; want %q, %v", name, text, twin, want.text, want.twin)
		}
	}
}

// sameValue compares a value with what the standard library reads.
func sameValue(t *testing.T, text []byte, v *Value) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil {
		t.Fatalf("%q is accepted, but encoding/json says %v", text, err)
	}
	if got := v.plain(); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: got %#v, want %#v", text, got, want)
	}
}

// plain is the value as encoding/json has it.
func (v *Value) plain() any {
	switch v.Kind {
	case Bool:
		return v.Text == "true"
	case Number:
		return json.Number(v.Text)
	case String:
		return v.Text
	case Array:
		out := []any{}
		for i := range v.Items {
			out = append(out, v.Items[i].plain())
		}
		return out
	case Object:
		out := map[string]any{}
		for i := range v.Items {
			out[v.Names[i]] = v.Items[i].plain()
		}
		return out
	case Null:
	}
	return nil
}
