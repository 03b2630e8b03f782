package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tiergate/tiergate/envoy"
)

// StartTimeout is how long a process may take until it is ready.
const StartTimeout = 30 * time.Second

// Envoy is a running Envoy.
type Envoy struct {
	*Process
	Admin     string            // host:port
	listeners map[string]string // host:port by name
}

// StartEnvoy runs program with the bootstrap that o describes, on free ports.
// name tells several apart; files go to dir.
func StartEnvoy(ctx context.Context, program, name, dir string, o envoy.Options) (*Envoy, error) {
	o.Admin, o.Listen = "127.0.0.1:0", "127.0.0.1:0"
	if o.Mesh != nil {
		mesh := *o.Mesh
		mesh.Listen = "127.0.0.1:0"
		o.Mesh = &mesh
	}
	config, err := writeBootstrap(name, dir, o)
	if err != nil {
		return nil, err
	}
	return RunEnvoy(ctx, program, name, dir, config)
}

// RunEnvoy runs program with a bootstrap that listens on free ports.
func RunEnvoy(ctx context.Context, program, name, dir, config string) (*Envoy, error) {
	adminFile := filepath.Join(dir, name+".admin")
	p, err := start(name, dir, program, "-c", config, "--admin-address-path", adminFile,
		"--disable-hot-restart", "--concurrency", "2", "--log-level", "warning", "--drain-time-s", "1")
	if err != nil {
		return nil, err
	}
	e := &Envoy{Process: p}
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	if err := e.ready(ctx, adminFile); err != nil {
		p.Kill()
		return nil, err
	}
	return e, nil
}

// ValidateBootstrap asks program whether it would load what o describes.
func ValidateBootstrap(ctx context.Context, program, dir string, o envoy.Options) error {
	config, err := writeBootstrap("validate", dir, o)
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, program, "--mode", "validate", "--log-level", "warning", "-c", config).CombinedOutput(); err != nil {
		return fmt.Errorf("envoy --mode validate: %w\n%s", err, out)
	}
	return nil
}

func writeBootstrap(name, dir string, o envoy.Options) (string, error) {
	text, err := envoy.Bootstrap(o)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name+".json")
	return path, os.WriteFile(path, text, 0o600)
}

// Listener returns the host:port of the listener "api" or "mesh".
func (e *Envoy) Listener(name string) string { return e.listeners[name] }

// Stats returns Envoy's counters whose names contain filter, one a line.
func (e *Envoy) Stats(ctx context.Context, filter string) (string, error) {
	return get(ctx, "http://"+e.Admin+"/stats?usedonly&filter="+filter)
}

func (e *Envoy) ready(ctx context.Context, adminFile string) error {
	err := e.until(ctx, "its admin address", func() (bool, error) {
		text, err := os.ReadFile(adminFile)
		if err != nil || len(text) == 0 {
			return false, nil //nolint:nilerr // not written yet
		}
		e.Admin = strings.TrimSpace(string(text))
		return true, nil
	})
	if err != nil {
		return err
	}
	err = e.until(ctx, "being live", func() (bool, error) {
		_, err := get(ctx, "http://"+e.Admin+"/ready")
		return err == nil, nil
	})
	if err != nil {
		return err
	}
	text, err := get(ctx, "http://"+e.Admin+"/listeners?format=json")
	if err != nil {
		return err
	}
	e.listeners, err = listenersOf(text)
	return err
}

func listenersOf(text string) (map[string]string, error) {
	var list struct {
		Statuses []struct {
			Name  string `json:"name"`
			Local struct {
				Socket struct {
					Address string `json:"address"`
					Port    int    `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("envoy: list of listeners: %w", err)
	}
	found := map[string]string{}
	for _, l := range list.Statuses {
		found[l.Name] = fmt.Sprintf("%s:%d", l.Local.Socket.Address, l.Local.Socket.Port)
	}
	return found, nil
}

// get returns the body of a 200 answer.
func get(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	return string(body), nil
}
