package mcp

import (
	"errors"
	"strings"

	"github.com/tiergate/tiergate/resolver/tree"
)

// Message is what a client sent.
type Message struct {
	ID     string     // of the request, as JSON text; "" of a notification and of an answer
	Method string     // or Answer
	Name   string     // of the tool or the prompt, the URI of the resource; "" where the method is about none
	Args   tree.Value // an object: the arguments of a tool or a prompt, else the parameters
}

// Answer is the Method of a message that answers a request of the server's own.
const Answer = "response"

// The methods that are about something of the server's own.
const (
	CallTool     = "tools/call"
	GetPrompt    = "prompts/get"
	ReadResource = "resources/read"
	Subscribe    = "resources/subscribe"
	Unsubscribe  = "resources/unsubscribe"
)

// subject is the parameter that says what a method is about.
var subject = map[string]string{CallTool: "name", GetPrompt: "name", ReadResource: "uri", Subscribe: "uri", Unsubscribe: "uri"}

// Read reads a body that was read strictly already. Its errors quote nothing of it
// but names that the protocol itself has.
func Read(body *tree.Value) (*Message, error) {
	if body.Kind == tree.Array {
		return nil, errors.New("a batch, which the protocol has not since its revision 2025-06-18")
	}
	if body.Kind != tree.Object {
		return nil, errors.New("the message is not an object")
	}
	member, err := members(body, "jsonrpc", "id", "method", "params", "result", "error")
	if err != nil {
		return nil, err
	}
	if v := member["jsonrpc"]; v == nil || v.Kind != tree.String || v.Text != "2.0" {
		return nil, errors.New(`jsonrpc is not "2.0"`)
	}
	m := &Message{Args: tree.Value{Kind: tree.Object}}
	if m.ID, err = id(member["id"]); err != nil {
		return nil, err
	}
	if member["method"] == nil {
		return m, m.answer(member)
	}
	if member["result"] != nil || member["error"] != nil {
		return nil, errors.New("the message is a request and an answer at once")
	}
	return m, m.request(member["method"], member["params"])
}

// members returns the named members, and refuses twins of them: a server that
// does not mind case would read the twin.
func members(of *tree.Value, names ...string) (map[string]*tree.Value, error) {
	out := make(map[string]*tree.Value, len(names))
	for _, name := range names {
		m, twin := of.Member(name)
		if twin {
			return nil, errors.New("another member may be read as " + name)
		}
		if m != nil {
			out[name] = m
		}
	}
	return out, nil
}

// maxID bounds an id, for it comes back with a denial, in bytes.
const maxID = 256

// id is a string or an integer (JSON-RPC 2.0 section 4). Null is for those who
// could not read a request, so nobody asks with it.
func id(v *tree.Value) (string, error) {
	switch {
	case v == nil:
		return "", nil
	case len(v.Text) > maxID:
		return "", errors.New("id is too long")
	case v.Kind == tree.String:
		return quote(v.Text), nil
	case v.Kind == tree.Number && !strings.ContainsAny(v.Text, ".eE"):
		return v.Text, nil
	}
	return "", errors.New("id is no string and no integer")
}

func (m *Message) answer(member map[string]*tree.Value) error {
	switch {
	case (member["result"] == nil) == (member["error"] == nil):
		return errors.New("the message is neither a request nor an answer")
	case m.ID == "":
		return errors.New("an answer without id")
	case member["params"] != nil:
		return errors.New("an answer with params")
	}
	m.ID, m.Method = "", Answer // nobody waits for an answer to an answer
	return nil
}

func (m *Message) request(method, params *tree.Value) error {
	if method.Kind != tree.String || method.Text == "" {
		return errors.New("method is no string")
	}
	m.Method = method.Text
	if params == nil {
		params = &tree.Value{Kind: tree.Object}
	}
	if params.Kind != tree.Object {
		return errors.New("params is not an object")
	}
	m.Args = *params
	about, has := subject[m.Method]
	if !has {
		return nil
	}
	member, err := members(params, about, "arguments")
	if err != nil {
		return err
	}
	v := member[about]
	if v == nil || v.Kind != tree.String || v.Text == "" {
		return errors.New(about + " is no string")
	}
	m.Name = v.Text
	if m.Method != CallTool && m.Method != GetPrompt {
		return nil
	}
	m.Args = tree.Value{Kind: tree.Object}
	if args := member["arguments"]; args != nil {
		if args.Kind != tree.Object {
			return errors.New("arguments is not an object")
		}
		m.Args = *args
	}
	return nil
}
