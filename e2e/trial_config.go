package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/tiergate/tiergate/e2e/idp"
)

// readSettings reads a user's tiergate.yaml.
func readSettings(path string) (Settings, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var tree map[string]any // not Settings: mappings below would be Settings too
	if err := yaml.Load(text, &tree); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tree, nil
}

// tryOut changes what a trial must not share with the server of that
// configuration: addresses, keys, and all that is written. dir takes the latter:
// keys of the laboratory in a real state_dir would be believed by a real server.
func (s Settings) tryOut(dir string, keys func(issuer map[string]any) (*idp.Provider, error)) error {
	serves, err := s.serves()
	if err != nil {
		return err
	}
	s["listen"] = map[string]any{"grpc": []any{map[string]any{"address": "127.0.0.1:0", "serves": serves}}, "admin": "127.0.0.1:0"}
	s["state_dir"] = filepath.Join(dir, "state")
	audit, _ := s["audit"].(map[string]any)
	if audit == nil {
		audit = map[string]any{}
	}
	audit["file"] = filepath.Join(dir, decisionLog)
	s["audit"] = audit
	delete(s, "control") // its socket may be a running server's
	s["drain"] = map[string]any{"wait": "0s"}
	limits, _ := s["limits"].(map[string]any)
	if limits == nil {
		limits = map[string]any{}
	}
	limits["deadline"] = (Patience * 4 / 5).String()
	s["limits"] = limits
	issuers, _ := s["issuers"].([]any)
	for _, i := range issuers {
		issuer, ok := i.(map[string]any)
		if !ok {
			return fmt.Errorf("issuers has %v, want mappings", i)
		}
		if _, ok := issuer["issuer"].(string); !ok {
			continue // a trust domain's: its tokens are no provider's to sign
		}
		provider, err := keys(issuer)
		if err != nil {
			return err
		}
		issuer["jwks"] = map[string]any{"url": provider.JWKSURL(), "allow_http": true}
		issuer["required"] = true
	}
	return nil
}

// serves are the hosts of all listeners.
func (s Settings) serves() ([]any, error) {
	listen, _ := s["listen"].(map[string]any)
	grpc, _ := listen["grpc"].([]any)
	var all []any
	for _, l := range grpc {
		listener, _ := l.(map[string]any)
		switch hosts := listener["serves"].(type) {
		case string:
			all = append(all, hosts)
		case []any:
			all = append(all, hosts...)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no listener in listen.grpc says which hosts it serves")
	}
	return all, nil
}

// managed are the headers that only tiergate may set.
func (s Settings) managed() []string {
	headers, _ := s["headers"].(map[string]any)
	list, _ := headers["managed"].([]any)
	names := []string{}
	for _, n := range list {
		if name, ok := n.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

// signedWith is the algorithm of an issuer's list that the laboratory signs with.
func signedWith(issuer map[string]any) (string, error) {
	list, ok := issuer["algorithms"].([]any)
	if !ok {
		return "RS256", nil
	}
	for _, alg := range list {
		if name, ok := alg.(string); ok && slices.Contains(idp.Algorithms, name) {
			return name, nil
		}
	}
	return "", fmt.Errorf("issuer %v: the laboratory signs with %v, and it allows %v", issuer["name"], idp.Algorithms, list)
}
