package extauthz

import (
	"context"
	"math"
	"net"
	"runtime"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"

	"github.com/tiergate/tiergate/rules"
)

const serviceName = "envoy.service.auth.v3.Authorization"

// endpoint is one listener with a gRPC server of its own: what it serves and who
// may call differ from the next one's.
type endpoint struct {
	s        *Server
	serves   *rules.HostSet
	listener net.Listener
	server   *grpc.Server
	tls      *tlsFiles // nil for plaintext
}

func (s *Server) newEndpoint(l *Listener) (*endpoint, error) {
	e := &endpoint{s: s, serves: rules.NewHostSet(l.Serves...)}
	options := s.serverOptions()
	if l.TLS != nil {
		files, err := openTLS(l.TLS)
		if err != nil {
			return nil, err
		}
		e.tls = files
		options = append(options, grpc.Creds(credentials.NewTLS(files.config())))
	}
	bound, err := listen(l.Address)
	if err != nil {
		return nil, err
	}
	e.listener = &gate{Listener: bound, limit: int64(s.o.Limits.Connections), metrics: s.o.Metrics}
	e.server = grpc.NewServer(options...)
	e.server.RegisterService(&service, e)
	grpc_health_v1.RegisterHealthServer(e.server, s.health)
	return e, nil
}

// overLimit is how far beyond Limits.Message a message may go and still be
// answered 413. What is larger, grpc-go ends with an error before the handler,
// and a proxy that fails open makes an allow of it.
const overLimit = 8

// serverOptions sets every limit: those that grpc-go leaves open are its users'
// to close.
func (s *Server) serverOptions() []grpc.ServerOption {
	l := &s.o.Limits
	return []grpc.ServerOption{
		grpc.MaxConcurrentStreams(l.Streams),
		grpc.MaxHeaderListSize(l.HeaderList),
		grpc.MaxRecvMsgSize(overLimit * l.Message),
		grpc.MaxSendMsgSize(math.MaxInt32), // answers are bounded where they are made
		grpc.ForceServerCodecV2(newCodec()),
		grpc.ConnectionTimeout(l.Handshake),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge:      l.ConnectionAge,
			MaxConnectionAgeGrace: l.ConnectionWait,
			Time:                  time.Minute,
			Timeout:               10 * time.Second,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: l.PingInterval, PermitWithoutStream: true}),
		grpc.NumStreamWorkers(uint32(runtime.GOMAXPROCS(0))), //nolint:gosec // they keep a grown stack; Checks beyond them get a goroutine each
		grpc.ReadBufferSize(32 << 10),
		grpc.WriteBufferSize(32 << 10),
	}
}

func (e *endpoint) serve() error { return e.server.Serve(e.listener) }

// service is the Authorization service with a handler of our own, which denies a
// message that it cannot read.
var service = grpc.ServiceDesc{
	ServiceName: serviceName,
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Check",
		Handler: func(srv any, ctx context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			e := srv.(*endpoint)
			in := newCall()
			if err := read(in); err != nil {
				return nil, err // never: the codec takes any message
			}
			return e.s.check(ctx, in, e.serves), nil
		},
	}},
	Metadata: "envoy/service/auth/v3/external_auth.proto",
}
