package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/tiergate/tiergate/rules"
)

// ReadProto reads a google.protobuf.FileDescriptorSet in its binary form, with
// the annotations google.api.http, resource and resource_reference where it has
// them.
func ReadProto(name string, text []byte) (*Document, error) {
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("%s: not a FileDescriptorSet in its binary form", name)
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", name, strings.ReplaceAll(err.Error(), "\u00a0", " "))
	}
	b := &proto3{resources: map[string]string{}, parents: map[string]string{}}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		b.file(f)
		return true
	})
	slices.SortFunc(b.methods, func(a, b protoreflect.MethodDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	if len(b.methods) == 0 {
		return nil, fmt.Errorf("%s: %w", name, errors.New("the descriptors declare no service"))
	}
	d := &Document{Name: baseName(name), Kind: "proto"}
	for _, m := range b.methods {
		path := string(m.Parent().FullName()) + "/" + string(m.Name())
		d.Operations = append(d.Operations, Operation{
			Name: "RPC " + path, Key: "RPC " + path, Method: "RPC", Path: path,
			shape: fmt.Sprint(fields(m.Input()), fields(m.Output()), m.IsStreamingClient(), m.IsStreamingServer()),
		})
	}
	b.bindings(d)
	d.propose = func(p *proposer) { p.proto(b, text) }
	return d, nil
}

func fields(m protoreflect.MessageDescriptor) []string {
	var out []string
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		out = append(out, fmt.Sprintf("%s=%d:%v", f.Name(), f.Number(), f.Kind()))
	}
	return out
}

// proto3 is a descriptor set as far as guesses need it.
type proto3 struct {
	methods   []protoreflect.MethodDescriptor
	resources map[string]string // type of a resource to our type
	parents   map[string]string // our type to that of its parent, by the resource's pattern
	http      []binding
}

// file notes a file's services and resources.
func (b *proto3) file(f protoreflect.FileDescriptor) {
	for i := range f.Services().Len() {
		for j := range f.Services().Get(i).Methods().Len() {
			b.methods = append(b.methods, f.Services().Get(i).Methods().Get(j))
		}
	}
	if defs, ok := proto.GetExtension(f.Options(), annotations.E_ResourceDefinition).([]*annotations.ResourceDescriptor); ok {
		for _, r := range defs {
			b.resource(r)
		}
	}
	for i := range f.Messages().Len() {
		if r, ok := proto.GetExtension(f.Messages().Get(i).Options(), annotations.E_Resource).(*annotations.ResourceDescriptor); ok && r != nil {
			b.resource(r)
		}
	}
}

// resource notes a resource and, from its first pattern, what it lies below.
func (b *proto3) resource(r *annotations.ResourceDescriptor) {
	_, word, ok := strings.Cut(r.GetType(), "/")
	if !ok || snake(word) == "" {
		return
	}
	name := wordName(snake(word))
	b.resources[r.GetType()] = name
	for _, pattern := range r.GetPattern() {
		var nouns []string
		for seg := range strings.SplitSeq(pattern, "/") {
			if !strings.HasPrefix(seg, "{") {
				nouns = append(nouns, seg)
			}
		}
		if n := len(nouns); n > 1 && b.parents[name] == "" {
			b.parents[name] = wordName(singular(snake(nouns[n-2])))
		}
	}
}

// arguments are the fields of a request, and those of the messages in it.
func (b *proto3) arguments(m protoreflect.MessageDescriptor, prefix string, depth int) []argument {
	var out []argument
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		a := argument{path: prefix + string(f.Name()), list: f.IsList(), required: depth == 0}
		if ref, ok := proto.GetExtension(f.Options(), annotations.E_ResourceReference).(*annotations.ResourceReference); ok && ref != nil {
			a.refers = b.resources[ref.GetType()]
			if child := b.resources[ref.GetChildType()]; child != "" {
				a.refers = b.parents[child]
			}
			a.id = a.refers != ""
		}
		switch {
		case f.IsMap():
		case f.Message() != nil:
			if depth == 0 && !f.IsList() && !strings.HasPrefix(string(f.Message().FullName()), "google.protobuf.") {
				out = append(out, b.arguments(f.Message(), a.path+".", depth+1)...)
			}
		case f.Kind() != protoreflect.BoolKind && f.Kind() != protoreflect.BytesKind && f.Kind() != protoreflect.DoubleKind && f.Kind() != protoreflect.FloatKind:
			out = append(out, a)
		}
	}
	return out
}

func (p *proposer) proto(b *proto3, text []byte) {
	side := SideFile{Name: p.doc.Name + ".binpb", Text: text}
	p.out.Side = append(p.out.Side, side)
	p.out.Protocol = append(p.out.Protocol, "grpc: { descriptors: "+side.Name+" }")
	p.out.declare = func(h *rules.HostDecl) { h.GRPC = rules.GRPCDecl{Pos: somewhere, Descriptors: sideOf(side)} }
	for i, m := range b.methods {
		p.rpc(b, m, &p.doc.Operations[i])
	}
	for i := range b.http {
		p.binding(&b.http[i], &p.doc.Operations[len(b.methods)+i])
	}
}

// rpc proposes the line of a method. For the bindings the target's captures are
// kept apart from the text.
func (p *proposer) rpc(b *proto3, m protoreflect.MethodDescriptor, op *Operation) {
	s := saying(string(m.Name()))
	noun := s.noun
	if m.IsStreamingClient() || m.IsStreamingServer() {
		action := s.action
		if action == "" || action == "read" {
			action = "list"
		}
		if noun == "" {
			noun = wordName(snake(string(m.Parent().Name())))
		}
		l := p.add(op, action, noun, "", "nothing of a stream is read, so any "+noun+" is meant")
		l.Stream = stream
		return
	}
	args := b.arguments(m.Input(), "", 0)
	if parent := b.parents[noun]; parent != "" && (s.action == "list" || s.action == "create") {
		if i := slices.IndexFunc(args, func(a argument) bool { return a.path == "parent" }); i >= 0 {
			t := p.flat(noun)
			t.Parent = p.flat(parent).Name
			p.add(op, s.action, noun, " in "+t.Parent+"/{message.parent}")
			return
		}
	}
	args = aboutFirst(args, noun, s.action)
	p.call(op, string(m.Name()), "message", "", false, "", args)
}

// aboutFirst leaves only what can name the object where a standard method does: in
// Update the object itself holds its name, in the others the request does.
func aboutFirst(args []argument, noun, action string) []argument {
	var within, plain []argument
	for _, a := range args {
		switch {
		case strings.HasPrefix(a.path, noun+"."):
			if n := a.name(); n == "name" || n == "id" || n == noun+"_id" {
				a.id, a.refers = true, noun
				within = append(within, a)
			}
		case strings.Contains(a.path, "."):
		default:
			if a.path == "name" && noun != "" {
				a.id = true
			}
			plain = append(plain, a)
		}
	}
	if action == "update" && len(within) > 0 && !slices.ContainsFunc(plain, func(a argument) bool { return a.name() == "id" || a.name() == "name" || a.owner() == noun }) {
		return within[:1]
	}
	return plain
}
