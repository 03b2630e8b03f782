package resolver

import (
	"errors"
	"strings"

	"github.com/tiergate/tiergate/resolver/rpc"
	"github.com/tiergate/tiergate/rules"
)

// services are the gRPC services that a host's descriptors declare.
type services struct {
	at rules.Pos
	*rpc.Services
}

// grpc compiles a host's descriptors. It returns nil services where they cannot be
// read, so that what their lines lack is not reported again.
func (c *compiler) grpc(d *rules.GRPCDecl) *services {
	s := &services{at: d.Pos}
	switch {
	case !given(d.Descriptors.Pos):
		c.mistakes.AddHint(d.Pos, "write descriptors: api.binpb", "grpc without descriptors")
	case d.Descriptors.File != nil:
		var err error
		if s.Services, err = rpc.Compile([]byte(d.Descriptors.File.Text)); err != nil {
			c.mistakes.AddHint(d.Descriptors.Pos, "write it with buf build -o, or protoc --include_imports --descriptor_set_out", "%s: %v", d.Descriptors.V, err)
		}
	}
	return s
}

// attachRPC holds a line against the descriptors of its host. Without them, or
// where they do not have its service, a line can only be one that is not read:
// open, or a stream.
func (c *compiler) attachRPC(h *host, op *Operation) {
	service, name, _ := strings.Cut(op.call.name.text, "/")
	unread := !op.NeedsBody && (op.Open || op.Stream > 0)
	switch {
	case h.grpc == nil:
		if !unread {
			c.mistakes.AddHint(op.Pos, "declare them on the host: grpc: { descriptors: api.binpb }", "host %q has no descriptors for %q", op.Host, op.Line)
		}
		return
	case h.grpc.Services == nil: // reported
		return
	}
	op.rpc = h.grpc.Method(service, name)
	methods := h.grpc.Methods(service)
	switch {
	case op.rpc != nil:
		c.streams(op)
		c.captured(op)
	case len(methods) > 0:
		c.mistakes.AddHint(op.Pos, rules.DidYouMean(name, methods), "the service %s has no method %q", service, name)
	case !unread:
		c.mistakes.AddHint(op.Pos, rules.DidYouMean(service, h.grpc.Services.Services()), "the descriptors have no service %q", service)
	}
}

// streams holds what a line says of streams against its method.
func (c *compiler) streams(op *Operation) {
	streams := op.rpc.ClientStreams || op.rpc.ServerStreams
	switch {
	case streams && op.NeedsBody:
		c.mistakes.AddHint(op.Pos, "decide on the method as a whole", "%s streams, and no message of a stream is read", op.Template)
	case streams && op.Stream == 0 && !op.Open:
		c.mistakes.AddHint(op.Pos, "write stream: { max: 5m } on the line", "%s streams, and one decision lets every message of a stream pass", op.Template)
	case !streams && op.Stream > 0:
		c.mistakes.Add(op.Pos, "%s takes one message and answers with one, it does not stream", op.Template)
	}
}

// captured holds what a line captures against the message of its method.
func (c *compiler) captured(op *Operation) {
	paths := map[string]*callPath{}
	for i := range op.paths {
		p := &op.paths[i]
		paths[p.text] = p
		if _, err := op.rpc.Leaf(p.path); err != nil {
			hint := ""
			if slip, ok := errors.AsType[*rpc.PathError](err); ok {
				hint = rules.DidYouMean(slip.Name, slip.Known)
			}
			c.mistakes.AddHint(p.at, hint, "%v", err)
		}
	}
	for i := range op.targets {
		t := &op.targets[i]
		c.leaf(op, paths, t.id, rules.NoKind)
		c.leaf(op, paths, t.parent, rules.NoKind)
		for j := range t.bounds {
			c.leaf(op, paths, &t.bounds[j].from, t.bounds[j].kind)
		}
		c.members(op, paths, t)
	}
}

// leaf holds a capture against the type of its field. kind is that of a bound, or
// NoKind for an id.
func (c *compiler) leaf(op *Operation, paths map[string]*callPath, s *source, kind rules.Kind) {
	if s == nil || s.kind != fromBody {
		return
	}
	p := paths[s.text]
	leaf, err := op.rpc.Leaf(p.path)
	if err != nil { // reported
		return
	}
	switch pos := p.at; {
	case leaf.Kind == rpc.LeafOther, leaf.Kind == rpc.LeafBool && kind != rules.Bool:
		c.mistakes.AddHint(pos, "capture a string, an integer or an enum", "%s is no value that can be captured here", s.text)
	case leaf.Kind == rpc.LeafBool && !leaf.Presence:
		c.mistakes.AddHint(pos, "declare it optional in the .proto file", "%s has no presence, so that false is the same as absent", s.text)
	case leaf.Default && s.optional:
		c.mistakes.AddHint(pos, "write it without ?", "%s has a default, which servers read where it is absent", s.text)
	}
}

// readMessage demands a call of gRPC and, where the line needs it, its one message.
func (r *resolution) readMessage() error {
	if r.req.RawQuery != "" { // some servers leave it unread, to others it is a part of the method's name
		return rules.Faultf(rules.AmbiguousQuery, "a call of gRPC has no query")
	}
	if r.op.NeedsBody {
		if err := whole(r.req); err != nil {
			return err
		}
	}
	if contentType, _ := r.req.Header("content-type"); contentType != "application/grpc" && contentType != "application/grpc+proto" {
		return rules.Faultf(rules.BodyType, "content-type is %.80q, want application/grpc", contentType)
	}
	if !r.op.NeedsBody {
		return nil
	}
	if err := plain(r.req); err != nil {
		return err
	}
	for i := range r.req.Headers {
		if h := &r.req.Headers[i]; h.Name == "grpc-encoding" && h.Value != "identity" {
			return rules.Faultf(rules.BodyEncoding, "grpc-encoding is %.80q", h.Value)
		}
	}
	if r.op.rpc == nil {
		return rules.Faultf(rules.Internal, "no descriptors are for the line")
	}
	message, err := r.op.rpc.Read(r.req.Body)
	if errors.Is(err, rpc.ErrCompressed) {
		return &rules.Fault{Reason: rules.BodyEncoding, Err: err}
	}
	if err != nil {
		return &rules.Fault{Reason: rules.BodyMalformed, Err: err}
	}
	r.body = &message
	return nil
}
