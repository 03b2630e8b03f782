package extauthz

import (
	"strings"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	"github.com/tiergate/tiergate/rules"
)

// codec is the proto codec, but that a call takes its request as it came, and an
// answer is written, without generated messages. A CheckRequest that cannot be
// read is no error of the RPC: grpc-go would send a status of its own before the
// handler could deny.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	in, ok := v.(*call)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	in.message = whole(data)
	return nil
}

// whole copies a message out of the transport's buffers, which are used again.
func whole(data mem.BufferSlice) string {
	if len(data) == 1 {
		return string(data[0].ReadOnlyData())
	}
	var b strings.Builder
	b.Grow(data.Len())
	for _, part := range data {
		b.Write(part.ReadOnlyData())
	}
	return b.String()
}

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if w, ok := v.(wire); ok {
		if len(w) == 0 {
			w = noAnswer()
		}
		return mem.BufferSlice{mem.SliceBuffer(w)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// noAnswer denies in the place of an answer that nobody made: a CheckResponse of
// no bytes has status 0, which the proxy takes for an allow.
func noAnswer() wire {
	return newAnswers(nil, false).deny(denial(rules.Internal, "no answer"), new(rules.RawRequest))
}
