package scene

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
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
		Profile: profile, Admin: "127.0.0.1:0", Listen: "127.0.0.1:0", Upstream: o.Upstreams[0].Addr, Tiergate: []string{s.Tiergate.GRPC},
		Timeout: fmt.Sprintf("%.0fs", e2e.Patience.Seconds()),
	}
	if profile == envoy.Hardened {
		options.AccessLog = filepath.Join(dir, "access.log")
	}
	text, err := envoy.Bootstrap(options)
	if err != nil {
		return nil, err
	}
	if text, err = wire(text, o); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "envoy.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	return e2e.RunEnvoy(t.Context(), program, string(profile), dir, path)
}

// bootstrap is what is edited of an Envoy's bootstrap, with all else as it is.
type bootstrap struct {
	root     map[string]any
	manager  map[string]any
	clusters []any
}

func wire(text []byte, o Options) ([]byte, error) {
	var b bootstrap
	if err := json.Unmarshal(text, &b.root); err != nil {
		return nil, err
	}
	listeners, _ := at(b.root, "static_resources", "listeners").([]any)
	b.clusters, _ = at(b.root, "static_resources", "clusters").([]any)
	b.manager, _ = at(listeners, 0, "filter_chains", 0, "filters", 0, "typed_config").(map[string]any)
	if b.manager == nil || b.clusters == nil {
		return nil, errors.New("scene: the bootstrap has no listener with a manager, or no clusters")
	}
	if o.Slashes != "" { // what no bootstrap says is left unchanged by Envoy
		b.manager["path_with_escaped_slashes_action"] = o.Slashes
	}
	var hosts []any
	for _, u := range o.Upstreams {
		cluster, err := clusterOf(u)
		if err != nil {
			return nil, err
		}
		b.clusters = append(b.clusters, cluster)
		hosts = append(hosts, map[string]any{
			"name": u.Host, "domains": []any{u.Host, u.Host + ":*"},
			"routes": []any{map[string]any{"match": map[string]any{"prefix": "/"}, "route": map[string]any{"cluster": u.Host}}},
		})
	}
	b.manager["route_config"] = map[string]any{"name": "api", "virtual_hosts": hosts}
	b.root["static_resources"].(map[string]any)["clusters"] = b.clusters //nolint:forcetypeassert // clusters were found in it
	return json.Marshal(b.root)
}

func at(node any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := node.(map[string]any)
			node = m[step]
		case int:
			list, _ := node.([]any)
			if step >= len(list) {
				return nil
			}
			node = list[step]
		}
	}
	return node
}

func clusterOf(u Upstream) (map[string]any, error) {
	host, text, err := net.SplitHostPort(u.Addr)
	if err != nil {
		return nil, fmt.Errorf("scene: upstream %s: %w", u.Host, err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("scene: upstream %s: %w", u.Host, err)
	}
	address := map[string]any{"socket_address": map[string]any{"address": host, "port_value": port}}
	cluster := map[string]any{"name": u.Host, "type": "STATIC", "connect_timeout": "5s", "load_assignment": map[string]any{
		"cluster_name": u.Host,
		"endpoints":    []any{map[string]any{"lb_endpoints": []any{map[string]any{"endpoint": map[string]any{"address": address}}}}},
	}}
	if u.HTTP2 {
		cluster["typed_extension_protocol_options"] = map[string]any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": map[string]any{
			"@type":                "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
			"explicit_http_config": map[string]any{"http2_protocol_options": map[string]any{}},
		}}
	}
	return cluster, nil
}
