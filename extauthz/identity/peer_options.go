package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spiffe/go-spiffe/v2/workloadapi"

	"github.com/tiergate/tiergate/rules"
)

// PeerOptions say which workloads are believed to be one, and by what.
type PeerOptions struct {
	TrustDomains       []string // whose SPIFFE IDs are peers; empty for any
	RequireCertificate bool     // a principal without its certificate is no peer

	// Where there are bundles, only their trust domains count, and a peer's
	// certificate must come along and be vouched for.
	Bundles     map[string]string // trust domain -> file: PEM, or a SPIFFE bundle
	WorkloadAPI string            // unix:///path of an agent that has more; "" for none
	Required    bool              // not ready before each of these had authorities once

	// Via are proxies, by SPIFFE ID, between the callers and the proxy that asks:
	// their x-forwarded-client-cert says who the peer is.
	Via []string
}

// check reports every fault.
func (p *PeerOptions) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("identity: peer: "+format, args...)) }
	for _, domain := range p.TrustDomains {
		if !rules.ValidTrustDomain(domain) {
			bad("trust domain %q is not one: lower-case letters, digits, dots, dashes and underscores", domain)
		} else if len(p.Bundles) > 0 && p.Bundles[domain] == "" && p.WorkloadAPI == "" {
			bad("trust domain %q has no bundle, so none of its workloads would be a peer", domain)
		}
	}
	for _, domain := range slices.Sorted(maps.Keys(p.Bundles)) {
		switch {
		case !rules.ValidTrustDomain(domain):
			bad("a bundle is of trust domain %q, which is not one: lower-case letters, digits, dots, dashes and underscores", domain)
		case p.Bundles[domain] == "":
			bad("the bundle of %q has no file", domain)
		case len(p.TrustDomains) > 0 && !slices.Contains(p.TrustDomains, domain):
			bad("there is a bundle of %q, which is not among the trust domains %q", domain, p.TrustDomains)
		}
	}
	if p.WorkloadAPI != "" {
		if err := checkWorkloadAPI(p.WorkloadAPI); err != nil {
			bad("%w", err)
		}
	}
	if p.Required && len(p.Bundles) == 0 && p.WorkloadAPI == "" {
		bad("bundles are required, and none is configured")
	}
	for _, id := range p.Via {
		switch domain, ok := rules.TrustDomain(id); {
		case !ok:
			bad("via has %q, which is no SPIFFE ID that a proxy can have", id)
		case len(p.TrustDomains) > 0 && !slices.Contains(p.TrustDomains, domain):
			bad("via has %q, which is not of the trust domains %q", id, p.TrustDomains)
		case len(p.Bundles) > 0 && p.Bundles[domain] == "" && p.WorkloadAPI == "":
			bad("via has %q, and trust domain %q has no bundle", id, domain)
		}
	}
	return errors.Join(errs...)
}

// checkWorkloadAPI wants a socket on this machine: who answers there says whom we
// trust, and the protocol itself proves nothing.
func checkWorkloadAPI(address string) error {
	if !strings.HasPrefix(address, "unix:///") {
		return fmt.Errorf("workload_api is %q, want unix:///path", address)
	}
	if err := workloadapi.ValidateAddress(address); err != nil {
		return fmt.Errorf("workload_api is %q: %w", address, err)
	}
	return nil
}
