package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// Target is where traffic goes. Send sends the request of number i, and reports
// whether it was allowed.
type Target interface {
	Send(ctx context.Context, i int) (allowed bool, err error)
	Close()
}

// grpcTarget asks a Check server over a few connections, as the workers of an
// Envoy do. Requests are encoded once, answers are looked at only as far as the
// verdict: a costly client would steal from the server it measures.
type grpcTarget struct {
	conns    []*grpc.ClientConn
	messages []raw
}

type raw []byte

// GRPC opens connections to a Check server at addr, host:port.
func GRPC(addr string, connections int, requests []Request) (Target, error) {
	t := &grpcTarget{}
	for i := range requests {
		m, err := requests[i].encode(i)
		if err != nil {
			return nil, err
		}
		t.messages = append(t.messages, m)
	}
	for range connections {
		c, err := grpc.NewClient(addr,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{})))
		if err != nil {
			t.Close()
			return nil, fmt.Errorf("load: %w", err)
		}
		t.conns = append(t.conns, c)
	}
	return t, nil
}

// timeout is longer than any proxy's: a busy machine must not cut what is measured.
const timeout = 5 * time.Second

func (t *grpcTarget) Send(ctx context.Context, i int) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var answer raw
	err := t.conns[i%len(t.conns)].Invoke(ctx, authv3.Authorization_Check_FullMethodName, &t.messages[i], &answer)
	return err == nil && allows(answer), err
}

func (t *grpcTarget) Close() {
	for _, c := range t.conns {
		c.Close() //nolint:errcheck // best effort on the way out
	}
}

// allows reads the status code of a CheckResponse: 0, or none, allows.
func allows(message []byte) bool {
	status := field(message, 1)
	for len(status) > 0 {
		number, kind, n := protowire.ConsumeTag(status)
		if n < 0 {
			return false
		}
		if number == 1 && kind == protowire.VarintType {
			code, _ := protowire.ConsumeVarint(status[n:])
			return code == 0
		}
		size := protowire.ConsumeFieldValue(number, kind, status[n:])
		if size < 0 {
			return false
		}
		status = status[n+size:]
	}
	return true
}

// field is the content of the first length-delimited field of that number.
func field(message []byte, want protowire.Number) []byte {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil
		}
		size := protowire.ConsumeFieldValue(number, kind, message[n:])
		if size < 0 {
			return nil
		}
		if number == want && kind == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(message[n:])
			return content
		}
		message = message[n+size:]
	}
	return nil
}

// rawCodec passes encoded messages through.
type rawCodec struct{}

var _ encoding.CodecV2 = rawCodec{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*raw))}, nil //nolint:forcetypeassert // only ours come here
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*raw) = data.Materialize() //nolint:forcetypeassert // only ours come here
	return nil
}

// httpTarget sends requests through a proxy.
type httpTarget struct {
	base     string
	client   *http.Client
	requests []Request
}

// HTTP sends requests to the proxy at base, such as http://127.0.0.1:8080.
func HTTP(base string, connections int, requests []Request) Target {
	return &httpTarget{base: base, requests: requests, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true},
		Timeout:   5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the answer is what we measure
		},
	}}
}

func (t *httpTarget) Send(ctx context.Context, i int) (bool, error) {
	req, err := t.requests[i].http(t.base)
	if err != nil {
		return false, err
	}
	resp, err := t.client.Do(req.WithContext(ctx))
	if err != nil {
		return false, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return false, err
	}
	if resp.StatusCode >= 500 {
		return false, fmt.Errorf("status %d", resp.StatusCode)
	}
	return resp.StatusCode < 400, nil
}

func (t *httpTarget) Close() { t.client.CloseIdleConnections() }
