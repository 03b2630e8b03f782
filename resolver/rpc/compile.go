package rpc

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Services are the methods of a descriptor set. They never change.
type Services struct {
	methods map[string]map[string]*Method // by full name of the service, then by method
}

// Compile reads a google.protobuf.FileDescriptorSet in its binary form. It must
// hold every file that another one of it imports: the options that calls are
// read with may stand in any of them.
func Compile(set []byte) (*Services, error) {
	var decl descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(set, &decl); err != nil {
		return nil, errors.New("not a FileDescriptorSet in its binary form")
	}
	if err := complete(&decl); err != nil {
		return nil, err
	}
	files, err := protodesc.NewFiles(&decl)
	if err != nil {
		// Their text has one of two kinds of space, so that nobody compares it.
		return nil, fmt.Errorf("the descriptors contradict themselves: %s", strings.ReplaceAll(err.Error(), "\u00a0", " "))
	}
	c := &compiler{messages: map[protoreflect.FullName]*message{}}
	s := &Services{methods: map[string]map[string]*Method{}}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			s.methods[string(f.Services().Get(i).FullName())] = c.methods(f.Services().Get(i))
		}
		return true
	})
	if len(s.methods) == 0 {
		return nil, errors.New("the descriptors declare no service")
	}
	return s, nil
}

// complete names every import that is not in the set.
func complete(set *descriptorpb.FileDescriptorSet) error {
	have, lack := map[string]bool{}, map[string]bool{}
	for _, f := range set.File {
		have[f.GetName()] = true
	}
	for _, f := range set.File {
		for _, name := range f.Dependency {
			if !have[name] {
				lack[name] = true
			}
		}
	}
	if len(lack) == 0 {
		return nil
	}
	return fmt.Errorf("the descriptors lack the imports %s", strings.Join(slices.Sorted(maps.Keys(lack)), ", "))
}

// Services are the full names of all services, sorted.
func (s *Services) Services() []string { return slices.Sorted(maps.Keys(s.methods)) }

// Methods are the names of a service's methods, sorted; none where there is no
// such service.
func (s *Services) Methods(service string) []string {
	return slices.Sorted(maps.Keys(s.methods[service]))
}

// Method returns a method by the full name of its service, or nil.
func (s *Services) Method(service, name string) *Method { return s.methods[service][name] }

// Method is one method of a service.
type Method struct {
	// ClientStreams and ServerStreams: any number of messages may come from there.
	ClientStreams, ServerStreams bool

	input *message
}

type compiler struct {
	messages map[protoreflect.FullName]*message
}

func (c *compiler) methods(s protoreflect.ServiceDescriptor) map[string]*Method {
	out := map[string]*Method{}
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		out[string(m.Name())] = &Method{
			ClientStreams: m.IsStreamingClient(), ServerStreams: m.IsStreamingServer(), input: c.message(m.Input()),
		}
	}
	return out
}

// message compiles a message once; messages may hold themselves.
func (c *compiler) message(d protoreflect.MessageDescriptor) *message {
	if m := c.messages[d.FullName()]; m != nil {
		return m
	}
	m := &message{name: string(d.FullName()), fields: map[protoNumber]*field{}, maps: map[string]bool{}}
	c.messages[d.FullName()] = m
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		f := c.field(fd)
		m.fields[f.number] = f
		if f.entry != nil {
			m.maps[f.name] = true
		}
		if fd.Cardinality() == protoreflect.Required {
			m.required = append(m.required, f)
		}
	}
	return m
}

func (c *compiler) field(d protoreflect.FieldDescriptor) *field {
	f := &field{
		name: string(d.Name()), number: d.Number(), slot: d.Number(), kind: d.Kind(),
		list: d.IsList(), presence: d.HasPresence(), defaults: d.HasDefault(),
	}
	if o := d.ContainingOneof(); o != nil {
		f.slot = o.Fields().Get(0).Number()
	}
	switch {
	case d.IsMap():
		f.entry = c.message(d.Message())
		for _, part := range f.entry.fields { // a zero in an entry is there
			part.presence = true
		}
	case d.Message() != nil:
		f.message = c.message(d.Message())
	case d.Enum() != nil:
		f.enum = map[int32]string{}
		values := d.Enum().Values()
		for i := range values.Len() {
			v := values.Get(values.Len() - 1 - i) // of aliases, the first one counts
			f.enum[int32(v.Number())] = string(v.Name())
		}
		f.first = string(values.Get(0).Name())
	}
	return f
}
