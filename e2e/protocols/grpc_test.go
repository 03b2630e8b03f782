//go:build e2e

package protocols

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/tiergate/tiergate/e2e/scene"
)

// A unary gRPC call over HTTP/2 without TLS, on both sides of Envoy.
// A message with one text is the same on the wire whatever it is called, so that
// a StringValue stands for each.
func TestGRPCThroughEnvoy(t *testing.T) {
	s := &seen{}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		in := &wrapperspb.StringValue{}
		if err := stream.RecvMsg(in); err != nil {
			return err
		}
		s.add(in.Value)
		return stream.SendMsg(in)
	}))
	world := start(t, "grpc.example.com", scene.ServeGRPC(t, server), true, nil)
	conn, err := grpc.NewClient(world.Gateway(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("grpc.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+world.Token(t, "tickets", "ada"))
	p := pair{"T-50", "T-51"}
	for id, want := range map[string]codes.Code{p.own: codes.OK, p.foreign: codes.PermissionDenied} {
		var out wrapperspb.StringValue
		err := conn.Invoke(ctx, "/tickets.v1.Tickets/GetTicket", wrapperspb.String(id), &out)
		if got := status.Code(err); got != want {
			t.Errorf("%s: got %v, want %v", id, err, want)
		}
	}
	p.decided(t, world, s.all())
}
