package scene

import (
	"net"
	"testing"

	"google.golang.org/grpc"
)

// ServeGRPC serves until the test ends, and returns the address.
func ServeGRPC(t testing.TB, server *grpc.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Stop
	}()
	t.Cleanup(func() { server.Stop(); <-done })
	return listener.Addr().String()
}
