package identity

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"
)

// trust has the bundles of trust domains: each in a file of its own, or from the
// Workload API. A file wins, for somebody wrote it on purpose.
type trust struct {
	files map[string]*bundleFile // by trust domain
	api   *workloadAPI           // nil for none
}

// newTrust returns nil where nothing is configured: then the proxy alone is
// believed. Files are read at once.
func newTrust(o *Options) *trust {
	p := &o.Peers
	if len(p.Bundles) == 0 && p.WorkloadAPI == "" {
		return nil
	}
	t := &trust{files: make(map[string]*bundleFile, len(p.Bundles))}
	for domain, path := range p.Bundles {
		f := &bundleFile{domain: domain, path: path, log: o.Log}
		f.refresh()
		t.files[domain] = f
	}
	if p.WorkloadAPI != "" {
		t.api = &workloadAPI{address: p.WorkloadAPI, log: o.Log}
	}
	return t
}

// of returns who vouches for a trust domain's workloads, nil for nobody.
func (t *trust) of(domain string) *authorities {
	if f, ok := t.files[domain]; ok {
		return f.current.Load()
	}
	if t.api != nil {
		return t.api.of(domain)
	}
	return nil
}

// run keeps the bundles fresh until ctx ends.
func (t *trust) run(ctx context.Context) error {
	if t == nil {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	for domain, f := range t.files {
		g.Go(guard("bundle of trust domain "+domain, func() error { return f.run(ctx) }))
	}
	if t.api != nil {
		g.Go(guard("Workload API", func() error { return t.api.run(ctx) }))
	}
	return g.Wait()
}

// fetch asks the Workload API once.
func (t *trust) fetch(ctx context.Context) error {
	if t == nil || t.api == nil {
		return nil
	}
	if err := guard("Workload API", func() error { return t.api.fetch(ctx) })(); err != nil {
		return fmt.Errorf("peer: bundles from the Workload API: %w", err)
	}
	return nil
}

// workloadAPIName names the Workload API where trust domains are named.
const workloadAPIName = "workload_api"

// waiting names what never had a bundle.
func (t *trust) waiting() (names []string) {
	for _, s := range t.stats() {
		if s.Authorities == 0 {
			names = append(names, s.Name)
		}
	}
	return names
}

// BundleStats is a snapshot of a trust domain's bundle, for metrics. The counters
// count since the start.
type BundleStats struct {
	Name        string // the trust domain, or "workload_api" for all that come from there
	Authorities int    // in force; once there were some, never 0 again
	Loads       uint64
	Failures    uint64
}

func (t *trust) stats() (out []BundleStats) {
	if t == nil {
		return nil
	}
	for _, domain := range slices.Sorted(maps.Keys(t.files)) {
		f := t.files[domain]
		s := f.counts.stats(domain)
		if a := f.current.Load(); a != nil {
			s.Authorities = a.count
		}
		out = append(out, s)
	}
	if t.api == nil {
		return out
	}
	s := t.api.counts.stats(workloadAPIName)
	if bundles := t.api.current.Load(); bundles != nil {
		for _, a := range *bundles {
			s.Authorities += a.count
		}
	}
	return append(out, s)
}

func (c *bundleCounts) stats(name string) BundleStats {
	return BundleStats{Name: name, Loads: c.loaded.Load(), Failures: c.failed.Load()}
}
