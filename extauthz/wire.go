package extauthz

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of the messages that an answer is made of. A test writes every
// answer with the generated messages too and compares.
const (
	responseStatus   = 1 // CheckResponse
	responseDenied   = 2
	responseOK       = 3
	responseMetadata = 4

	statusCode = 1 // google.rpc.Status, envoy.type.v3.HttpStatus

	okHeaders         = 2 // OkHttpResponse
	okRemove          = 5
	okResponseHeaders = 6
	okSetQuery        = 7

	deniedStatus  = 1 // DeniedHttpResponse
	deniedHeaders = 2
	deniedBody    = 3

	optionHeader = 1 // HeaderValueOption
	optionAppend = 2
	optionAction = 3
	overwrite    = 2 // OVERWRITE_IF_EXISTS_OR_ADD

	pairKey   = 1 // HeaderValue, QueryParameter, a map's entry
	pairValue = 2

	structFields = 1 // google.protobuf.Struct
	valueNumber  = 2 // google.protobuf.Value
	valueString  = 3
)

// wire is a protobuf message as it is written. The generated messages of one
// answer cost more than deciding it: some 80 allocations and a map.
type wire []byte

// open begins a message field; what is written until close is its content.
func (w *wire) open(field protowire.Number) (at int) {
	*w = append(protowire.AppendTag(*w, field, protowire.BytesType), 0)
	return len(*w)
}

// close writes the length of what was written since open, in front of it.
func (w *wire) close(at int) {
	n := len(*w) - at
	length := uint64(n) //nolint:gosec // never negative
	if extra := protowire.SizeVarint(length) - 1; extra > 0 {
		*w = append(*w, make([]byte, extra)...)
		copy((*w)[at+extra:], (*w)[at:at+n])
	}
	binary.PutUvarint((*w)[at-1:], length)
}

func (w *wire) string(field protowire.Number, s string) {
	*w = protowire.AppendString(protowire.AppendTag(*w, field, protowire.BytesType), s)
}

func (w *wire) varint(field protowire.Number, v uint64) {
	*w = protowire.AppendVarint(protowire.AppendTag(*w, field, protowire.VarintType), v)
}

// header writes a HeaderValueOption that overwrites, whichever of its two
// fields the proxy obeys.
func (w *wire) header(field protowire.Number, name, value string) {
	option := w.open(field)
	w.pair(optionHeader, name, value)
	w.close(w.open(optionAppend)) // a BoolValue of false: there, and empty
	w.varint(optionAction, overwrite)
	w.close(option)
}

func (w *wire) pair(field protowire.Number, key, value string) {
	pair := w.open(field)
	w.string(pairKey, key)
	w.string(pairValue, value)
	w.close(pair)
}

// entry writes one field of a Struct.
func (w *wire) entry(key, value string) {
	entry := w.open(structFields)
	w.string(pairKey, key)
	v := w.open(pairValue)
	w.string(valueString, value)
	w.close(v)
	w.close(entry)
}

func (w *wire) number(key string, value float64) {
	entry := w.open(structFields)
	w.string(pairKey, key)
	v := w.open(pairValue)
	*w = protowire.AppendFixed64(protowire.AppendTag(*w, valueNumber, protowire.Fixed64Type), math.Float64bits(value))
	w.close(v)
	w.close(entry)
}
