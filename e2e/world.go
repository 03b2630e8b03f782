package e2e

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tiergate/tiergate/e2e/bank"
	"github.com/tiergate/tiergate/e2e/idp"
	"github.com/tiergate/tiergate/envoy"
)

// Host is the one that the bank's tiergate serves.
const Host = "bank.example.com"

// Gateway says which Envoy a request goes through.
type Gateway struct {
	Profile envoy.Profile
	Before  bool // Envoy's own jwt_authn in tiergate's place
}

func (g Gateway) String() string {
	if g.Before {
		return string(g.Profile) + "-jwt_authn"
	}
	return string(g.Profile)
}

// Gateways are all that the attacks are played through.
var Gateways = []Gateway{
	{envoy.Hardened, true}, {envoy.Base, true}, {envoy.Hardened, false}, {envoy.Base, false},
}

// World is the bank example, running: bank, two identity providers, tiergate
// and the gateways in front.
type World struct {
	Dir      string // everything that the parts write
	Bank     *bank.Bank
	Corp     *idp.Provider
	Acme     *idp.Provider
	CA       *CA
	Tiergate *Tiergate

	gateways map[Gateway]*Envoy
	programs Programs
	example  fs.FS

	mu     sync.Mutex
	leaves map[string]*Leaf // by SAN
}

// Programs are the paths of what a World runs.
type Programs struct{ Tiergate, Envoy string }

// NewWorld starts the parts that stand for the outside: bank, identity
// providers, authority. Close ends all that was ever started in it.
func NewWorld(example fs.FS, programs Programs) (*World, error) {
	dir, err := os.MkdirTemp("", "tiergate-")
	if err != nil {
		return nil, err
	}
	w := &World{Dir: dir, programs: programs, example: example, gateways: map[Gateway]*Envoy{}, leaves: map[string]*Leaf{}}
	if err := w.outside(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) outside() error {
	catalog, err := fs.Sub(w.example, "catalog")
	if err != nil {
		return err
	}
	if w.Bank, err = bank.Start(catalog); err != nil {
		return err
	}
	if w.Corp, err = idp.Start(idp.Options{Name: "corp", Alg: "RS256"}); err != nil {
		return err
	}
	if w.Acme, err = idp.Start(idp.Options{Name: "acme", Alg: "ES256"}); err != nil {
		return err
	}
	w.CA, err = NewCA(w.Dir)
	return err
}

// Patience is how long the laboratory's Envoy waits for tiergate, and tiergate
// gives itself almost as long: a busy machine must not decide how a test ends.
const Patience = 5 * time.Second

// Configure makes a copy of the example under name, wired to this world. It
// drains at once: nothing waits for a tiergate that the laboratory stops.
func (w *World) Configure(name string, edit func(Settings) error) (string, error) {
	return Configure(w.example, filepath.Join(w.Dir, name), func(s Settings) error {
		s["drain"] = map[string]any{"wait": "0s"}
		s["limits"] = map[string]any{"deadline": (Patience * 4 / 5).String()}
		if err := s.Issuer("corp", w.Corp.Issuer(), map[string]any{"discovery": true, "allow_http": true}); err != nil {
			return err
		}
		if err := s.Issuer("acme-idp", w.Acme.Issuer(), map[string]any{"url": w.Acme.JWKSURL(), "allow_http": true}); err != nil {
			return err
		}
		if edit == nil {
			return nil
		}
		return edit(s)
	})
}

// Serve starts tiergate on the example and waits until it is ready.
func (w *World) Serve(ctx context.Context) error {
	config, err := w.Configure("tiergate", Settings.requireKeys)
	if err != nil {
		return err
	}
	if w.Tiergate, err = StartTiergate(ctx, w.programs.Tiergate, "tiergate", config); err != nil {
		return err
	}
	return w.Tiergate.Ready(ctx)
}

// Open starts gateways; those that ask tiergate need Serve first.
func (w *World) Open(ctx context.Context, gateways ...Gateway) error {
	for _, g := range gateways {
		var replicas []string
		if w.Tiergate != nil {
			replicas = []string{w.Tiergate.GRPC}
		}
		o, err := w.Wiring(g, replicas...)
		if err != nil {
			return err
		}
		e, err := StartEnvoy(ctx, w.programs.Envoy, g.String(), w.Dir, o)
		if err != nil {
			return err
		}
		w.gateways[g] = e
	}
	return nil
}

// Wiring returns what a gateway's Envoy is started with.
func (w *World) Wiring(g Gateway, replicas ...string) (envoy.Options, error) {
	server, err := w.leaf(Host)
	if err != nil {
		return envoy.Options{}, err
	}
	o := envoy.Options{
		Profile:  g.Profile,
		Upstream: w.Bank.Addr(),
		Mesh:     &envoy.Mesh{CertFile: server.CertFile, KeyFile: server.KeyFile, ClientCAFile: w.CA.File},
	}
	if g.Profile == envoy.Hardened {
		o.AccessLog = filepath.Join(w.Dir, g.String()+".access.log")
	}
	if g.Before {
		o.JWT = []envoy.Issuer{
			{Name: "corp", Issuer: w.Corp.Issuer(), Audience: []string{Audience}, JWKS: w.Corp.JWKSURL()},
			{Name: "acme-idp", Issuer: w.Acme.Issuer(), Audience: []string{Audience}, JWKS: w.Acme.JWKSURL()},
		}
		return o, nil
	}
	if len(replicas) == 0 {
		return o, fmt.Errorf("gateway %v asks tiergate, and none runs", g)
	}
	o.Tiergate = replicas
	o.Timeout = fmt.Sprintf("%.0fs", Patience.Seconds())
	return o, nil
}

// leaf issues each certificate once.
func (w *World) leaf(san string) (*Leaf, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := w.leaves[san]; l != nil {
		return l, nil
	}
	l, err := w.CA.Issue(san)
	if err != nil {
		return nil, err
	}
	w.leaves[san] = l
	return l, nil
}

// Gateway returns a gateway that Open started, or nil.
func (w *World) Gateway(g Gateway) *Envoy { return w.gateways[g] }

// Send sends r through g: to the plain listener, or as the workload peer to
// the one behind mutual TLS.
func (w *World) Send(ctx context.Context, g Gateway, peer string, r Request) (*Response, error) {
	addr, config, err := w.way(g, peer)
	if err != nil {
		return nil, err
	}
	return Send(ctx, addr, config, r)
}

// Connect opens a connection as Send does.
func (w *World) Connect(ctx context.Context, g Gateway, peer string) (*Connection, error) {
	addr, config, err := w.way(g, peer)
	if err != nil {
		return nil, err
	}
	return Dial(ctx, addr, config)
}

// way is where peer connects to g, and how.
func (w *World) way(g Gateway, peer string) (string, *tls.Config, error) {
	e := w.gateways[g]
	if e == nil {
		return "", nil, fmt.Errorf("gateway %v is not open", g)
	}
	if peer == "" {
		return e.Listener("api"), nil, nil
	}
	leaf, err := w.leaf(peer)
	if err != nil {
		return "", nil, err
	}
	return e.Listener("mesh"), &tls.Config{
		ServerName: Host, RootCAs: w.CA.Pool(), Certificates: []tls.Certificate{leaf.TLS}, MinVersion: tls.VersionTLS12,
	}, nil
}

// Close ends all processes and servers and removes the directory. Where a
// process ended badly, that is the error.
func (w *World) Close() error {
	var errs []error
	for _, e := range w.gateways {
		errs = append(errs, e.Stop())
	}
	if w.Tiergate != nil {
		errs = append(errs, w.Tiergate.Stop())
	}
	for _, p := range []*idp.Provider{w.Corp, w.Acme} {
		if p != nil {
			errs = append(errs, p.Stop())
		}
	}
	if w.Bank != nil {
		errs = append(errs, w.Bank.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(w.Dir))...)
}
