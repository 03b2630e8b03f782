package mcp

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/resolver/tree"
)

func parse(t testing.TB, text string) (*Message, error) {
	t.Helper()
	v, err := tree.ReadJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	return Read(v)
}

// Every message has one reading or none; a twin differs in one thing.
func TestRead(t *testing.T) {
	for _, c := range []struct{ row, text, want string }{ // want: id, method, name and arguments, or a part of the error
		{"request", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get","arguments":{"id":"7"}}}`, `1 tools/call get {"id":"7"}`},
		{"text id", `{"jsonrpc":"2.0","id":"a\"b","method":"ping"}`, `"a\"b" ping  {}`},
		{"id null", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, "id is no string"},
		{"id of a fraction", `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`, "id is no string"},
		{"id too long", `{"jsonrpc":"2.0","id":"` + strings.Repeat("x", 257) + `","method":"ping"}`, "id is too long"},
		{"notification", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, ` notifications/initialized  {}`},
		{"parameters of another method", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}`, `1 tools/list  {"cursor":"x"}`},
		{"metadata is no argument", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get","_meta":{"id":"8"},"arguments":{"id":"7"}}}`, `1 tools/call get {"id":"7"}`},
		{"no arguments", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get"}}`, `1 tools/call get {}`},
		{"arguments null", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get","arguments":null}}`, "arguments is not an object"},
		{"arguments a list", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get","arguments":[]}}`, "arguments is not an object"},
		{"no name", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}`, "name is no string"},
		{"name of a number", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}`, "name is no string"},
		{"twin of name", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get","NAME":"drop"}}`, "another member may be read as name"},
		{"twin of params", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get"},"Params":{"name":"drop"}}`, "another member may be read as params"},
		{"params a list", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["get"]}`, "params is not an object"},
		{"prompt", `{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p","arguments":{"a":"b"}}}`, `1 prompts/get p {"a":"b"}`},
		{"resource", `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a://b"}}`, `1 resources/read a://b {"uri":"a://b"}`},
		{"resource without URI", `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{}}`, "uri is no string"},
		{"answer", `{"jsonrpc":"2.0","id":1,"result":{}}`, ` response  {}`},
		{"answer without id", `{"jsonrpc":"2.0","result":{}}`, "an answer without id"},
		{"answer of both", `{"jsonrpc":"2.0","id":1,"result":{},"error":{}}`, "neither a request nor an answer"},
		{"request and answer", `{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}`, "a request and an answer at once"},
		{"neither", `{"jsonrpc":"2.0","id":1}`, "neither a request nor an answer"},
		{"batch", `[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, "a batch"},
		{"scalar", `"ping"`, "not an object"},
		{"no version", `{"id":1,"method":"ping"}`, `jsonrpc is not "2.0"`},
		{"version as a number", `{"jsonrpc":2.0,"id":1,"method":"ping"}`, `jsonrpc is not "2.0"`},
		{"empty method", `{"jsonrpc":"2.0","id":1,"method":""}`, "method is no string"},
		{"repeated method", `{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}`, "repeated member"},
	} {
		m, err := parse(t, c.text)
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = m.ID + " " + m.Method + " " + m.Name + " " + canonical(&m.Args)
		}
		if err == nil && got != c.want || err != nil && (!strings.Contains(got, c.want) || c.want == "") {
			t.Errorf("%s: got %q, want %q", c.row, got, c.want)
		}
	}
}

// A header that repeats the message truly passes, every other one is refused.
func TestMirrored(t *testing.T) {
	m, err := parse(t, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get","arguments":{"ticket_id":"7","n":5,"deep":{"ticket_id":"9"}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		header, value string
		ok            bool
	}{
		{"mcp-method", "tools/call", true},
		{"mcp-method", "tools/list", false},
		{"mcp_method", "tools/list", false},
		{"mcp-name", "get", true},
		{"mcp-name", "GET", false},
		{"mcp-param-ticket-id", "7", true},
		{"mcp-param-ticket-id", "9", false},
		{"mcp-param-ticket_id", "7", true},
		{"mcp-param-ticketid", "7", false},
		{"mcp-param-n", "5", true},
		{"mcp-param-n", "5.0", false},
		{"mcp-param-deep", "x", false},
		{"mcp-param-unknown", "7", false},
		{"mcp-session-id", "anything", true},
		{"x-other", "anything", true},
	} {
		if err := m.Mirrored(c.header, c.value); (err == nil) != c.ok {
			t.Errorf("%s: %s: got %v, want ok %v", c.header, c.value, err, c.ok)
		}
	}
}

// A text that no header carries as it is comes in Base64, in one spelling alone;
// nothing that some server decodes and another does not passes.
func TestMirroredInBase64(t *testing.T) {
	word := func(text string) string { return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?=" }
	for _, c := range []struct {
		row, text, value string
		ok               bool
	}{
		{"not ASCII", "søk", word("søk"), true},
		{"not ASCII, another text", "søk", word("søg"), false},
		{"not ASCII, as it is", "søk", "søk", false},
		{"not ASCII, as Latin-1", "søk", "s\xf8k", false},
		{"spaces around", " get ", word(" get "), true},
		{"a space within", "get it", word("get it"), true},
		{"a space within, as it is", "get it", "get it", true},
		{"a line end", "a\nb", word("a\nb"), true},
		{"a control byte as it is", "a\tb", "a\tb", true},
		{"nothing", "", word(""), true},
		{"nothing as it is", "", "", true},
		{"like an encoded one", word("get"), word(word("get")), true},
		{"like an encoded one, as it is", word("get"), word("get"), false},
		{"like an encoded word, as it is", "=?utf-8?q?a?=", "=?utf-8?q?a?=", false},
		{"plain", "get", "get", true},
		{"plain, encoded without need", "get", word("get"), false},
		{"plain, another one encoded", "get", word("søk"), false},
		{"marked in capitals", "søk", strings.Replace(word("søk"), "base64", "BASE64", 1), false},
		{"without the end", "søk", strings.TrimSuffix(word("søk"), "?="), false},
		{"without padding", "søk!", strings.Replace(word("søk!"), "=?=", "?=", 1), false},
		{"with spare bits", "ø", "=?base64?w7k=?=", false},
		{"of the other alphabet", "ø?>", "=?base64?w7g_Pg==?=", false},
		{"with a space", "søk", strings.Replace(word("søk"), "64?", "64? ", 1), false},
		{"of nothing", "søk", "=?base64??=", false},
		{"no marks", "søk", base64.StdEncoding.EncodeToString([]byte("søk")), false},
	} {
		m := &Message{Name: c.text, Args: tree.Value{Kind: tree.Object, Names: []string{"a"}, Items: []tree.Value{{Kind: tree.String, Text: c.text}}}}
		for _, header := range []string{"mcp-name", "mcp-param-a"} {
			if err := m.Mirrored(header, c.value); (err == nil) != c.ok {
				t.Errorf("%s: %s: %s: got %v, want ok %v", c.row, header, c.value, err, c.ok)
			}
		}
	}
	if err := (&Message{Method: "tools/call"}).Mirrored("mcp-method", word("tools/call")); err == nil {
		t.Error("a method in Base64 passes")
	}
}

// FuzzRead: what is read once is read the same when it is written again, and what
// it is about is in it.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get","arguments":{"id":"7"}}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","id":"x","method":"resources/read","params":{"uri":"a://b","URI":"c"}}`))
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"result":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := tree.ReadJSON(text)
		if err != nil {
			return
		}
		m, err := Read(v)
		if err != nil {
			return
		}
		again, err := tree.ReadJSON([]byte(canonical(v)))
		if err != nil {
			t.Fatalf("%q is written as %q: %v", text, canonical(v), err)
		}
		n, err := Read(again)
		if err != nil || n.ID != m.ID || n.Method != m.Method || n.Name != m.Name || canonical(&n.Args) != canonical(&m.Args) {
			t.Fatalf("%q: %+v, then %+v, %v", text, m, n, err)
		}
		if m.Args.Kind != tree.Object || m.Method == "" {
			t.Fatalf("%q: %+v", text, m)
		}
		if _, about := subject[m.Method]; about != (m.Name != "") {
			t.Fatalf("%q: %s is about %q", text, m.Method, m.Name)
		}
	})
}
