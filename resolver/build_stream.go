package resolver

import "time"

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
	case op.Protocol == "" && op.Method != "GET" && op.Method != "ANY":
		b.mistakes.Add(d.Pos, "only GET lines become WebSockets, this one is for %s", op.Method)
	case op.NeedsBody:
		b.mistakes.Add(d.Pos, "nothing of a stream is read, and this line reads its body")
	}
}

// upgrades reports whether a WebSocket may come of a request on the line.
func (op *Operation) upgrades() bool { return op.Stream > 0 && op.Protocol == "" }
