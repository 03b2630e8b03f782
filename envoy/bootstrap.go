package envoy

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

//go:embed hardened.yaml
var hardened []byte

//go:embed base.yaml
var base []byte

// Profile names one of the bootstraps.
type Profile string

// The bootstraps.
const (
	Hardened Profile = "hardened" // hardened.yaml, for users
	Base     Profile = "base"     // base.yaml, as lax as Istio's default
)

// Source returns the profile's file as users copy it.
func (p Profile) Source() ([]byte, error) {
	switch p {
	case Hardened:
		return hardened, nil
	case Base:
		return base, nil
	}
	return nil, fmt.Errorf("envoy: no profile %q, want %q or %q", string(p), Hardened, Base)
}

// Options are a user's edits. A zero field leaves the file as it is.
type Options struct {
	Profile   Profile  // required
	Admin     string   // host:port
	Listen    string   // host:port of the listener "api"
	Upstream  string   // host:port of the API
	Tiergate  []string // host:port or unix:/path, one per replica
	Managed   []string // headers to strip before all filters, besides x-tiergate-*; not nil replaces the file's (hardened only)
	Bodies    []Bodies // where bodies are buffered; not nil replaces the file's routes (hardened only)
	Timeout   string   // how long Envoy waits for an answer, such as 0.25s
	AccessLog string   // file to write the access log to, instead of stdout (hardened only)

	// Link asks tiergate over mutual TLS.
	Link *Link
	// Mesh adds a second listener, "mesh", like "api" but behind mutual TLS.
	Mesh *Mesh
	// JWT asks Envoy's own jwt_authn instead of tiergate: a valid token passes.
	JWT []Issuer
}

// Bodies names requests whose bodies are buffered for tiergate. Both are
// regular expressions (RE2) over the whole method and the whole path.
type Bodies struct{ Method, Path string }

// Bootstrap returns the profile's file with the edits made, as JSON, which
// Envoy reads from a file whose name ends in .json. An edit that finds no
// place in the file is an error.
func Bootstrap(o Options) ([]byte, error) {
	source, err := o.Profile.Source()
	if err != nil {
		return nil, err
	}
	root, err := parse(source)
	if err != nil {
		return nil, fmt.Errorf("envoy: %s.yaml: %w", o.Profile, err)
	}
	e := &edit{root: root}
	e.addresses(o)
	e.strip(o.Managed)
	e.bodies(o.Bodies)
	e.timeout(o.Timeout)
	e.accessLog(o.AccessLog)
	e.link(o.Link)
	e.jwt(o.JWT)
	e.mesh(o.Mesh) // last: it copies the listener
	if e.err != nil {
		return nil, fmt.Errorf("envoy: %s.yaml: %w", o.Profile, e.err)
	}
	return json.MarshalIndent(root, "", " ")
}

func parse(source []byte) (map[string]any, error) {
	var root map[string]any
	if err := yaml.Load(source, &root); err != nil {
		return nil, err
	}
	return root, nil
}

// address returns Envoy's form of host:port or unix:/path.
func address(s string) (map[string]any, error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return map[string]any{"pipe": map[string]any{"path": path}}, nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", s, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("address %q: port %q is not a number from 0 to 65535", s, port)
	}
	return map[string]any{"socket_address": map[string]any{"address": host, "port_value": number}}, nil
}
