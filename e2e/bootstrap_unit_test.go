package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/envoy"
)

func TestBootstrapIsAsTheOptionsHaveIt(t *testing.T) {
	for _, profile := range []envoy.Profile{envoy.Hardened, envoy.Base} {
		o := envoy.Options{Profile: profile, Admin: "127.0.0.1:0", Listen: "127.0.0.1:0"}
		want, err := envoy.Bootstrap(o)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewBootstrap(envoy.Options{Profile: profile})
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.Text()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ReadBootstrap(want); err != nil {
			t.Error(err)
		} else if text, _ := again.Text(); string(got) != string(text) {
			t.Errorf("%s: got\n%s\nwant\n%s", profile, got, text)
		}
	}
}

func TestBootstrapIsChanged(t *testing.T) {
	b, err := NewBootstrap(envoy.Options{Profile: envoy.Hardened})
	if err != nil {
		t.Fatal(err)
	}
	had := len(b.clusters)
	if err := b.AddCluster("plain", "127.0.0.1:1", false); err != nil {
		t.Fatal(err)
	}
	if err := b.AddCluster("grpc", "127.0.0.1:65535", true); err != nil {
		t.Fatal(err)
	}
	b.Routes["virtual_hosts"] = "ours"
	text, err := b.Text()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Static struct {
			Clusters []struct {
				Name    string         `json:"name"`
				Options map[string]any `json:"typed_extension_protocol_options"`
			} `json:"clusters"`
		} `json:"static_resources"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	added := got.Static.Clusters[had:]
	if len(added) != 2 || added[0].Name != "plain" || added[0].Options != nil || added[1].Name != "grpc" || added[1].Options == nil {
		t.Errorf("added %+v, want plain, and grpc with options", added)
	}
	if !strings.Contains(string(text), `"virtual_hosts":"ours"`) {
		t.Error("the routes were not changed")
	}
}

func TestBootstrapRefuses(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"no JSON":           {"x", "invalid character"},
		"no listener":       {`{"static_resources":{"clusters":[]}}`, "no listener"},
		"no chain":          {`{"static_resources":{"clusters":[],"listeners":[{}]}}`, "no listener"},
		"no routes":         {`{"static_resources":{"clusters":[],"listeners":[{"filter_chains":[{"filters":[{"typed_config":{}}]}]}]}}`, "no listener"},
		"clusters are lost": {`{"static_resources":{"listeners":[{"filter_chains":[{"filters":[{"typed_config":{"route_config":{}}}]}]}]}}`, "no clusters"},
	} {
		if _, err := ReadBootstrap([]byte(row.text)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error is %v, want it to say %q", name, err, row.want)
		}
	}
	b, err := NewBootstrap(envoy.Options{Profile: envoy.Hardened})
	if err != nil {
		t.Fatal(err)
	}
	had := len(b.clusters)
	for name, addr := range map[string]string{"no port": "127.0.0.1", "a port by name": "127.0.0.1:http", "a port too large": "127.0.0.1:70000"} {
		if err := b.AddCluster("a.example.com", addr, false); err == nil || !strings.Contains(err.Error(), "cluster a.example.com") {
			t.Errorf("%s: error is %v, want it to name the cluster", name, err)
		}
	}
	if len(b.clusters) != had {
		t.Error("a cluster was added that was refused")
	}
}
