package spec

import (
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// binding is a method's way over HTTP (google.api.http).
type binding struct {
	rpc    string // name of the operation that it carries
	method string
	path   string            // with captures as lines write them
	fields map[string]string // of the request, by capture
	body   string            // "", * or the field that is the body
}

// bindings appends the operations of all methods' http rules.
func (b *proto3) bindings(d *Document) {
	for i, m := range b.methods {
		rule, ok := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
		if !ok || rule == nil || m.IsStreamingClient() {
			continue
		}
		for _, r := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
			b.bind(d, &d.Operations[i], m, r)
		}
	}
}

var variable = regexp.MustCompile(`\{([A-Za-z0-9_.]+)`)

func (b *proto3) bind(d *Document, op *Operation, _ protoreflect.MethodDescriptor, r *annotations.HttpRule) {
	h := binding{rpc: op.Name, body: r.GetBody(), fields: map[string]string{}}
	switch pattern := r.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		h.method, h.path = "GET", pattern.Get
	case *annotations.HttpRule_Put:
		h.method, h.path = "PUT", pattern.Put
	case *annotations.HttpRule_Post:
		h.method, h.path = "POST", pattern.Post
	case *annotations.HttpRule_Delete:
		h.method, h.path = "DELETE", pattern.Delete
	case *annotations.HttpRule_Patch:
		h.method, h.path = "PATCH", pattern.Patch
	default:
		return
	}
	h.path = variable.ReplaceAllStringFunc(h.path, func(v string) string {
		field := v[1:]
		name := strings.ReplaceAll(field, ".", "_")
		if slices.Contains(reserved, name) {
			name += "_id"
		}
		h.fields[name] = field
		return "{" + name
	})
	b.http = append(b.http, h)
	name := h.method + " " + h.path
	d.Operations = append(d.Operations, Operation{Name: name, Key: h.method + " " + shapeOf(h.path), Method: h.method, Path: h.path, shape: h.body})
}

var message = regexp.MustCompile(`\{message\.([^}]*)\}`)

// binding proposes the line of a way over HTTP: the target of the method's own
// line, with what the message holds taken from where the request has it.
func (p *proposer) binding(h *binding, op *Operation) {
	i := slices.IndexFunc(p.out.Lines, func(l Line) bool { return l.Operation.Name == h.rpc })
	if i < 0 {
		p.skip(op, "the method has no line")
		return
	}
	from := p.out.Lines[i]
	_, target, _ := strings.Cut(from.Text, " -> ")
	used := map[string]bool{}
	target = message.ReplaceAllStringFunc(target, func(c string) string {
		path := strings.TrimSuffix(strings.TrimPrefix(c, "{message."), "}")
		for name, field := range h.fields {
			if field == path {
				used[name] = true
				return "{" + name + "}"
			}
		}
		switch {
		case h.body == "*":
			return "{body." + path + "}"
		case h.body != "" && strings.HasPrefix(path, h.body+"."):
			return "{body." + strings.TrimPrefix(path, h.body+".") + "}"
		}
		return "{query." + path + "}"
	})
	if len(used) < len(h.fields) {
		p.skip(op, "its path names more than the method's line captures: write the line by hand")
		return
	}
	p.out.Lines = append(p.out.Lines, Line{
		Operation: op, Key: op.Key, Text: op.Name + " -> " + target, Guesses: from.Guesses,
		Action: from.Action, Type: from.Type, types: from.types, acts: from.acts,
	})
}
