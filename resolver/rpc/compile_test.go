package rpc

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

func TestCompile(t *testing.T) {
	for _, c := range []struct {
		row   string
		edit  func(*descriptorpb.FileDescriptorSet)
		fault string
	}{
		{"whole", func(*descriptorpb.FileDescriptorSet) {}, ""},
		{"twin: without its imports", func(s *descriptorpb.FileDescriptorSet) { s.File = s.File[:3] },
			"lack the imports google/protobuf/any.proto, google/protobuf/wrappers.proto"},
		{"twin: a type that nobody declares", func(s *descriptorpb.FileDescriptorSet) {
			s.File[0].MessageType[0].Field[4].TypeName = proto.String(".tickets.v1.Nothing")
		}, "tickets.v1.Nothing"},
		{"twin: a file twice", func(s *descriptorpb.FileDescriptorSet) { s.File = append(s.File, s.File[0]) }, "contradict"},
		{"twin: without services", func(s *descriptorpb.FileDescriptorSet) {
			for _, f := range s.File {
				f.Service = nil
			}
		}, "declare no service"},
		{"twin: nothing", func(s *descriptorpb.FileDescriptorSet) { s.File = nil }, "declare no service"},
	} {
		set := declared(t)
		c.edit(set)
		_, err := compiled(t, set)
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, want %q", c.row, err, c.fault)
		}
	}
	if _, err := Compile([]byte(`{"file":[]}`)); err == nil || !strings.Contains(err.Error(), "not a FileDescriptorSet") {
		t.Errorf("JSON: %v", err)
	}
}

func TestMethods(t *testing.T) {
	s := services(t)
	if got := s.Services(); !slices.Equal(got, []string{"modern.Items", "old.Things", "tickets.v1.Tickets"}) {
		t.Errorf("services %v", got)
	}
	if got := s.Methods("tickets.v1.Tickets"); !slices.Equal(got, []string{"Count", "GetTicket", "Upload", "Watch"}) {
		t.Errorf("methods %v", got)
	}
	if s.Method("tickets.v1.Tickets", "Nothing") != nil || s.Method("nothing", "GetTicket") != nil || s.Methods("nothing") != nil {
		t.Error("methods that nobody declares")
	}
	for name, want := range map[string][2]bool{"GetTicket": {}, "Watch": {false, true}, "Upload": {true, false}} {
		if m := method(t, name); [2]bool{m.ClientStreams, m.ServerStreams} != want {
			t.Errorf("%s streams %v, %v", name, m.ClientStreams, m.ServerStreams)
		}
	}
}

func TestLeaf(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         Leaf
		fault        string
	}{
		{"GetTicket", "name", Leaf{Kind: LeafID}, ""},
		{"GetTicket", "nam", Leaf{}, `has no field "nam"`},
		{"GetTicket", "name.x", Leaf{}, "is no message"},
		{"GetTicket", "name.[]", Leaf{}, "name is not repeated"},
		{"GetTicket", "[]", Leaf{}, "tickets.v1.Ticket is not repeated"},
		{"GetTicket", "", Leaf{}, `has no field ""`},
		{"GetTicket", "state", Leaf{Kind: LeafID}, ""},
		{"GetTicket", "note", Leaf{Kind: LeafID, Presence: true}, ""},
		{"GetTicket", "closed", Leaf{Kind: LeafBool}, ""},
		{"GetTicket", "tags.[]", Leaf{Kind: LeafID}, ""},
		{"GetTicket", "tags", Leaf{}, "tags is repeated, write tags[]"},
		{"GetTicket", "parent", Leaf{}, "parent is a message, name one of its fields"},
		{"GetTicket", "parent.parent.id", Leaf{Kind: LeafID}, ""},
		{"GetTicket", "children.[].name", Leaf{Kind: LeafID}, ""},
		{"GetTicket", "children.name", Leaf{}, "children is repeated"},
		{"GetTicket", "labels.[]", Leaf{}, "labels is a map"},
		{"GetTicket", "limit.value", Leaf{Kind: LeafID}, ""},
		{"GetTicket", "extra.value", Leaf{}, ""},
		{"Count", "double", Leaf{}, ""},
		{"old.Get", "size", Leaf{Kind: LeafID, Presence: true, Default: true}, ""},
		{"old.Get", "group.x", Leaf{}, "is encoded as a group"},
		{"modern.Get", "inner.id", Leaf{}, "is encoded as a group"},
	} {
		got, err := method(t, c.method).Leaf(strings.Split(c.path, "."))
		if err == nil && (c.fault != "" || got != c.want) {
			t.Errorf("%s %s: got %+v, want %+v %q", c.method, c.path, got, c.want, c.fault)
		}
		if err != nil && (c.fault == "" || !strings.Contains(err.Error(), c.fault)) {
			t.Errorf("%s %s: %v, want %q", c.method, c.path, err, c.fault)
		}
	}
	_, err := method(t, "old.Get").Leaf([]string{"sise"})
	if p, ok := errors.AsType[*PathError](err); !ok || p.Name != "sise" || !slices.Equal(p.Known, []string{"id", "size", "group", "things", "ids"}) {
		t.Errorf("a slip: %+v", err)
	}
	if _, err := method(t, "GetTicket").Leaf(nil); err == nil {
		t.Error("an empty path leads somewhere")
	}
}
