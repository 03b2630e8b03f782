package main

import (
	"encoding/json"
	"slices"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// What names mean, in words of which nothing depends on the names themselves: a
// revocation keeps them, and is held against them when names change.

// issuersMean says what the names of issuers stand for: the iss of their tokens,
// or the trust domain of their SVIDs.
func (c *config) issuersMean() map[string]string {
	all := make(map[string]string, len(c.Issuers))
	for i := range c.Issuers {
		x := &c.Issuers[i]
		if all[x.Name.V] = x.Issuer.V; x.Issuer.V == "" {
			all[x.Name.V] = "trust domain " + x.TrustDomain.V
		}
	}
	return all
}

// identitiesMean says what the names of identities stand for: their match, with
// what its issuer's name stands for.
func (c *config) identitiesMean(p *policy.Policy) map[string]string {
	issuers := c.issuersMean()
	all := make(map[string]string, len(p.Set().Identities()))
	for _, id := range p.Set().Identities() {
		all[id.Name] = identityMeans(id, issuers[id.Issuer])
	}
	return all
}

func identityMeans(id *rules.Identity, issuer string) string {
	match := struct {
		Issuer   string   `json:"issuer,omitempty"`
		Subject  string   `json:"subject,omitempty"`
		Clients  []string `json:"client,omitempty"`
		Workload string   `json:"workload,omitempty"`
		Peer     string   `json:"peer,omitempty"`
	}{issuer, id.Subject, slices.Sorted(slices.Values(id.Clients)), id.Workload, id.Peer}
	text, _ := json.Marshal(match) //nolint:errchkjson // texts alone
	return string(text)
}
