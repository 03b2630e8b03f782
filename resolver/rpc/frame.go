package rpc

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tiergate/tiergate/resolver/tree"
)

// ErrCompressed says that a message cannot be read because it is compressed.
var ErrCompressed = errors.New("the message is compressed")

// prefix is the length of what precedes each message: a flag and the message's
// length, four bytes, big endian (gRPC over HTTP/2, "Length-Prefixed-Message").
const prefix = 5

// Read reads the body of a call with one message. The value is an object with
// the names of the .proto file. Numbers of 64 bits are texts, as their JSON form
// has it, enums are names, bytes are base64. A field that is absent is no member,
// and neither is one without presence that holds its zero, for the two are the
// same to whoever receives them.
func (m *Method) Read(body []byte) (tree.Value, error) {
	var v tree.Value
	if len(body) < prefix {
		return v, fmt.Errorf("the body of %d bytes has no frame", len(body))
	}
	switch body[0] {
	case 0:
	case 1:
		return v, ErrCompressed
	default:
		return v, fmt.Errorf("the frame has the flag %d", body[0])
	}
	size, rest := int64(binary.BigEndian.Uint32(body[1:])), int64(len(body)-prefix)
	switch {
	case size > rest:
		return v, fmt.Errorf("the frame is of %d bytes, and %d follow", size, rest)
	case size < rest:
		return v, fmt.Errorf("%d bytes follow the one message of the call", rest-size)
	}
	err := m.input.read(body[prefix:], &v, 1)
	return v, err
}
