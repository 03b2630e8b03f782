package extauthz

import (
	"errors"
	"slices"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/tiergate/tiergate/rules"
)

// shape is what a field may hold: a message of further fields, or one of values.
type shape struct {
	fields map[protowire.Number]*shape
	values []string
	number bool
}

func message(fields map[protowire.Number]*shape) *shape { return &shape{fields: fields} }
func oneOf(values ...string) *shape                     { return &shape{values: append(values, "")} }

var (
	someText = oneOf("a", "b", "GET", "\xff", "Ä")
	someKey  = oneOf("a", "A", ":path", ":method", "x-b", "coo\u212aie")
	address  = message(map[protowire.Number]*shape{
		1: message(map[protowire.Number]*shape{1: {number: true}, 2: oneOf("192.0.2.1", "2001:db8::1", "nowhere", "\xff"), 3: {number: true}}),
		2: message(map[protowire.Number]*shape{1: oneOf("/run/s")}),
		3: message(map[protowire.Number]*shape{1: oneOf("internal")}),
	})
	httpShape = message(map[protowire.Number]*shape{
		1: someText, 2: someText, 4: oneOf("/a", "/b?c", "\xff"), 5: someText, 6: someText, 9: {number: true}, 10: someText,
		11: someText, 12: oneOf("\xff{}", "{}"),
		3:  message(map[protowire.Number]*shape{1: someKey, 2: someText, 3: oneOf("\xff")}),
		13: message(map[protowire.Number]*shape{1: message(map[protowire.Number]*shape{1: someKey, 2: someText, 3: oneOf("\xff", "r")})}),
	})
	checkShape = message(map[protowire.Number]*shape{1: message(map[protowire.Number]*shape{
		1: message(map[protowire.Number]*shape{1: address, 2: someText, 4: someText, 5: someText}),
		2: message(map[protowire.Number]*shape{1: address, 4: someText}),
		4: message(map[protowire.Number]*shape{2: httpShape}),
	})})
)

// content draws a message: its fields in any order, any number of times, some of
// another wire type, some unknown.
func (s *shape) content(t *rapid.T) []byte {
	numbers := []protowire.Number{7, 2047} // unknown to every message here
	for n := range protowire.Number(14) {
		if s.fields[n] != nil {
			numbers = append(numbers, n, n, n)
		}
	}
	var b []byte
	for range rapid.IntRange(0, 5).Draw(t, "fields") {
		n := rapid.SampledFrom(numbers).Draw(t, "field")
		field := s.fields[n]
		switch {
		case field == nil || rapid.IntRange(0, 7).Draw(t, "odd") == 0:
			b = odd(t, b, n)
		case field.number:
			b = padded(t, b, uint64(n)<<3)
			b = padded(t, b, rapid.SampledFrom([]uint64{0, 1, 300, 1 << 63, 1<<64 - 1}).Draw(t, "number"))
		default:
			var inner []byte
			if field.fields != nil {
				inner = field.content(t)
			} else {
				inner = []byte(rapid.SampledFrom(field.values).Draw(t, "value"))
			}
			b = padded(t, b, uint64(n)<<3|2)
			b = append(padded(t, b, uint64(len(inner))), inner...)
		}
	}
	return b
}

// parts draws some messages, each from the top or within one field far inside,
// one behind the other.
func (s *shape) parts(t *rapid.T) []byte {
	var b []byte
	for range rapid.IntRange(1, 4).Draw(t, "parts") {
		path := rapid.SampledFrom([][]protowire.Number{nil, {1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 4, 2}, {1, 4, 2}, {1, 4, 2, 3}, {1, 4, 2, 13}}).Draw(t, "path")
		at := s
		for _, n := range path {
			at = at.fields[n]
		}
		part := at.content(t)
		for _, n := range slices.Backward(path) {
			part = protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), part)
		}
		b = append(b, part...)
	}
	return b
}

// odd draws a field of any wire type but a group.
func odd(t *rapid.T, b []byte, n protowire.Number) []byte {
	kind := rapid.SampledFrom([]protowire.Type{protowire.VarintType, protowire.Fixed32Type, protowire.Fixed64Type, protowire.BytesType}).Draw(t, "kind")
	b = protowire.AppendTag(b, n, kind)
	switch kind {
	case protowire.VarintType:
		return protowire.AppendVarint(b, 1)
	case protowire.Fixed32Type:
		return protowire.AppendFixed32(b, 1)
	case protowire.Fixed64Type:
		return protowire.AppendFixed64(b, 1)
	default:
		return protowire.AppendString(b, rapid.SampledFrom([]string{"", "\x08\x01"}).Draw(t, "unknown"))
	}
}

// padded writes a varint that may be longer than it need be.
func padded(t *rapid.T, b []byte, v uint64) []byte {
	b = protowire.AppendVarint(b, v)
	if v < 1<<56 && rapid.IntRange(0, 15).Draw(t, "padded") == 0 {
		b[len(b)-1] |= 0x80
		b = append(b, 0)
	}
	return b
}

// Parts of one message add up, of one value the last counts, of a choice the
// last taken; what is of another type is unknown. As the generated messages have
// it, whatever order the parts come in.
func TestPartsOfAMessageMerge(t *testing.T) {
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		message := checkShape.parts(t)
		if rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
			message = message[:rapid.IntRange(0, len(message)).Draw(t, "at")]
		}
		var in authv3.CheckRequest
		var got rules.RawRequest
		bad, err := proto.Unmarshal(message, &in), decode(&got, string(message))
		if bad != nil {
			return // FuzzCheck covers what becomes of it
		}
		read++
		if contradicts(&in) != errors.Is(err, errContradiction) || err != nil && !errors.Is(err, errContradiction) {
			t.Fatalf("%v; the generated messages read %v", err, &in)
		}
		if diff := cmp.Diff(slowDecode(&in), &got, sameAddr, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-generated +ours):\n%s", diff)
		}
	})
	if read < 20 {
		t.Errorf("only %d messages could be read", read)
	}
}
