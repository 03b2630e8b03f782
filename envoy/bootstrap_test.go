package envoy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// render returns the bootstrap as a tree.
func render(t *testing.T, o Options) *edit {
	t.Helper()
	text, err := Bootstrap(o)
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	return &edit{root: root}
}

func (e *edit) want(t *testing.T, want any, path ...any) {
	t.Helper()
	if got := e.at(path...); got != want {
		t.Errorf("%v is %v, want %v (%v)", path, got, want, e.err)
	}
}

func TestBootstrapSetsAddresses(t *testing.T) {
	for _, profile := range []Profile{Hardened, Base} {
		t.Run(string(profile), func(t *testing.T) {
			e := render(t, Options{
				Profile: profile, Admin: "127.0.0.1:0", Listen: "127.0.0.2:81", Upstream: "127.0.0.3:82",
				Tiergate: []string{"127.0.0.4:83", "unix:/run/tiergate.sock"},
			})
			socket := []any{"address", "socket_address"}
			e.want(t, 0.0, append([]any{"admin"}, append(socket, "port_value")...)...)
			e.want(t, 81.0, append([]any{"static_resources", "listeners", "api"}, append(socket, "port_value")...)...)
			upstream := []any{"static_resources", "clusters", "api", "load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint"}
			e.want(t, "127.0.0.3", append(upstream, append(socket, "address")...)...)
			replicas := []any{"static_resources", "clusters", "tiergate", "load_assignment", "endpoints", 0, "lb_endpoints"}
			e.want(t, 83.0, append(replicas, append([]any{0, "endpoint"}, append(socket, "port_value")...)...)...)
			e.want(t, "/run/tiergate.sock", append(replicas, 1, "endpoint", "address", "pipe", "path")...)
		})
	}
}

// No edit weakens the filter: with every edit made it is the file's, word for word.
func TestBootstrapKeepsTheFilter(t *testing.T) {
	for _, profile := range []Profile{Hardened, Base} {
		t.Run(string(profile), func(t *testing.T) {
			o := Options{Profile: profile}
			plain := render(t, o)
			o.Admin, o.Listen, o.Upstream, o.Tiergate = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:1", []string{"127.0.0.1:2"}
			o.Mesh = &Mesh{Listen: "127.0.0.1:0", CertFile: "c", KeyFile: "k", ClientCAFile: "ca"}
			edited := render(t, o)
			want := text(t, plain.manager("http_filters"))
			if got := text(t, edited.manager("http_filters")); got != want {
				t.Errorf("filters changed:\n got %s\nwant %s", got, want)
			}
			mesh := edited.at("static_resources", "listeners", "mesh", "filter_chains", 0, "filters", 0, "typed_config", "http_filters")
			if got := text(t, mesh); got != want {
				t.Errorf("the mesh listener's filters differ:\n got %s\nwant %s", got, want)
			}
			edited.want(t, true, "static_resources", "listeners", "mesh", "filter_chains", 0, "transport_socket", "typed_config", "require_client_certificate")
		})
	}
}

func text(t *testing.T, node any) string {
	t.Helper()
	b, err := json.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHardenedIsHard(t *testing.T) {
	e := render(t, Options{Profile: Hardened})
	for _, row := range []struct {
		want any
		path []any
	}{
		{true, []any{"normalize_path"}},
		{true, []any{"merge_slashes"}},
		{true, []any{"strip_trailing_host_dot"}},
		{true, []any{"use_remote_address"}},
		{"REJECT_REQUEST", []any{"path_with_escaped_slashes_action"}},
		{"REJECT_REQUEST", []any{"common_http_protocol_options", "headers_with_underscores_action"}},
	} {
		if got := e.manager(row.path...); got != row.want {
			t.Errorf("%v is %v, want %v", row.path, got, row.want)
		}
	}
	authz := []any{"http_filters", 0, "typed_config"}
	for _, row := range []struct {
		want any
		path []any
	}{
		{false, []any{"failure_mode_allow"}},
		{"ServiceUnavailable", []any{"status_on_error", "code"}},
		{true, []any{"encode_raw_headers"}},
		{true, []any{"validate_mutations"}},
		{true, []any{"include_peer_certificate"}},
		{true, []any{"include_tls_session"}},
		{true, []any{"decoder_header_mutation_rules", "allow_envoy"}},
		{1.0, []any{"grpc_service", "retry_policy", "num_retries"}},
	} {
		if got := e.manager(append(authz[:3:3], row.path...)...); got != row.want {
			t.Errorf("ext_authz %v is %v, want %v", row.path, got, row.want)
		}
	}
	cluster := []any{"static_resources", "clusters", "tiergate"}
	e.want(t, "", append(cluster[:3:3], "health_checks", 0, "grpc_health_check", "service_name")...)
	e.want(t, 0.0, append(cluster[:3:3], "common_lb_config", "healthy_panic_threshold", "value")...)
}

// A header that tiergate removes from every request it allows never gets as far
// as tiergate either.
func TestHardenedStripsWhatOnlyAProxySays(t *testing.T) {
	mutations, _ := render(t, Options{Profile: Hardened}).manager("early_header_mutation_extensions", 0, "typed_config", "mutations").([]any)
	var got []string
	for _, m := range mutations {
		remove, _ := m.(map[string]any)["remove"].(string)
		got = append(got, remove)
	}
	want := append([]string{"x-envoy-auth-failure-mode-allowed", "x-envoy-auth-partial-body"}, rules.PathHints()...)
	if !slices.Equal(got, want) {
		t.Errorf("hardened.yaml removes %q, want %q", got, want)
	}
}

func TestStripAndBodiesReplaceTheFiles(t *testing.T) {
	e := render(t, Options{
		Profile: Hardened,
		Managed: []string{"x-mine"},
		Bodies:  []Bodies{{Method: "POST", Path: "/a"}, {Method: "PUT|PATCH", Path: "/b/[^/]+"}},
	})
	if got, want := text(t, e.manager("early_header_mutation_extensions", 1, "typed_config", "mutations")),
		`[{"remove_on_match":{"key_matcher":{"ignore_case":true,"prefix":"x-tiergate-"}}},{"remove":"x-mine"}]`; got != want {
		t.Errorf("mutations of managed headers are %s, want %s", got, want)
	}
	before := render(t, Options{Profile: Hardened}).manager("early_header_mutation_extensions", 0)
	if got, want := text(t, e.manager("early_header_mutation_extensions", 0)), text(t, before); got != want {
		t.Errorf("the other mutations are %s, want those of the file, %s", got, want)
	}
	routes, _ := e.manager("route_config", "virtual_hosts", "api", "routes").([]any)
	if len(routes) != 3 {
		t.Fatalf("%d routes, want two that buffer and the last one", len(routes))
	}
	const off = "disable_request_body_buffering"
	if got := text(t, routes[1]); !strings.Contains(got, `"/b/[^/]+"`) || strings.Contains(got, off) {
		t.Errorf("route 1 is %s, want /b/[^/]+ to buffer", got)
	}
	if got := text(t, routes[2]); !strings.Contains(got, off) {
		t.Errorf("the last route is %s, want no buffering", got)
	}
}

func TestTimeout(t *testing.T) {
	for _, profile := range []Profile{Hardened, Base} {
		e := render(t, Options{Profile: profile, Timeout: "5s"})
		if got := e.manager("http_filters", 0, "typed_config", "grpc_service", "timeout"); got != "5s" {
			t.Errorf("%s: the timeout is %v, want 5s", profile, got)
		}
	}
}

func TestJWTTakesTiergatesPlace(t *testing.T) {
	for _, profile := range []Profile{Hardened, Base} {
		t.Run(string(profile), func(t *testing.T) {
			text, err := Bootstrap(Options{Profile: profile, JWT: []Issuer{
				{Name: "corp", Issuer: "https://corp", Audience: []string{"bank"}, JWKS: "https://127.0.0.1:1/jwks.json", CAFile: "ca.pem"},
				{Name: "acme", Issuer: "http://acme", Audience: []string{"bank"}, JWKS: "http://127.0.0.1:2/jwks.json"},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if s := string(text); strings.Contains(s, "ext_authz.v3") || strings.Contains(s, `"tiergate"`) {
				t.Errorf("tiergate is still in the bootstrap:\n%s", s)
			}
		})
	}
}

func TestLinkIsMutualTLS(t *testing.T) {
	e := render(t, Options{Profile: Hardened, Link: &Link{CertFile: "c", KeyFile: "k", CAFile: "ca", Name: "tiergate.example"}})
	config := []any{"static_resources", "clusters", "tiergate", "transport_socket", "typed_config"}
	e.want(t, "tiergate.example", append(config[:5:5], "sni")...)
	context := slices.Concat(config, []any{"common_tls_context"})
	e.want(t, "c", append(context[:6:6], "tls_certificates", 0, "certificate_chain", "filename")...)
	e.want(t, "ca", append(context[:6:6], "validation_context", "trusted_ca", "filename")...)
	e.want(t, "tiergate.example", append(context[:6:6], "validation_context", "match_typed_subject_alt_names", 0, "matcher", "exact")...)
}

func TestBootstrapRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		o    Options
		want string
	}{
		{"no profile", Options{}, `no profile ""`},
		{"no port", Options{Profile: Hardened, Listen: "127.0.0.1"}, "missing port"},
		{"port by name", Options{Profile: Hardened, Upstream: "127.0.0.1:http"}, `port "http" is not a number`},
		{"port too large", Options{Profile: Hardened, Tiergate: []string{"127.0.0.1:70000"}}, "70000"},
		{"strip in base", Options{Profile: Base, Managed: []string{"x"}}, "nothing stands at"},
		{"bodies in base", Options{Profile: Base, Bodies: []Bodies{{"POST", "/"}}}, "1 routes"},
		{"access log in base", Options{Profile: Base, AccessLog: "/tmp/x"}, "nothing stands at"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := Bootstrap(row.o)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error is %v, want it to say %q", err, row.want)
			}
		})
	}
}
