package main

import (
	"time"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// loadPartial loads rules directories alone: what needs issuers, sources or
// managed headers is left unchecked, and the policy says so.
func loadPartial(dirs []string) (*policy.Policy, *rules.Source, error) {
	opened, err := policy.OpenDirs(dirs)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = opened.Close() }()
	cache, err := catalog.New(catalog.Options{Sources: map[string]catalog.Source{}})
	if err != nil {
		return nil, nil, err
	}
	return policy.Load(opened, policy.Options{
		Catalog: cache,
		Env:     rules.Env{Partial: true, Now: time.Now()},
		Resolve: resolver.Options{MaxBody: defaultBody},
	})
}
