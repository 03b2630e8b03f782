package rpc

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tiergate/tiergate/resolver/tree"
)

var (
	errCut   = errors.New("the message ends in the middle of a value")
	errLong  = errors.New("a number has more bytes than it needs")
	errRange = errors.New("is outside the range of its type")
)

// varint reads a number in its only short form: libraries cut longer ones to
// what fits, each where it likes.
func varint(b []byte) (uint64, int, error) {
	v, n := protowire.ConsumeVarint(b)
	switch {
	case n < 0:
		return 0, 0, errCut
	case n != protowire.SizeVarint(v):
		return 0, 0, errLong
	}
	return v, n, nil
}

// wireOf is how a value of a kind is encoded, outside of a packed run.
func wireOf(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.GroupKind:
		return protowire.StartGroupType
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	case protoreflect.BoolKind, protoreflect.EnumKind, protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Uint32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Uint64Kind:
		return protowire.VarintType
	}
	return -1 // none that comes
}

// kindOf is what a kind is read as. Numbers of 64 bits are texts: as numbers,
// readers of JSON do not agree on the large ones.
func kindOf(k protoreflect.Kind) tree.Kind {
	switch k {
	case protoreflect.BoolKind:
		return tree.Bool
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return tree.Object
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind,
		protoreflect.FloatKind, protoreflect.DoubleKind:
		return tree.Number
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.EnumKind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return tree.String
	}
	return tree.Null
}

// scalar reads a value that is not length-delimited.
func (f *field) scalar(b []byte, wire protowire.Type, v *tree.Value) (zero bool, n int, err error) {
	var bits uint64
	switch wire {
	case protowire.VarintType:
		bits, n, err = varint(b)
	case protowire.Fixed32Type:
		if n = 4; len(b) < n {
			return false, 0, errCut
		}
		bits = uint64(binary.LittleEndian.Uint32(b))
	case protowire.Fixed64Type:
		if n = 8; len(b) < n {
			return false, 0, errCut
		}
		bits = binary.LittleEndian.Uint64(b)
	default:
		err = errWire
	}
	if err != nil {
		return false, 0, err
	}
	v.Kind = kindOf(f.kind)
	v.Text, err = f.text(bits)
	if (f.kind == protoreflect.FloatKind || f.kind == protoreflect.DoubleKind) && !finite(v.Text) {
		v.Kind = tree.String // JSON has no such number
	}
	return bits == 0, n, err
}

// text is what the bits of a scalar say. Those that a library would cut off must
// be what the rest implies.
func (f *field) text(bits uint64) (string, error) {
	signed := int64(bits) //nolint:gosec // a negative number comes as its two's complement
	switch f.kind {       //nolint:exhaustive // wireOf has no scalar wire type for the others
	case protoreflect.BoolKind:
		if bits > 1 {
			return "", errRange
		}
		return strconv.FormatBool(bits == 1), nil
	case protoreflect.EnumKind:
		name, ok := "", false
		if signed == int64(int32(signed)) { //nolint:gosec // compared
			name, ok = f.enum[int32(signed)] //nolint:gosec // it fits
		}
		if !ok {
			return "", errors.New("has a value that its enum does not declare")
		}
		return name, nil
	case protoreflect.Int32Kind:
		return inRange(signed, math.MinInt32, math.MaxInt32)
	case protoreflect.Uint32Kind:
		if bits > math.MaxUint32 {
			return "", errRange
		}
		return strconv.FormatUint(bits, 10), nil
	case protoreflect.Sint32Kind:
		return inRange(protowire.DecodeZigZag(bits), math.MinInt32, math.MaxInt32)
	case protoreflect.Sint64Kind:
		return strconv.FormatInt(protowire.DecodeZigZag(bits), 10), nil
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind:
		return strconv.FormatInt(signed, 10), nil
	case protoreflect.Sfixed32Kind:
		return strconv.FormatInt(int64(int32(uint32(bits))), 10), nil //nolint:gosec // of 32 bits
	case protoreflect.FloatKind:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(bits))), 'g', -1, 32), nil //nolint:gosec // of 32 bits
	case protoreflect.DoubleKind:
		return strconv.FormatFloat(math.Float64frombits(bits), 'g', -1, 64), nil
	case protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return strconv.FormatUint(bits, 10), nil
	}
	return "", errWire
}

func inRange(n, least, most int64) (string, error) {
	if n < least || n > most {
		return "", errRange
	}
	return strconv.FormatInt(n, 10), nil
}

// finite reports whether the text of a number is one that JSON has.
func finite(text string) bool { return text != "NaN" && text != "+Inf" && text != "-Inf" }
