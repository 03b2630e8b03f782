package e2e

import (
	"context"
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Checker asks tiergate straight over gRPC, as Envoy would.
type Checker struct {
	conn   *grpc.ClientConn
	client authv3.AuthorizationClient
}

// NewChecker returns a Checker that asks addr, host:port.
func NewChecker(addr string) (*Checker, error) {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	return &Checker{conn: conn, client: authv3.NewAuthorizationClient(conn)}, nil
}

// Close closes the connection.
func (c *Checker) Close() error { return c.conn.Close() }

// Answer is a CheckResponse in short.
type Answer struct {
	Allowed  bool
	Status   int               // 200 for an allow
	Decision string            // the id, or "" where none came back
	Set      map[string]string // headers for the upstream
}

// Check asks about r as sent by peer, a SPIFFE id or "". A gRPC error is an
// error: tiergate answers every question.
func (c *Checker) Check(ctx context.Context, peer string, r Request) (Answer, error) {
	resp, err := c.client.Check(ctx, question(peer, r))
	if err != nil {
		return Answer{}, fmt.Errorf("check %s %s: %w", r.Method, r.Target, err)
	}
	if denied := resp.GetDeniedResponse(); resp.GetStatus().GetCode() != 0 {
		return Answer{Status: int(denied.GetStatus().GetCode()), Decision: values(denied.GetHeaders())[decisionKey]}, nil
	}
	set := values(resp.GetOkResponse().GetHeaders())
	return Answer{Allowed: true, Status: 200, Decision: set[decisionKey], Set: set}, nil
}

var decisionKey = strings.ToLower(DecisionHeader)

func values(headers []*corev3.HeaderValueOption) map[string]string {
	all := map[string]string{}
	for _, h := range headers {
		all[strings.ToLower(h.GetHeader().GetKey())] = h.GetHeader().GetValue()
	}
	return all
}

// question is the CheckRequest that the hardened bootstrap sends for r.
func question(peer string, r Request) *authv3.CheckRequest {
	headers := []*corev3.HeaderValue{
		{Key: ":method", RawValue: []byte(r.Method)},
		{Key: ":path", RawValue: []byte(r.Target)},
		{Key: ":authority", RawValue: []byte(r.Host)},
		{Key: ":scheme", RawValue: []byte("http")},
	}
	for _, line := range r.Header {
		key, value, _ := strings.Cut(line, ": ")
		headers = append(headers, &corev3.HeaderValue{Key: strings.ToLower(key), RawValue: []byte(value)})
	}
	if r.Body != "" {
		headers = append(headers,
			&corev3.HeaderValue{Key: "content-type", RawValue: []byte("application/json")},
			&corev3.HeaderValue{Key: "content-length", RawValue: fmt.Append(nil, len(r.Body))},
			&corev3.HeaderValue{Key: "x-envoy-auth-partial-body", RawValue: []byte("false")})
	}
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source: &authv3.AttributeContext_Peer{
			Address:   socket("127.0.0.1", 40000),
			Principal: peer,
		},
		Request: &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{
			Id: "1", Method: r.Method, Path: r.Target, Host: r.Host, Scheme: "http", Protocol: "HTTP/1.1",
			HeaderMap: &corev3.HeaderMap{Headers: headers},
			RawBody:   []byte(r.Body), Size: int64(len(r.Body)),
		}},
	}}
}

func socket(address string, port uint32) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: address, PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: port},
	}}}
}
