package mcp

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/resolver/tree"
)

// The headers in which a client repeats what its message says, so that proxies
// need not read it.
const (
	methodHeader = "mcp-method"
	nameHeader   = "mcp-name"
	paramHeader  = "mcp-param-"
)

// Mirrored holds headers against the message. A server that routes by the header
// and one that reads the body must not see two calls.
func (m *Message) Mirrored(name, value string) error {
	name = strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
	switch param, isParam := strings.CutPrefix(name, paramHeader); {
	case name == methodHeader && value != m.Method:
		return fmt.Errorf("the header %s is not the message's method", methodHeader)
	case name == nameHeader && !repeats(value, m.Name):
		return fmt.Errorf("the header %s is not what the message is about", nameHeader)
	case isParam:
		return m.mirroredParam(param, value)
	}
	return nil
}

// mirroredParam wants an argument that the header may be named after, and that
// every such argument has the header's text.
func (m *Message) mirroredParam(param, value string) error {
	found := false
	for i, name := range m.Args.Names {
		if !alike.Name(dashed(name), param) && !alike.Name(name, param) {
			continue
		}
		found = true
		v := &m.Args.Items[i]
		if v.Kind != tree.String && v.Kind != tree.Number && v.Kind != tree.Bool || !repeats(value, v.Text) {
			return fmt.Errorf("the header %s%.80s is not what the argument says", paramHeader, param)
		}
	}
	if !found {
		return fmt.Errorf("the header %s%.80s repeats no argument", paramHeader, param)
	}
	return nil
}

// The marks of a value in Base64 (Streamable HTTP of revision 2026-07-28, Value
// Encoding). No plain value that begins like an encoded word is taken for itself.
const (
	encodedWord = "=?"
	begins      = "=?base64?"
	ends        = "?="
)

// repeats reports whether a header's value is a text of the message to every
// server: the text itself in ASCII, which none decodes, or its only encoding where
// it may have to be encoded. One that is encoded without need is another text to
// whoever does not decode.
func repeats(value, text string) bool {
	visible := text != "" && strings.IndexFunc(text, func(r rune) bool { return r < '!' || r > '~' }) < 0
	switch marked := strings.HasPrefix(value, encodedWord); {
	case marked && (!visible || strings.HasPrefix(text, encodedWord)):
		return value == begins+base64.StdEncoding.EncodeToString([]byte(text))+ends
	case marked:
		return false
	}
	return value == text && strings.IndexFunc(value, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func dashed(name string) string { return strings.NewReplacer("_", "-", ".", "-").Replace(name) }
