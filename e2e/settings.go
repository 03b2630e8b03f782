package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"
)

// Settings is a tiergate.yaml as a tree.
type Settings map[string]any

// Configure copies an example into dir, which it makes, lets edit change the
// settings, and returns the path of the tiergate.yaml. The copy listens on
// free ports.
func Configure(example fs.FS, dir string, edit func(Settings) error) (string, error) {
	if err := os.CopyFS(dir, example); err != nil {
		return "", fmt.Errorf("copy the example: %w", err)
	}
	path := filepath.Join(dir, "tiergate.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var tree map[string]any // not Settings: mappings below would be Settings too
	if err := yaml.Load(text, &tree); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	settings := Settings(tree)
	if err := settings.listenOnFreePorts(); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if err := edit(settings); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	text, err = yaml.Dump(tree)
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, text, 0o600)
}

func (s Settings) listenOnFreePorts() error {
	listen, _ := s["listen"].(map[string]any)
	grpc, _ := listen["grpc"].([]any)
	if len(grpc) == 0 {
		return errors.New("no listen.grpc")
	}
	for _, l := range grpc {
		listener, ok := l.(map[string]any)
		if !ok {
			return fmt.Errorf("listen.grpc has %v, want mappings", l)
		}
		listener["address"] = "127.0.0.1:0"
	}
	listen["admin"] = "127.0.0.1:0"
	return nil
}

// Issuer points the issuer of that name at another provider.
func (s Settings) Issuer(name, issuer string, jwks map[string]any) error {
	issuers, _ := s["issuers"].([]any)
	for _, i := range issuers {
		if m, ok := i.(map[string]any); ok && m["name"] == name {
			m["issuer"], m["jwks"] = issuer, jwks
			return nil
		}
	}
	return fmt.Errorf("no issuer %q", name)
}

// requireKeys makes the server ready only once it has the keys of all issuers.
func (s Settings) requireKeys() error {
	issuers, _ := s["issuers"].([]any)
	for _, i := range issuers {
		m, ok := i.(map[string]any)
		if !ok {
			return fmt.Errorf("issuers has %v, want mappings", i)
		}
		m["required"] = true
	}
	return nil
}
