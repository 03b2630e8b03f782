package load

import (
	"context"
	"net"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
)

// alwaysYes is what ext_authz costs at least in stock grpc-go: the generated
// service, no options, one constant answer.
type alwaysYes struct {
	authv3.UnimplementedAuthorizationServer
}

var yes = &authv3.CheckResponse{
	Status:       &rpcstatus.Status{},
	HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{}},
}

func (alwaysYes) Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return yes, nil
}

// ServeAlwaysYes answers every Check with yes until ctx ends.
func ServeAlwaysYes(ctx context.Context, l net.Listener) error {
	s := grpc.NewServer()
	authv3.RegisterAuthorizationServer(s, alwaysYes{})
	stop := context.AfterFunc(ctx, s.Stop)
	defer stop()
	return s.Serve(l)
}
