package rpc

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/tiergate/tiergate/resolver/tree"
)

// declared is testdata/tickets.txtpb with what it imports.
func declared(t testing.TB) *descriptorpb.FileDescriptorSet {
	t.Helper()
	text, err := os.ReadFile("testdata/tickets.txtpb")
	if err != nil {
		t.Fatal(err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := prototext.Unmarshal(text, set); err != nil {
		t.Fatal(err)
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(anypb.File_google_protobuf_any_proto),
		protodesc.ToFileDescriptorProto(wrapperspb.File_google_protobuf_wrappers_proto))
	return set
}

func compiled(t testing.TB, set *descriptorpb.FileDescriptorSet) (*Services, error) {
	t.Helper()
	b, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return Compile(b)
}

func services(t testing.TB) *Services {
	t.Helper()
	s, err := compiled(t, declared(t))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// framed puts a message into a frame of its own.
func framed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

// The parts of a message, to be joined.

func num(n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
}

func text(n protowire.Number, parts ...any) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), join(parts...))
}

func join(parts ...any) (out []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			out = append(out, p...)
		case []byte:
			out = append(out, p...)
		}
	}
	return out
}

// show prints a value in one line, an object's members sorted.
func show(v *tree.Value) string {
	switch v.Kind {
	case tree.Object:
		var out []string
		for i, name := range v.Names {
			out = append(out, name+":"+show(&v.Items[i]))
		}
		slices.Sort(out)
		return "{" + strings.Join(out, " ") + "}"
	case tree.Array:
		var out []string
		for i := range v.Items {
			out = append(out, show(&v.Items[i]))
		}
		return "[" + strings.Join(out, " ") + "]"
	case tree.String:
		return fmt.Sprintf("%q", v.Text)
	case tree.Null, tree.Bool, tree.Number:
	}
	return v.Text
}
