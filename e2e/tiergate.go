package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Tiergate is a running `tiergate serve`.
type Tiergate struct {
	*Process
	GRPC   string // host:port that Envoy asks
	Admin  string // host:port
	Config string // its tiergate.yaml

	dir string // where its decision log is
}

// StartTiergate serves config, and returns once it listens. It may not be
// ready yet: see Ready.
func StartTiergate(ctx context.Context, program, name, config string) (*Tiergate, error) {
	return startTiergate(ctx, program, name, filepath.Dir(config), config)
}

// startTiergate lets all that is written go to dir.
func startTiergate(ctx context.Context, program, name, dir, config string) (*Tiergate, error) {
	addresses := filepath.Join(dir, name+".addresses.json")
	if err := os.Remove(addresses); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // those of an earlier run
	}
	p, err := start(name, dir, program, "serve", "-c", config, "--addresses-file", addresses)
	if err != nil {
		return nil, err
	}
	t := &Tiergate{Process: p, Config: config, dir: dir}
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	if err := p.until(ctx, "its addresses", func() (bool, error) { return t.addresses(addresses) }); err != nil {
		p.Kill()
		return nil, err
	}
	return t, nil
}

func (t *Tiergate) addresses(path string) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var a struct {
		GRPC  []string `json:"grpc"`
		Admin string   `json:"admin"`
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return false, err
	}
	if len(a.GRPC) == 0 {
		return false, fmt.Errorf("%s names no gRPC address: %s", path, text)
	}
	t.GRPC, t.Admin = a.GRPC[0], a.Admin
	return true, nil
}

// Ready waits until the server says that it is.
func (t *Tiergate) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	return t.until(ctx, "being ready", func() (bool, error) {
		_, err := get(ctx, "http://"+t.Admin+"/readyz")
		return err == nil, nil
	})
}

// Metrics returns /metrics.
func (t *Tiergate) Metrics(ctx context.Context) (string, error) {
	return get(ctx, "http://"+t.Admin+"/metrics")
}

// Rules returns /rules: what the server decides by.
func (t *Tiergate) Rules(ctx context.Context) (map[string]any, error) {
	text, err := get(ctx, "http://"+t.Admin+"/rules")
	if err != nil {
		return nil, err
	}
	var loaded map[string]any
	return loaded, json.Unmarshal([]byte(text), &loaded)
}
