package scene

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/envoy"
)

// Upstream is the server behind a host.
type Upstream struct {
	Host  string
	Addr  string // host:port
	HTTP2 bool   // it speaks gRPC
}

// gateway starts Envoy by a bootstrap that users have, with a virtual host for each
// upstream. Bodies are buffered everywhere, as the filter's own setting has it.
func (s *Scene) gateway(t testing.TB, program string, profile envoy.Profile, o Options) (*e2e.Envoy, error) {
	if len(o.Upstreams) == 0 {
		return nil, errors.New("scene: no upstreams")
	}
	dir := t.TempDir()
	options := envoy.Options{
		Profile: profile, Upstream: o.Upstreams[0].Addr, Tiergate: []string{s.Tiergate.GRPC},
		Timeout: fmt.Sprintf("%.0fs", e2e.Patience.Seconds()),
	}
	if profile == envoy.Hardened {
		options.AccessLog = filepath.Join(dir, "access.log")
	}
	b, err := e2e.NewBootstrap(options)
	if err != nil {
		return nil, err
	}
	if err := wire(b, o); err != nil {
		return nil, err
	}
	return b.Run(t.Context(), program, string(profile), dir)
}

// wire puts the upstreams in the place of the bootstrap's own virtual hosts, with
// all else as it is.
func wire(b *e2e.Bootstrap, o Options) error {
	if o.Slashes != "" { // what no bootstrap says is left unchanged by Envoy
		b.Manager["path_with_escaped_slashes_action"] = o.Slashes
	}
	var hosts []any
	for _, u := range o.Upstreams {
		if err := b.AddCluster(u.Host, u.Addr, u.HTTP2); err != nil {
			return fmt.Errorf("scene: %w", err)
		}
		hosts = append(hosts, map[string]any{
			"name": u.Host, "domains": []any{u.Host, u.Host + ":*"},
			"routes": []any{map[string]any{"match": map[string]any{"prefix": "/"}, "route": map[string]any{"cluster": u.Host}}},
		})
	}
	b.Routes["virtual_hosts"] = hosts
	return nil
}
