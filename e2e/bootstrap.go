package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/tiergate/tiergate/envoy"
)

// Bootstrap is one of Envoy that is changed before it runs, where envoy.Options
// has no word for the change.
type Bootstrap struct {
	Manager map[string]any // the HTTP connection manager of the listener "api"
	Routes  map[string]any // its route_config

	root, resources map[string]any
	clusters        []any
}

// NewBootstrap is what o describes, on free ports and without the mesh's listener.
func NewBootstrap(o envoy.Options) (*Bootstrap, error) {
	o.Admin, o.Listen, o.Mesh = "127.0.0.1:0", "127.0.0.1:0", nil
	text, err := envoy.Bootstrap(o)
	if err != nil {
		return nil, err
	}
	return ReadBootstrap(text)
}

// ReadBootstrap reads one in JSON; its first listener is that of the API.
func ReadBootstrap(text []byte) (*Bootstrap, error) {
	b := new(Bootstrap)
	if err := json.Unmarshal(text, &b.root); err != nil {
		return nil, fmt.Errorf("bootstrap: %w", err)
	}
	b.resources, _ = b.root["static_resources"].(map[string]any)
	b.clusters, _ = b.resources["clusters"].([]any)
	b.Manager = first(first(first(b.resources, "listeners"), "filter_chains"), "filters")
	b.Manager, _ = b.Manager["typed_config"].(map[string]any)
	b.Routes, _ = b.Manager["route_config"].(map[string]any)
	if b.Routes == nil || b.clusters == nil {
		return nil, errors.New("bootstrap: no listener with a manager and its routes, or no clusters")
	}
	return b, nil
}

// first is the first of a list in m, nil where there is none.
func first(m map[string]any, list string) map[string]any {
	all, _ := m[list].([]any)
	if len(all) == 0 {
		return nil
	}
	one, _ := all[0].(map[string]any)
	return one
}

// AddCluster adds a server at addr, host:port, for routes to name. With http2 it
// speaks gRPC.
func (b *Bootstrap) AddCluster(name, addr string, http2 bool) error {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("cluster %s: %w", name, err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return fmt.Errorf("cluster %s: %w", name, err)
	}
	address := map[string]any{"socket_address": map[string]any{"address": host, "port_value": port}}
	cluster := map[string]any{"name": name, "type": "STATIC", "connect_timeout": "5s", "load_assignment": map[string]any{
		"cluster_name": name,
		"endpoints":    []any{map[string]any{"lb_endpoints": []any{map[string]any{"endpoint": map[string]any{"address": address}}}}},
	}}
	if http2 {
		cluster["typed_extension_protocol_options"] = map[string]any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": map[string]any{
			"@type":                "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
			"explicit_http_config": map[string]any{"http2_protocol_options": map[string]any{}},
		}}
	}
	b.clusters = append(b.clusters, cluster)
	b.resources["clusters"] = b.clusters
	return nil
}

// Text is the bootstrap in JSON.
func (b *Bootstrap) Text() ([]byte, error) { return json.Marshal(b.root) }

// Run runs program with it. name tells several apart; files go to dir.
func (b *Bootstrap) Run(ctx context.Context, program, name, dir string) (*Envoy, error) {
	text, err := b.Text()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name+".json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	return RunEnvoy(ctx, program, name, dir, path)
}
