package envoy

import (
	"net/url"
	"strings"
)

// Issuer is a token issuer as Envoy's jwt_authn knows it.
type Issuer struct {
	Name     string
	Issuer   string // iss
	Audience []string
	JWKS     string // URL; https is verified against CAFile
	CAFile   string // empty: the key set is on plain http
}

// jwt puts jwt_authn in tiergate's place: each request needs a token of one of
// the issuers, for its audience, unexpired and rightly signed. That is all that
// a gateway without object rules can ask.
func (e *edit) jwt(issuers []Issuer) {
	if issuers == nil {
		return
	}
	filter, _ := e.manager("http_filters", "envoy.filters.http.ext_authz").(map[string]any)
	resources, _ := e.at("static_resources").(map[string]any)
	if e.err != nil {
		return
	}
	var clusters []any
	for _, c := range resources["clusters"].([]any) {
		if c.(map[string]any)["name"] != "tiergate" {
			clusters = append(clusters, c)
		}
	}
	providers, oneOf := map[string]any{}, []any{}
	for _, issuer := range issuers {
		cluster, err := keyCluster(issuer)
		if err != nil {
			e.err = err
			return
		}
		clusters = append(clusters, cluster)
		providers[issuer.Name] = map[string]any{
			"issuer":    issuer.Issuer,
			"audiences": issuer.Audience,
			"forward":   true,
			"remote_jwks": map[string]any{
				"http_uri":       map[string]any{"uri": issuer.JWKS, "cluster": cluster["name"], "timeout": "5s"},
				"cache_duration": "300s",
				"async_fetch":    map[string]any{},
			},
		}
		oneOf = append(oneOf, map[string]any{"provider_name": issuer.Name})
	}
	resources["clusters"] = clusters
	filter["name"] = "envoy.filters.http.jwt_authn"
	filter["typed_config"] = map[string]any{
		"@type":     "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
		"providers": providers,
		"rules": []any{
			map[string]any{"match": map[string]any{"path": "/healthz"}},
			map[string]any{
				"match":    map[string]any{"prefix": "/"},
				"requires": map[string]any{"requires_any": map[string]any{"requirements": oneOf}},
			},
		},
	}
	e.dropPerRoute()
}

// dropPerRoute removes ext_authz's settings from the routes: Envoy refuses
// settings of a filter that it does not run.
func (e *edit) dropPerRoute() {
	routes, _ := e.manager("route_config", "virtual_hosts", "api", "routes").([]any)
	for _, r := range routes {
		if route, ok := r.(map[string]any); ok {
			delete(route, "typed_per_filter_config")
		}
	}
}

// keyCluster is the cluster from which Envoy fetches an issuer's keys.
func keyCluster(issuer Issuer) (map[string]any, error) {
	u, err := url.Parse(issuer.JWKS)
	if err != nil {
		return nil, err
	}
	a, err := address(u.Host)
	if err != nil {
		return nil, err
	}
	name := "keys-" + issuer.Name
	cluster := map[string]any{
		"name":            name,
		"type":            "STATIC",
		"connect_timeout": "1s",
		"load_assignment": map[string]any{
			"cluster_name": name,
			"endpoints":    []any{map[string]any{"lb_endpoints": []any{map[string]any{"endpoint": map[string]any{"address": a}}}}},
		},
	}
	if strings.HasPrefix(issuer.JWKS, "https:") {
		cluster["transport_socket"] = map[string]any{
			"name": "envoy.transport_sockets.tls",
			"typed_config": map[string]any{
				"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
				"common_tls_context": map[string]any{
					"validation_context": map[string]any{"trusted_ca": file(issuer.CAFile)},
				},
			},
		}
	}
	return cluster, nil
}
