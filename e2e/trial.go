package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/tiergate/tiergate/e2e/idp"
	"github.com/tiergate/tiergate/envoy"
)

// Trial is a user's own configuration behind a real Envoy, all on loopback: the
// laboratory plays its identity providers and its API. Rules and catalogs are the
// user's files, which are read anew when they change. What is written goes to Dir.
type Trial struct {
	Dir      string
	Config   string // the user's
	Tiergate *Tiergate
	Envoy    *Envoy

	programs  Programs
	echo      *Echo
	providers map[string]*idp.Provider // by iss
	beside    string                   // the configuration that is served, in the folder of the user's
}

// StartTrial starts all of it and waits until tiergate is ready.
func StartTrial(ctx context.Context, config string, programs Programs) (*Trial, error) {
	dir, err := os.MkdirTemp("", "tiergate-try-")
	if err != nil {
		return nil, err
	}
	t := &Trial{Dir: dir, Config: config, programs: programs, providers: map[string]*idp.Provider{}}
	if err := t.start(ctx); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

func (t *Trial) start(ctx context.Context) error {
	settings, err := readSettings(t.Config)
	if err != nil {
		return err
	}
	if err := settings.tryOut(t.Dir, t.provider); err != nil {
		return fmt.Errorf("%s: %w", t.Config, err)
	}
	if err := t.write(settings); err != nil {
		return err
	}
	if t.echo, err = StartEcho(); err != nil {
		return err
	}
	if t.Tiergate, err = startTiergate(ctx, t.programs.Tiergate, "tiergate", t.Dir, t.beside); err != nil {
		return err
	}
	if err := t.Tiergate.Ready(ctx); err != nil {
		return err
	}
	routes, err := t.run(ctx, "envoy", "routes", "-c", t.beside)
	if err != nil {
		return err
	}
	return t.gateway(ctx, settings, routes)
}

// provider signs for an issuer of the configuration.
func (t *Trial) provider(issuer map[string]any) (*idp.Provider, error) {
	alg, err := signedWith(issuer)
	if err != nil {
		return nil, err
	}
	p, err := idp.Start(idp.Options{Name: fmt.Sprint(issuer["name"]), Alg: alg})
	if err != nil {
		return nil, err
	}
	t.providers[fmt.Sprint(issuer["issuer"])] = p
	return p, nil
}

// write puts the configuration beside the user's own, because relative paths
// begin there.
func (t *Trial) write(settings Settings) error {
	text, err := yaml.Dump(map[string]any(settings))
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(filepath.Dir(t.Config))
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".tiergate-try-*.yaml")
	if err != nil {
		return err
	}
	t.beside = f.Name()
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// gateway starts Envoy with the hardened bootstrap and the routes that the map
// lines ask for.
func (t *Trial) gateway(ctx context.Context, settings Settings, routes []byte) error {
	var written map[string]any
	if err := yaml.Load(routes, &written); err != nil {
		return fmt.Errorf("what envoy routes writes: %w", err)
	}
	b, err := NewBootstrap(envoy.Options{
		Profile: envoy.Hardened, Upstream: t.echo.Addr(), Tiergate: []string{t.Tiergate.GRPC}, Managed: settings.managed(),
		Timeout: fmt.Sprintf("%.0fs", Patience.Seconds()), AccessLog: filepath.Join(t.Dir, "access.log"),
	})
	if err != nil {
		return err
	}
	b.Routes["virtual_hosts"] = written["virtual_hosts"]
	t.Envoy, err = b.Run(ctx, t.programs.Envoy, "envoy", t.Dir)
	return err
}

// run runs a verb of tiergate and returns what it prints.
func (t *Trial) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.programs.Tiergate, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("tiergate %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return out, nil
}

// Token returns a token of an hour for an identity of the rules: for a class of
// callers with a subject. Further claims are written as name=value.
func (t *Trial) Token(ctx context.Context, identity, subject string, claims []string) (string, error) {
	args := []string{"token", "claims", "-c", t.beside, "--as", identity}
	if subject != "" {
		args = append(args, "--subject", subject)
	}
	for _, c := range claims {
		args = append(args, "--claim", c)
	}
	text, err := t.run(ctx, args...)
	if err != nil {
		return "", err
	}
	var all idp.Claims
	if err := json.Unmarshal(text, &all); err != nil {
		return "", err
	}
	p := t.providers[fmt.Sprint(all["iss"])]
	if p == nil {
		return "", fmt.Errorf("the laboratory has no key of the issuer of %q", identity)
	}
	return p.Token(all)
}

// Close ends all processes and servers and removes what they wrote.
func (t *Trial) Close() error {
	var errs []error
	if t.Envoy != nil {
		errs = append(errs, t.Envoy.Stop())
	}
	if t.Tiergate != nil {
		errs = append(errs, t.Tiergate.Stop())
	}
	for _, p := range t.providers {
		errs = append(errs, p.Stop())
	}
	if t.echo != nil {
		errs = append(errs, t.echo.Close())
	}
	if t.beside != "" {
		errs = append(errs, os.Remove(t.beside))
	}
	return errors.Join(append(errs, os.RemoveAll(t.Dir))...)
}
