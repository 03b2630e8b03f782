package main

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// dpopConfig says what proofs of possession must be.
type dpopConfig struct {
	Pos        rules.Pos
	Nonce      rules.At[string]        `yaml:"nonce"`
	MaxAge     rules.At[time.Duration] `yaml:"max_age"`
	Algorithms rules.Strings           `yaml:"algorithms"`
}

// checkBinding checks what an issuer's tokens must be bound to. The ranges are
// identity's to know: it is asked.
func (i *issuerConfig) checkBinding(ms *rules.Mistakes) {
	if r := i.RequireBound; r.Pos != (rules.Pos{}) && !slices.Contains(identity.Bindings(), r.V) {
		ms.AddHint(r.Pos, "one of "+strings.Join(identity.Bindings(), ", "), "unknown value %q", r.V)
	}
	if i.DPoP == nil {
		return
	}
	if err := i.proofs().Check(); err != nil {
		ms.Add(i.DPoP.Pos, "%v", err)
	}
	if a := i.DPoP.MaxAge; a.Pos != (rules.Pos{}) && a.V == 0 {
		ms.Add(a.Pos, "dpop.max_age is more than 0")
	}
}

// proofs is the section as identity has it, nil where the issuer has none.
func (i *issuerConfig) proofs() *identity.DPoPConfig {
	if i.DPoP == nil {
		return nil
	}
	return &identity.DPoPConfig{Nonce: i.DPoP.Nonce.V, MaxAge: i.DPoP.MaxAge.V, Algorithms: i.DPoP.Algorithms.Values()}
}

// checkOrigins checks the URLs by which clients know us.
func (c *config) checkOrigins(ms *rules.Mistakes) {
	for _, e := range c.Origins {
		serves := func(l grpcListen) bool { return rules.NewHostSet(l.Serves.Values()...).Has(e.Key) }
		if host, ok := resolver.CanonicalHost(e.Key); !ok || host != e.Key || !slices.ContainsFunc(c.Listen.GRPC, serves) {
			ms.AddHint(e.Pos, "the key is a host as a listener serves it", "no listener serves %q", e.Key)
		}
		if _, err := identity.NormalOrigin(e.V.V); err != nil {
			ms.AddHint(e.V.Pos, "such as https://"+e.Key+":8443, without a path", "no origin %q: %v", e.V.V, err)
		}
	}
	m := c.ResourceMetadata
	if m.Pos == (rules.Pos{}) {
		return
	}
	u, err := url.Parse(m.V)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || u.String() != m.V {
		ms.AddHint(m.Pos, "https://host/.well-known/oauth-protected-resource", "resource_metadata %q is no https URL", m.V)
	}
}

// origins are those of the configuration, by host.
func (c *config) origins() map[string]string {
	out := make(map[string]string, len(c.Origins))
	for _, e := range c.Origins {
		out[e.Key] = e.V.V
	}
	return out
}
