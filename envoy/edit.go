package envoy

import "fmt"

// edit changes a parsed bootstrap. The first edit that finds no place is kept
// in err, and later ones do nothing.
type edit struct {
	root map[string]any
	err  error
}

func (e *edit) addresses(o Options) {
	if o.Admin != "" {
		e.set(o.Admin, "admin")
	}
	if o.Listen != "" {
		e.set(o.Listen, "static_resources", "listeners", "api")
	}
	if o.Upstream != "" {
		e.endpoints("api", []string{o.Upstream})
	}
	if o.Tiergate != nil {
		e.endpoints("tiergate", o.Tiergate)
	}
}

// set puts an address into the mapping at path.
func (e *edit) set(addr string, path ...any) {
	at, ok := e.at(path...).(map[string]any)
	if !ok {
		return
	}
	at["address"], e.err = address(addr)
}

func (e *edit) endpoints(cluster string, addrs []string) {
	load, ok := e.at("static_resources", "clusters", cluster, "load_assignment").(map[string]any)
	if !ok {
		return
	}
	var endpoints []any
	for _, addr := range addrs {
		a, err := address(addr)
		if err != nil {
			e.err = err
			return
		}
		endpoints = append(endpoints, map[string]any{"endpoint": map[string]any{"address": a}})
	}
	load["endpoints"] = []any{map[string]any{"lb_endpoints": endpoints}}
}

// manager is where the HTTP connection manager of the listener "api" stands.
var manager = []any{"static_resources", "listeners", "api", "filter_chains", 0, "filters", 0, "typed_config"}

func (e *edit) manager(path ...any) any {
	return e.at(append(manager[:len(manager):len(manager)], path...)...)
}

// strip replaces the managed headers in the early header mutation, which stand
// in the last of its extensions.
func (e *edit) strip(managed []string) {
	if managed == nil {
		return
	}
	extensions, ok := e.manager("early_header_mutation_extensions").([]any)
	if !ok {
		return
	}
	config, ok := e.manager("early_header_mutation_extensions", len(extensions)-1, "typed_config").(map[string]any)
	if !ok {
		return
	}
	mutations := []any{
		map[string]any{"remove_on_match": map[string]any{"key_matcher": map[string]any{"prefix": "x-tiergate-", "ignore_case": true}}},
	}
	for _, name := range managed {
		mutations = append(mutations, map[string]any{"remove": name})
	}
	config["mutations"] = mutations
}

// bodies replaces the routes that buffer: all but the last, which does not.
func (e *edit) bodies(wanted []Bodies) {
	if wanted == nil {
		return
	}
	host, ok := e.manager("route_config", "virtual_hosts", "api").(map[string]any)
	if !ok {
		return
	}
	routes, _ := host["routes"].([]any)
	if len(routes) < 2 {
		e.fail("the virtual host api has %d routes, want one that buffers and one that does not", len(routes))
		return
	}
	buffers, ok := routes[0].(map[string]any)
	if !ok {
		e.fail("a route of the virtual host api is %v, want a mapping", routes[0])
		return
	}
	var next []any
	for _, b := range wanted {
		next = append(next, map[string]any{
			"match": map[string]any{
				"safe_regex": map[string]any{"regex": b.Path},
				"headers":    []any{map[string]any{"name": ":method", "string_match": map[string]any{"safe_regex": map[string]any{"regex": b.Method}}}},
			},
			"route": buffers["route"],
		})
	}
	host["routes"] = append(next, routes[len(routes)-1])
}

// timeout replaces how long Envoy waits for tiergate.
func (e *edit) timeout(d string) {
	if d == "" {
		return
	}
	if service, ok := e.manager("http_filters", "envoy.filters.http.ext_authz", "typed_config", "grpc_service").(map[string]any); ok {
		service["timeout"] = d
	}
}

// accessLog turns the stdout logger into one that writes to a file.
func (e *edit) accessLog(path string) {
	if path == "" {
		return
	}
	log, ok := e.manager("access_log", 0).(map[string]any)
	if !ok {
		return
	}
	config, ok := log["typed_config"].(map[string]any)
	if !ok {
		e.fail("the access log has no typed_config")
		return
	}
	log["name"] = "envoy.access_loggers.file"
	config["@type"] = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"
	config["path"] = path
}

// at walks from the root: a string is a mapping's key or, in a sequence, the
// element of that name; an int is an index.
func (e *edit) at(path ...any) any {
	if e.err != nil {
		return nil
	}
	var node any = e.root
	for i, step := range path {
		next, ok := child(node, step)
		if !ok {
			e.fail("nothing stands at %v", path[:i+1])
			return nil
		}
		node = next
	}
	return node
}

func child(node, step any) (any, bool) {
	switch step := step.(type) {
	case int:
		list, ok := node.([]any)
		if !ok || step >= len(list) {
			return nil, false
		}
		return list[step], true
	case string:
		if mapping, ok := node.(map[string]any); ok {
			next, ok := mapping[step]
			return next, ok
		}
		list, _ := node.([]any)
		for _, element := range list {
			if m, ok := element.(map[string]any); ok && m["name"] == step {
				return m, true
			}
		}
	}
	return nil, false
}

func (e *edit) fail(format string, args ...any) {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
}
