package scene

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/envoy"
)

// Of the bootstrap that users copy only hosts, clusters and the reading of encoded
// slashes change: whatever asks tiergate stays.
func TestWireKeepsTheBootstrap(t *testing.T) {
	for _, profile := range []envoy.Profile{envoy.Hardened, envoy.Base} {
		b, err := e2e.NewBootstrap(envoy.Options{Profile: profile})
		if err != nil {
			t.Fatal(err)
		}
		err = wire(b, Options{Slashes: "KEEP_UNCHANGED", Upstreams: []Upstream{{Host: "a.example.com", Addr: "127.0.0.1:1"}, {Host: "b.example.com", Addr: "127.0.0.1:2", HTTP2: true}}})
		if err != nil {
			t.Fatal(err)
		}
		text, err := b.Text()
		if err != nil {
			t.Fatal(err)
		}
		var root map[string]any
		if err := json.Unmarshal(text, &root); err != nil {
			t.Fatal(err)
		}
		manager := at(root, "static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config")
		filter := at(manager, "http_filters", 0, "typed_config")
		for _, row := range []struct {
			name string
			got  any
			want any
		}{
			{"it fails closed", at(filter, "failure_mode_allow"), false},
			{"it buffers whole bodies", at(filter, "with_request_body", "allow_partial_message"), false},
			{"paths are normalised", at(manager, "normalize_path"), true},
			{"slashes", at(manager, "path_with_escaped_slashes_action"), "KEEP_UNCHANGED"},
			{"the first host", at(manager, "route_config", "virtual_hosts", 0, "domains", 0), "a.example.com"},
			{"the second host's cluster", at(manager, "route_config", "virtual_hosts", 1, "routes", 0, "route", "cluster"), "b.example.com"},
		} {
			if row.got != row.want {
				t.Errorf("%s, %s: got %v, want %v", profile, row.name, row.got, row.want)
			}
		}
		if n := strings.Count(string(text), "ExtAuthzPerRoute"); n != 0 {
			t.Errorf("%s: %d routes do not buffer, want none", profile, n)
		}
	}
}

func TestWireRefuses(t *testing.T) {
	b, err := e2e.NewBootstrap(envoy.Options{Profile: envoy.Hardened})
	if err != nil {
		t.Fatal(err)
	}
	err = wire(b, Options{Upstreams: []Upstream{{Host: "a.example.com", Addr: "127.0.0.1"}}})
	if err == nil || !strings.Contains(err.Error(), "cluster a.example.com") {
		t.Errorf("an upstream without a port: %v, want an error that names it", err)
	}
}

// at goes into what JSON was read as; nil where there is no such thing.
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
