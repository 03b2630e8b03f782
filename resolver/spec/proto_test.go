package spec

import (
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// library is the sample as a compiler of protos would write it.
func library(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/proto/library.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	var file descriptorpb.FileDescriptorProto
	if err := prototext.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	for _, d := range []protoreflect.FileDescriptor{
		descriptorpb.File_google_protobuf_descriptor_proto, annotations.File_google_api_http_proto,
		annotations.File_google_api_annotations_proto, annotations.File_google_api_resource_proto,
	} {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(d))
	}
	set.File = append(set.File, &file)
	out, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestProposalOfDescriptors(t *testing.T) {
	doc, err := ReadProto("library.binpb", library(t))
	if err != nil {
		t.Fatal(err)
	}
	p := doc.Propose(Options{Host: "library.example.com"})
	compare(t, "testdata/proto/library.want", proposed(t, p))
	if _, ms := p.Compile(); len(ms) > 0 {
		t.Error(ms.Error())
	}
}

// What is no descriptor set, or has no service, is refused and not taken for an
// API without operations.
func TestDescriptorsThatAreNone(t *testing.T) {
	empty, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{{Name: proto.String("a.proto")}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"not a FileDescriptorSet": []byte("openapi: 3.0.0"), "no service": empty} {
		if _, err := ReadProto("x.binpb", text); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

// Without annotations the names alone say the same of a method.
func TestDescriptorsWithoutAnnotations(t *testing.T) {
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(library(t), &set); err != nil {
		t.Fatal(err)
	}
	file := set.File[len(set.File)-1]
	for _, m := range file.MessageType {
		m.Options = nil
		for _, f := range m.Field {
			f.Options = nil
		}
	}
	for _, m := range file.Service[0].Method {
		m.Options = nil
	}
	text, err := proto.Marshal(&set)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := ReadProto("library.binpb", text)
	if err != nil {
		t.Fatal(err)
	}
	p := doc.Propose(Options{})
	for _, want := range []string{
		"RPC library.v1.Library/GetBook -> read book/{message.name}",
		"RPC library.v1.Library/UpdateBook -> update book/{message.book.name}",
		"RPC library.v1.Library/BatchDeleteBooks -> delete book/{message.names[]}",
		"RPC library.v1.Library/CloseTicket -> close ticket/{message.ticket_id}",
	} {
		if !slices.ContainsFunc(p.Lines, func(l Line) bool { return l.Text == want }) {
			t.Errorf("no line %s", want)
		}
	}
}
