package scene

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/idp"
	"github.com/tiergate/tiergate/envoy"
)

// Options say what runs.
type Options struct {
	Root      string            // of the module, as the test sees it
	Example   fs.FS             // a tiergate.yaml, whose issuer is "corp", and what it names
	Files     map[string][]byte // more files of the copy, by path
	Edit      func(e2e.Settings) error
	Upstreams []Upstream
	Slashes   string // how Envoy reads %2F in a path, such as KEEP_UNCHANGED; "" is the bootstrap's way
	Lax       bool   // a second Envoy, by the bootstrap as lax as Istio's
}

// Scene is what runs.
type Scene struct {
	Dir      string // of the copy
	Tiergate *e2e.Tiergate
	Envoy    *e2e.Envoy
	Lax      *e2e.Envoy // or nil
	Corp     *idp.Provider
}

// Start runs everything until the test ends.
func Start(t testing.TB, o Options) *Scene {
	t.Helper()
	s := &Scene{Dir: filepath.Join(t.TempDir(), "copy")}
	var tiergate, proxy string
	var config string
	steps := []func() error{
		func() (err error) { tiergate, err = e2e.FindTiergate(t.Context(), o.Root, t.TempDir()); return err },
		func() (err error) { proxy, err = e2e.FindEnvoy(t.Context()); return err },
		func() (err error) { s.Corp, err = idp.Start(idp.Options{Name: "corp", Alg: "ES256"}); return err },
		func() (err error) { config, err = s.configure(o); return err },
		func() (err error) {
			s.Tiergate, err = e2e.StartTiergate(t.Context(), tiergate, "tiergate", config)
			return err
		},
		func() error { return s.Tiergate.Ready(t.Context()) },
		func() (err error) { s.Envoy, err = s.gateway(t, proxy, envoy.Hardened, o); return err },
	}
	if o.Lax {
		steps = append(steps, func() (err error) { s.Lax, err = s.gateway(t, proxy, envoy.Base, o); return err })
	}
	t.Cleanup(func() { s.stop(t) })
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// Gateway is the host:port that clients connect to.
func (s *Scene) Gateway() string { return s.Envoy.Listener("api") }

// Token is a credential of that subject, from the client web.
func (s *Scene) Token(t testing.TB, audience, subject string) string {
	t.Helper()
	token, err := s.Corp.Token(idp.Claims{"aud": audience, "sub": subject, "client_id": "web"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (s *Scene) configure(o Options) (string, error) {
	return e2e.Configure(o.Example, s.Dir, func(settings e2e.Settings) error {
		for name, text := range o.Files {
			path := filepath.Join(s.Dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				return err
			}
		}
		settings["drain"] = map[string]any{"wait": "0s"}
		settings["limits"] = map[string]any{"deadline": (e2e.Patience * 4 / 5).String()}
		keys := map[string]any{"url": s.Corp.JWKSURL(), "allow_http": true}
		if err := settings.Issuer("corp", s.Corp.Issuer(), keys); err != nil || o.Edit == nil {
			return err
		}
		return o.Edit(settings)
	})
}

func (s *Scene) stop(t testing.TB) {
	var errs []error
	for _, e := range []*e2e.Envoy{s.Envoy, s.Lax} {
		if e != nil {
			errs = append(errs, e.Stop())
		}
	}
	if s.Tiergate != nil {
		if t.Failed() {
			t.Logf("tiergate said:\n%s", s.Tiergate.Log())
		}
		errs = append(errs, s.Tiergate.Stop())
	}
	if s.Corp != nil {
		errs = append(errs, s.Corp.Stop())
	}
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}
