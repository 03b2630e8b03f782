package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v4"

	"github.com/tiergate/tiergate/resolver"
)

// ReadOpenAPI reads an OpenAPI 3.x or a Swagger 2.0 file, in JSON or YAML. It
// reads nothing but text: a reference into another file is an error, and so is
// what the reader of the format panics on.
func ReadOpenAPI(name string, text []byte) (doc *Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, fmt.Errorf("%s: the specification cannot be read: %v", name, p)
		}
	}()
	tree, text, err := asJSON(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var t *openapi3.T
	switch version, _ := tree["swagger"].(string); {
	case version == "2.0":
		t, err = fromSwagger(text)
	case tree["swagger"] != nil:
		err = fmt.Errorf("swagger is %v, want 2.0", tree["swagger"])
	case tree["openapi"] == nil:
		err = errors.New("neither openapi nor swagger says its version")
	default:
		t, err = loader().LoadFromData(text)
	}
	if err != nil && strings.Contains(err.Error(), "external reference") {
		return nil, fmt.Errorf("%s: %w: bundle it into one file first", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	doc = &Document{Name: baseName(name), Kind: "openapi"}
	if t.Paths == nil {
		return nil, fmt.Errorf("%s: no paths", name)
	}
	var base string
	doc.Host, base = server(t.Servers)
	for i := 1; i < len(t.Servers); i++ {
		if t.Servers[i] == nil {
			continue
		}
		if host, below := server(t.Servers[i:]); host != doc.Host && host != "" || below != base {
			doc.unread = append(doc.unread, Skipped{"server " + t.Servers[i].URL, "lines are for the first server alone"})
		}
	}
	items := t.Paths.Map()
	for _, path := range slices.Sorted(maps.Keys(items)) {
		item, before := items[path], len(doc.Operations)
		for method, op := range operationsOf(item) {
			host, base := servedAt(t, item, op)
			o := operation(method, base+path, item, op)
			if host != "" && host != doc.Host {
				o.Host = host
			}
			doc.Operations = append(doc.Operations, o)
		}
		if item != nil && item.Ref != "" && len(doc.Operations) == before {
			doc.unread = append(doc.unread, Skipped{path, fmt.Sprintf("its $ref %q leads to no operation", item.Ref)})
		}
	}
	doc.propose = (*proposer).rest
	return doc, nil
}

// servedAt is where an operation is served: the servers of the operation itself
// count before its path's, and those before the document's.
func servedAt(t *openapi3.T, item *openapi3.PathItem, op *openapi3.Operation) (host, base string) {
	switch {
	case op.Servers != nil && len(*op.Servers) > 0:
		return server(*op.Servers)
	case len(item.Servers) > 0:
		return server(item.Servers)
	}
	return server(t.Servers)
}

// loader resolves references within one file only.
func loader() *openapi3.Loader {
	l := openapi3.NewLoader()
	l.IsExternalRefsAllowed = false
	return l
}

func fromSwagger(text []byte) (*openapi3.T, error) {
	var two openapi2.T
	if err := json.Unmarshal(text, &two); err != nil {
		return nil, err
	}
	return openapi2conv.ToV3WithLoader(&two, loader(), nil)
}

// asJSON is a file's tree, and the file in JSON.
func asJSON(text []byte) (map[string]any, []byte, error) {
	var tree map[string]any
	if jsonErr := json.Unmarshal(text, &tree); jsonErr == nil {
		return tree, text, nil
	}
	var any3 any
	if err := yaml.Unmarshal(text, &any3); err != nil {
		return nil, nil, err
	}
	tree, ok := plain(any3).(map[string]any)
	if !ok {
		return nil, nil, errors.New("neither a JSON nor a YAML object")
	}
	text, err := json.Marshal(tree)
	return tree, text, err
}

// plain makes YAML's values those that JSON has: keys such as 200 are texts.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case map[any]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[fmt.Sprint(k)] = plain(v[k])
		}
		return out
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}

// server is the host of the first server and the path below which it serves.
func server(all openapi3.Servers) (host, base string) {
	if len(all) == 0 || all[0] == nil {
		return "", ""
	}
	s := all[0]
	text := s.URL
	for name, v := range s.Variables {
		if v != nil {
			text = strings.ReplaceAll(text, "{"+name+"}", v.Default)
		}
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", ""
	}
	host, _ = resolver.CanonicalHost(u.Host) // "" for what is no host, such as a variable without default
	return host, strings.TrimSuffix(u.Path, "/")
}

// methodOrder is the order in which lines of one path are written.
var methodOrder = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

func operationsOf(item *openapi3.PathItem) func(func(string, *openapi3.Operation) bool) {
	return func(yield func(string, *openapi3.Operation) bool) {
		if item == nil {
			return
		}
		ops := item.Operations()
		for _, method := range methodOrder {
			if op := ops[method]; op != nil && !yield(method, op) {
				return
			}
		}
		for _, method := range slices.Sorted(maps.Keys(ops)) {
			if !slices.Contains(methodOrder, method) && ops[method] != nil && !yield(method, ops[method]) {
				return
			}
		}
	}
}
