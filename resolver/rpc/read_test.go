package rpc

import (
	"errors"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func fixed32(n protowire.Number, v uint32) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(nil, n, protowire.Fixed32Type), v)
}

func fixed64(n protowire.Number, v uint64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(nil, n, protowire.Fixed64Type), v)
}

// raw is bytes as they stand, for what no encoder writes.
func raw(b ...byte) []byte { return b }

func nested(depth int) []byte {
	var m []byte
	for range depth - 1 {
		m = text(5, m)
	}
	return m
}

func negative(n int64) uint64 { return uint64(n) }

// Each row that is read stands beside its twin, which differs in one thing and
// is refused.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		row, method string
		message     []byte
		want, fault string
	}{
		{"one field", "GetTicket", text(1, "T-1"), `{name:"T-1"}`, ""},
		{"twin: the field twice", "GetTicket", join(text(1, "T-1"), text(1, "T-2")), "", "name comes twice"},
		{"twin: twice the same", "GetTicket", join(text(1, "T-1"), text(1, "T-1")), "", "name comes twice"},
		{"twin: once empty", "GetTicket", join(text(1), text(1, "T-1")), "", "name comes twice"},
		{"nothing", "GetTicket", nil, `{}`, ""},
		{"an empty text is absent", "GetTicket", text(1), `{}`, ""},
		{"a zero is absent", "GetTicket", join(num(2, 0), num(3, 0), num(12, 0)), `{}`, ""},
		{"with presence it is there", "GetTicket", join(text(11), num(13, 0)), `{note:"" open:false}`, ""},
		{"one of a oneof", "GetTicket", text(9, "ada"), `{owner:"ada"}`, ""},
		{"a zero of a oneof", "GetTicket", num(10, 0), `{queue:0}`, ""},
		{"twin: two of a oneof", "GetTicket", join(text(9, "ada"), num(10, 7)), "", "queue comes twice, or with another of its oneof"},
		{"a message", "GetTicket", text(5, text(1, "T-9")), `{parent:{name:"T-9"}}`, ""},
		{"twin: in two parts, which libraries merge", "GetTicket", join(text(5, text(1, "T-9")), text(5, num(2, 1))), "", "parent comes twice"},
		{"an empty message is there", "GetTicket", text(5), `{parent:{}}`, ""},
		{"a declared field", "GetTicket", num(2, 1), `{id:"1"}`, ""},
		{"twin: one that is not", "GetTicket", num(99, 1), "", "no field 99"},
		{"twin: the same, further in", "GetTicket", text(5, num(99, 1)), "", "no field 99"},
		{"twin: the field 0", "GetTicket", raw(0x00, 0x01), "", "no field 0"},
		{"twin: a field number beyond all", "GetTicket", join(protowire.AppendVarint(nil, 1<<32|1<<3), raw(1)), "", "no field"},
		{"twin: another wire type", "GetTicket", num(1, 7), "", "name: is not encoded as its type is"},
		{"twin: bytes for a number", "GetTicket", text(2, "7"), "", "id: is not encoded as its type is"},
		{"twin: a group", "GetTicket", raw(5<<3|3, 5<<3|4), "", "parent is a group"},
		{"twin: the end of a group", "GetTicket", raw(5<<3 | 4), "", "parent is a group"},
		{"twin: the wire type 6", "GetTicket", raw(1<<3|6, 0), "", "is not encoded"},
		{"UTF-8", "GetTicket", text(1, "é"), `{name:"é"}`, ""},
		{"twin: not UTF-8", "GetTicket", text(1, "\xe9"), "", "name: is not UTF-8"},
		{"repeated texts", "GetTicket", join(text(4, "a"), text(1, "n"), text(4), text(4, "a")), `{name:"n" tags:["a" "" "a"]}`, ""},
		{"32 levels", "GetTicket", nested(32), "", "-"},
		{"twin: 33 levels", "GetTicket", nested(33), "", "nest deeper than 32 levels"},
		{"an enum's name, the first of two", "GetTicket", num(3, 1), `{state:"OPEN"}`, ""},
		{"a negative one", "GetTicket", num(3, math.MaxUint64), `{state:"ODD"}`, ""},
		{"twin: none that is declared", "GetTicket", num(3, 9), "", "does not declare"},
		{"twin: one that is declared once it is cut", "GetTicket", num(3, 1<<32|1), "", "does not declare"},
		{"a map", "GetTicket", join(text(7, text(1, "a"), text(2, "x")), text(7, text(2, "y"), text(1, "b"))), `{labels:{a:"x" b:"y"}}`, ""},
		{"twin: a key twice", "GetTicket", join(text(7, text(1, "a"), text(2, "x")), text(7, text(1, "a"), text(2, "y"))), "", "labels has a key twice"},
		{"twin: the absent key twice", "GetTicket", join(text(7, text(2, "x")), text(7, text(1), text(2, "x"))), "", "labels has a key twice"},
		{"twin: a key twice in an entry", "GetTicket", text(7, text(1, "a"), text(1, "b")), "", "key comes twice"},
		{"twin: something else in an entry", "GetTicket", text(7, text(3, "a")), "", "no field 3"},
		{"an empty entry", "GetTicket", text(7), `{labels:{:""}}`, ""},
		{"a map of messages", "GetTicket", join(text(8, num(1, negative(-4)), text(2, text(1, "n"))), text(8)), `{counts:{-4:{name:"n"} 0:{}}}`, ""},
		{"a wrapper", "GetTicket", text(14, num(1, 7)), `{limit:{value:"7"}}`, ""},
		{"an Any stays closed", "GetTicket", text(15, text(1, "x/tickets.v1.Ticket"), text(2, text(1, "T-1"))), `{extra:{type_url:"x/tickets.v1.Ticket" value:"CgNULTE="}}`, ""},

		{"beyond 2^53", "Count", num(4, 9007199254740993), `{i64:"9007199254740993"}`, ""},
		{"the least", "Count", join(num(1, negative(math.MinInt32)), num(4, negative(math.MinInt64))), `{i32:-2147483648 i64:"-9223372036854775808"}`, ""},
		{"zigzag", "Count", join(num(2, protowire.EncodeZigZag(math.MinInt32)), num(5, protowire.EncodeZigZag(-3))), `{s32:-2147483648 s64:"-3"}`, ""},
		{"unsigned", "Count", join(num(3, math.MaxUint32), num(6, math.MaxUint64)), `{u32:4294967295 u64:"18446744073709551615"}`, ""},
		{"twin: int32 that is cut", "Count", num(1, 1<<32|5), "", "i32: is outside the range"},
		{"twin: int32 in five bytes", "Count", num(1, math.MaxUint32), "", "i32: is outside the range"},
		{"twin: sint32 that is cut", "Count", num(2, 1<<32), "", "s32: is outside the range"},
		{"twin: uint32 that is cut", "Count", num(3, 1<<32), "", "u32: is outside the range"},
		{"fixed", "Count", join(fixed32(7, 1<<31), fixed32(8, 1<<31), fixed64(9, 1<<63), fixed64(10, 1<<63)),
			`{f32:2147483648 f64:"9223372036854775808" sf32:-2147483648 sf64:"-9223372036854775808"}`, ""},
		{"twin: fixed for a varint", "Count", fixed32(1, 7), "", "i32: is not encoded"},
		{"floats", "Count", join(fixed32(11, math.Float32bits(1.5)), fixed64(12, math.Float64bits(-2.5e300))), `{double:-2.5e+300 float:1.5}`, ""},
		{"minus zero is not absent", "Count", fixed64(12, 1<<63), `{double:-0}`, ""},
		{"no numbers", "Count", join(fixed32(11, math.Float32bits(float32(math.NaN()))), fixed64(12, math.Float64bits(math.Inf(-1)))), `{double:"-Inf" float:"NaN"}`, ""},
		{"a bool", "Count", num(13, 1), `{bool:true}`, ""},
		{"twin: a bool of 2", "Count", num(13, 2), "", "bool: is outside the range"},
		{"bytes", "Count", text(14, raw(0xff, 0)), `{raw:"/wA="}`, ""},
		{"packed", "Count", text(15, raw(1, 2), raw(3)), `{many:[1 2 3]}`, ""},
		{"apart", "Count", join(num(15, 1), num(15, 2)), `{many:[1 2]}`, ""},
		{"both", "Count", join(num(15, 1), text(15, raw(2, 3)), num(15, 4)), `{many:[1 2 3 4]}`, ""},
		{"packed though declared apart", "Count", text(16, raw(1, 0, 0, 0, 2, 0, 0, 0)), `{apart:[1 2]}`, ""},
		{"an empty run is absent", "Count", text(15), `{}`, ""},
		{"zeros in a list stay", "Count", text(17, raw(0, 1)), `{flags:[false true]}`, ""},
		{"enums in a list", "Count", text(18, raw(0, 1)), `{states:["STATE_UNSPECIFIED" "OPEN"]}`, ""},
		{"twin: a run that ends in a number", "Count", text(15, raw(1, 0x80)), "", "many: the message ends in the middle"},
		{"twin: a run with a bool of 2", "Count", text(17, raw(2)), "", "flags: is outside the range"},
		{"twin: a run of another wire type", "Count", fixed32(15, 1), "", "many: is not encoded"},
		{"twin: a number in two bytes for one", "Count", raw(1<<3, 0x81, 0x00), "", "more bytes than it needs"},
		{"twin: a tag in two bytes for one", "Count", raw(0x88, 0x00, 1), "", "more bytes than it needs"},
		{"twin: a length in two bytes for one", "Count", raw(14<<3|2, 0x81, 0x00, 'x'), "", "more bytes than it needs"},
		{"twin: a number of eleven bytes", "Count", raw(1<<3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1), "", "in the middle of a value"},
		{"twin: a cut number", "Count", raw(1<<3, 0x80), "", "in the middle of a value"},
		{"twin: a tag alone", "Count", raw(1 << 3), "", "in the middle of a value"},
		{"twin: a cut text", "Count", raw(14<<3|2, 5, 'x'), "", "in the middle of a value"},
		{"twin: a huge length", "Count", join(raw(14<<3|2), protowire.AppendVarint(nil, math.MaxUint64), "x"), "", "in the middle of a value"},
		{"twin: a cut fixed32", "Count", raw(7<<3|5, 1, 2, 3), "", "in the middle of a value"},
		{"twin: a cut fixed64", "Count", raw(9<<3|1, 1, 2, 3, 4, 5, 6, 7), "", "in the middle of a value"},

		{"proto2: what is required", "old.Get", text(1, "a"), `{id:"a"}`, ""},
		{"proto2: empty is there", "old.Get", text(1), `{id:""}`, ""},
		{"proto2: without it", "old.Get", num(2, 3), "", "required field id is absent"},
		{"proto2: no default is filled in", "old.Get", join(text(1, "a"), num(2, 3)), `{id:"a" size:"SMALL"}`, ""},
		{"proto2: a group", "old.Get", join(text(1, "a"), raw(3<<3|3, 1<<3, 1, 3<<3|4)), "", "group is a group"},
		{"proto2: a group as if it were a message", "old.Get", join(text(1, "a"), text(3, num(1, 1))), "", "group is a group"},
		{"proto2: an extension", "old.Get", join(text(1, "a"), text(100, "x")), "", "no field 100"},
		{"proto2: required in a map", "old.Get", join(text(1, "a"), text(4, num(1, 1), text(2, text(1, "b")))), `{id:"a" things:{true:{id:"b"}}}`, ""},
		{"proto2: a map's absent value lacks it", "old.Get", join(text(1, "a"), text(4, num(1, 1))), "", "required field id is absent"},
		{"proto2: not UTF-8", "old.Get", text(1, "\xff"), "", "not UTF-8"},
		{"proto2: packed though declared apart", "old.Get", join(text(1, "a"), text(5, raw(1, 2))), `{id:"a" ids:[1 2]}`, ""},
		{"editions: presence by field", "modern.Get", join(text(1), num(2, 0), num(3, 0)), `{id:"" must:0}`, ""},
		{"editions: required", "modern.Get", text(1, "x"), "", "required field must is absent"},
		{"editions: delimited", "modern.Get", join(num(3, 1), raw(4<<3|3, 4<<3|4)), "", "inner is a group"},
	} {
		t.Run(c.row, func(t *testing.T) {
			v, err := method(t, c.method).Read(framed(c.message))
			if c.fault == "" || c.fault == "-" {
				if err != nil {
					t.Fatal(err)
				}
				if got := show(&v); c.fault == "" && got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				same(t, method(t, c.method), descriptor(t, c.method), c.message)
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("got %s, %v; want a fault %q", show(&v), err, c.fault)
			}
		})
	}
}

func TestFrame(t *testing.T) {
	message := text(1, "T-1")
	frame := framed(message)
	for _, c := range []struct {
		row        string
		body       []byte
		ok         bool
		compressed bool
	}{
		{"one message", frame, true, false},
		{"an empty message", framed(nil), true, false},
		{"no body", nil, false, false},
		{"half a frame", frame[:4], false, false},
		{"the message alone", message, false, false},
		{"truncated", frame[:len(frame)-1], false, false},
		{"a byte behind", append(framed(message), 0), false, false},
		{"two messages", append(framed(message), frame...), false, false},
		{"two empty messages", append(framed(nil), framed(nil)...), false, false},
		{"compressed", append([]byte{1}, frame[1:]...), false, true},
		{"another flag", append([]byte{2}, frame[1:]...), false, false},
		{"the flag of trailers in gRPC-Web", append([]byte{0x80}, frame[1:]...), false, false},
		{"a length beyond all", []byte{0, 0xff, 0xff, 0xff, 0xff, 1}, false, false},
	} {
		_, err := method(t, "GetTicket").Read(c.body)
		if (err == nil) != c.ok || errors.Is(err, ErrCompressed) != c.compressed {
			t.Errorf("%s: %v", c.row, err)
		}
	}
}

// Many fields make the notes of which came change their form; every second one twice is found.
func TestManyFields(t *testing.T) {
	var s slots
	for i := range protoNumber(200) {
		if at, again := s.place(i); again || *at != 0 {
			t.Fatalf("the field %d came before", i)
		} else {
			*at = int(i) + 1
		}
	}
	for i := range protoNumber(200) {
		if at, again := s.place(i); !again || *at != int(i)+1 {
			t.Errorf("the field %d is noted at %d, %v", i, *at, again)
		}
	}
	if s.has(200) {
		t.Error("a field that never came is noted")
	}
}

// BenchmarkRead: fields that a message does not use must cost nothing.
func BenchmarkRead(b *testing.B) {
	for name, body := range map[string][]byte{
		"one":  framed(text(1, "T-1")),
		"many": framed(join(text(1, "T-1"), num(2, 1<<60), num(3, 1), text(4, "a"), text(4, "b"), text(5, text(9, "ada")), text(7, text(1, "k"), text(2, "v")))),
	} {
		b.Run(name, func(b *testing.B) {
			m := method(b, "GetTicket")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Read(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
