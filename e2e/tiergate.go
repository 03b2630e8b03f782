package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Tiergate is a running `tiergate serve`.
type Tiergate struct {
	*Process
	GRPC   string // host:port that Envoy asks
	Admin  string // host:port
	Config string // its tiergate.yaml
}

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

// StartTiergate serves config, and returns once it listens. It may not be
// ready yet: see Ready.
func StartTiergate(ctx context.Context, program, name, config string) (*Tiergate, error) {
	dir := filepath.Dir(config)
	addresses := filepath.Join(dir, name+".addresses.json")
	if err := os.Remove(addresses); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // those of an earlier run
	}
	p, err := start(name, dir, program, "serve", "-c", config, "--addresses-file", addresses)
	if err != nil {
		return nil, err
	}
	t := &Tiergate{Process: p, Config: config}
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

// Decision is what the laboratory reads of a decision record.
type Decision struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Effect  string    `json:"effect"`
	Status  int       `json:"status"`
	Reason  string    `json:"reason"`
	Detail  string    `json:"detail"`
	Targets []struct {
		Action string `json:"action"`
		Type   string `json:"type"`
		ID     string `json:"id"`
		Tier   string `json:"tier"`
		Effect string `json:"effect"`
		Reason string `json:"reason"`
		Rule   string `json:"rule"`
	} `json:"targets"`
}

// Why is what decided: the rule that allows or denies, or the reason of a
// denial by no rule.
func (d *Decision) Why() string {
	if d.Effect == "allow" || d.Reason == "denied_by_rule" {
		for _, t := range d.Targets {
			if t.Rule != "" && t.Effect == d.Effect {
				return t.Rule
			}
		}
	}
	return d.Reason
}

// Decision waits for the record of that id in the decision log: records are
// written behind the answers.
func (t *Tiergate) Decision(ctx context.Context, id string) (*Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	var found *Decision
	err := t.until(ctx, "the record of decision "+id, func() (bool, error) {
		all, err := t.Decisions()
		if err != nil {
			return false, err
		}
		found = all[id]
		return found != nil, nil
	})
	return found, err
}

// DecisionLog is the path of the decision log.
func (t *Tiergate) DecisionLog() string {
	return filepath.Join(filepath.Dir(t.Config), "decisions.jsonl")
}

// Decisions reads all whole records of the decision log, by id.
func (t *Tiergate) Decisions() (map[string]*Decision, error) {
	file, err := os.Open(t.DecisionLog())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	all := map[string]*Decision{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d Decision
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			break // the last line, half written
		}
		if d.ID != "" {
			all[d.ID] = &d
		}
	}
	return all, lines.Err()
}

// DecisionHeader carries the decision's id to the upstream and to the client.
const DecisionHeader = "X-Tiergate-Decision"

// decisionID returns the id that came back with an answer, or "".
func decisionID(h http.Header) string { return strings.TrimSpace(h.Get(DecisionHeader)) }
