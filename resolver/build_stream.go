package resolver

import (
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Bounds of stream: { max }. A stream that could go on for longer would outlive
// every revocation.
const (
	shortestStream = time.Second
	longestStream  = 24 * time.Hour
)

// stream lets requests of the line become streams, of which nothing more is
// read: calls of a gRPC method that streams, and WebSockets.
func (b *builder) stream() {
	d, op := &b.decl.Stream, b.op
	if !given(d.Pos) {
		return
	}
	op.Stream = d.Max.V
	switch {
	case !given(d.Max.Pos):
		b.mistakes.AddHint(d.Pos, "write stream: { max: 5m }", "a stream has no end of its own, so it needs a max")
	case op.Stream < shortestStream || op.Stream > longestStream:
		b.mistakes.Add(d.Max.Pos, "max is %v, want %v to %v", op.Stream, shortestStream, longestStream)
	}
	switch {
	case op.Protocol == protoGraphQL || op.Protocol == protoMCP:
		b.mistakes.Add(d.Pos, "stream is not supported yet on %s lines", op.Protocol)
	case op.Protocol == "" && op.Method != fetch:
		b.mistakes.AddHint(d.Pos, "write a line of GET for it", "only GET lines become WebSockets, this one is for %s", op.Method)
	case op.NeedsBody:
		b.mistakes.Add(d.Pos, "nothing of a stream is read, and this line reads its body")
	}
}

// Stream is for how long the request may go on as a stream; 0 if it is none.
func (m *Match) Stream(req *rules.Request) time.Duration {
	if m.Op == nil || m.Op.Protocol == "" && !req.Upgrade {
		return 0
	}
	return m.Op.Stream
}

// upgrades reports whether a WebSocket may come of a request on the line.
func (op *Operation) upgrades() bool { return op.Stream > 0 && op.Protocol == "" }
