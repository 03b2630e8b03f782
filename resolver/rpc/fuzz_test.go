package rpc

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/tiergate/tiergate/resolver/tree"
)

// method finds one of tickets.v1.Tickets by its name, and others by package and name.
func method(t testing.TB, name string) *Method {
	t.Helper()
	m := services(t).Method(service(name))
	if m == nil {
		t.Fatalf("no method %s", name)
	}
	return m
}

func service(name string) (service, method string) {
	switch pkg, method, _ := strings.Cut(name, "."); pkg {
	case "old":
		return "old.Things", method
	case "modern":
		return "modern.Items", method
	}
	return "tickets.v1.Tickets", name
}

func descriptor(t testing.TB, name string) protoreflect.MessageDescriptor {
	t.Helper()
	files, err := protodesc.NewFiles(declared(t))
	if err != nil {
		t.Fatal(err)
	}
	srv, m := service(name)
	d, err := files.FindDescriptorByName(protoreflect.FullName(srv + "." + m))
	if err != nil {
		t.Fatal(err)
	}
	return d.(protoreflect.MethodDescriptor).Input()
}

// same holds what is read of a message against protobuf's own reader: that takes
// the message too, ignores nothing of it, reads the same values, and writes
// something of which the same is read again.
func same(t *testing.T, m *Method, d protoreflect.MessageDescriptor, message []byte) {
	t.Helper()
	v, err := m.Read(framed(message))
	if err != nil {
		return
	}
	got := show(&v)
	theirs := dynamicpb.NewMessage(d)
	if err := proto.Unmarshal(message, theirs); err != nil {
		t.Fatalf("%x is read as %s, but protobuf says %v", message, got, err)
	}
	want := plain(t, theirs)
	if want := show(&want); got != want {
		t.Fatalf("%x: got %s, protobuf reads %s", message, got, want)
	}
	again, err := proto.Marshal(theirs)
	if err != nil {
		t.Fatal(err)
	}
	back, err := m.Read(framed(again))
	if err != nil {
		t.Fatalf("%x is read as %s, and written by protobuf as %x it is not: %v", message, got, again, err)
	}
	if show(&back) != got {
		t.Fatalf("%x: got %s, written by protobuf %s", message, got, show(&back))
	}
}

// plain is a message as Read has it.
func plain(t *testing.T, m protoreflect.Message) tree.Value {
	t.Helper()
	if len(m.GetUnknown()) > 0 {
		t.Fatalf("protobuf does not know the fields %x", m.GetUnknown())
	}
	out := tree.Value{Kind: tree.Object}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		var item tree.Value
		switch {
		case f.IsMap():
			item.Kind = tree.Object
			v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				item.Names = append(item.Names, k.String())
				item.Items = append(item.Items, plainOne(t, f.MapValue(), v))
				return true
			})
		case f.IsList():
			item.Kind = tree.Array
			for i := range v.List().Len() {
				item.Items = append(item.Items, plainOne(t, f, v.List().Get(i)))
			}
		default:
			item = plainOne(t, f, v)
		}
		out.Names, out.Items = append(out.Names, string(f.Name())), append(out.Items, item)
		return true
	})
	return out
}

func plainOne(t *testing.T, f protoreflect.FieldDescriptor, v protoreflect.Value) tree.Value {
	t.Helper()
	switch x := v.Interface().(type) {
	case protoreflect.Message:
		return plain(t, x)
	case protoreflect.EnumNumber:
		return tree.Value{Kind: tree.String, Text: string(f.Enum().Values().ByNumber(x).Name())}
	case string:
		return tree.Value{Kind: tree.String, Text: x}
	case []byte:
		return tree.Value{Kind: tree.String, Text: base64.StdEncoding.EncodeToString(x)}
	case bool:
		return tree.Value{Kind: tree.Bool, Text: strconv.FormatBool(x)}
	case int64, uint64:
		return tree.Value{Kind: tree.String, Text: fmt.Sprint(x)}
	case float32:
		return float(float64(x), 32)
	case float64:
		return float(x, 64)
	}
	return tree.Value{Kind: tree.Number, Text: v.String()}
}

func float(f float64, bits int) tree.Value {
	v := tree.Value{Kind: tree.Number, Text: strconv.FormatFloat(f, 'g', -1, bits)}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		v.Kind = tree.String
	}
	return v
}

// FuzzRead: what is read, protobuf reads as the same values, and anything else
// is denied.
func FuzzRead(f *testing.F) {
	methods := []string{"GetTicket", "Count", "old.Get", "modern.Get"}
	var read []*Method
	var types []protoreflect.MessageDescriptor
	for _, name := range methods {
		read, types = append(read, method(f, name)), append(types, descriptor(f, name))
	}
	for i, message := range [][]byte{
		join(text(1, "T-1"), num(2, 1<<60), num(3, 1), text(4, "a"), text(5, text(9, "ada")), text(7, text(1, "k"), text(2, "v")), text(14, num(1, 3))),
		join(num(1, 7), num(2, 8), fixed32(11, 1<<30), fixed64(12, 1<<62), text(15, raw(1, 2)), num(15, 3), text(18, raw(0, 1))),
		join(text(1, "a"), num(2, 4), text(4, num(1, 1), text(2, text(1, "b"))), num(5, 1)),
		join(text(1), num(2, 1), num(3, 2)),
	} {
		f.Add(uint8(i), message)
	}
	f.Fuzz(func(t *testing.T, which uint8, message []byte) {
		i := int(which) % len(methods)
		same(t, read[i], types[i], message)
		if _, err := read[i].Read(append(framed(message), message...)); err == nil && len(message) > 0 {
			t.Errorf("%x is read with something behind it", message)
		}
	})
}
