package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/tiergate/tiergate/extauthz"
	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/rules"
)

// notReady names what was never loaded: required issuers without keys,
// required bundles and catalogs without rows. A later outage denies where it must and is not here.
func (s *service) notReady() []string {
	var waiting []string
	for _, issuer := range s.parts.verifier.Ready() {
		waiting = append(waiting, "keys of issuer "+issuer)
	}
	for _, bundle := range s.parts.verifier.BundlesReady() {
		waiting = append(waiting, "bundle "+bundle)
	}
	for name, f := range s.parts.files {
		if _, loaded := f.Age(); !loaded {
			waiting = append(waiting, "catalog "+name)
		}
	}
	slices.Sort(waiting)
	return waiting
}

// sources are what metrics ask of the parts.
func (s *service) sources() extauthz.Sources {
	return extauthz.Sources{
		Version: version,
		Rules: func() extauthz.Load {
			st := s.live.Stats()
			return extauthz.Load{LoadedAt: st.LoadedAt, Loads: st.Loads, Failures: st.Failures, Held: st.Held != ""}
		},
		KeySets: func() []extauthz.KeySet {
			var sets []extauthz.KeySet
			for _, i := range s.parts.verifier.Stats() {
				sets = append(sets, keySet(i))
			}
			return sets
		},
		Bundles: func() []extauthz.Bundle {
			var all []extauthz.Bundle
			for _, b := range s.parts.verifier.Bundles() {
				all = append(all, extauthz.Bundle{Name: b.Name, Authorities: b.Authorities, Loads: b.Loads, Failures: b.Failures})
			}
			return all
		},
		Catalogs: s.catalogs,
		Caches:   s.caches,
		Audit:    s.audit.Stats,

		Revocations: s.revocations,
		Budgets:     s.budgets,
	}
}

func keySet(i identity.IssuerStats) extauthz.KeySet {
	k := extauthz.KeySet{
		Issuer: i.Name, Keys: i.Keys, Generation: i.Generation, Skipped: i.Skipped, LoadedAt: i.Fetched,
		Loads: i.FetchOK, Failures: i.FetchFailed, Empty: i.EmptySets, Unknown: i.UnknownKeys,
		Proofs: i.Proofs, ProofsRefused: i.ProofsRefused,
	}
	for _, s := range i.Slots {
		k.Slots = append(k.Slots, extauthz.Slots{Price: s.Price, Slots: s.Slots, Busy: s.Busy, Waiting: s.Waiting, Checked: s.Checked, Refused: s.Refused})
	}
	return k
}

func (s *service) catalogs() []extauthz.Catalog {
	var all []extauthz.Catalog
	for _, e := range s.parts.config.Catalogs {
		f := s.parts.files[e.Key]
		asked := s.parts.options.Catalog.Lookups(e.Key)
		health := s.parts.options.Catalog.Health(e.Key)
		c := extauthz.Catalog{
			Name: e.Key, Failures: s.parts.failures[e.Key].Load(),
			Lookups: asked.Answered, LookupsFailed: asked.Failed, LookupsRefused: asked.Refused, LookupsInFlight: asked.Pending,
			LeftAlone: health.Open, Openings: health.Opened,
		}
		if health.Watches {
			c.Watch = &extauthz.Watch{Active: health.Watched, Changes: health.Changed, Lost: health.Lost}
		}
		if f != nil {
			c.Rows, c.Held = f.Len(), f.Held() != ""
			if age, loaded := f.Age(); loaded {
				c.LoadedAt = time.Now().Add(-age)
			}
		}
		all = append(all, c)
	}
	return all
}

func (s *service) caches() []extauthz.Cache {
	tokens, rows := s.parts.verifier.CacheStats(), s.parts.options.Catalog.Counts()
	return []extauthz.Cache{
		{Name: "token", Entries: tokens.Entries, Bytes: tokens.Bytes, Evicted: tokens.Evicted},
		{Name: "object", Entries: rows.Entries, Bytes: rows.Bytes, Evicted: rows.Evicted},
		{Name: "absent", Entries: rows.Absent, Bytes: rows.AbsentBytes, Evicted: rows.AbsentEvicted},
	}
}

// loadedRules is what the admin listener shows under /rules.
type loadedRules struct {
	Policy    string            `json:"policy"`
	LoadedAt  time.Time         `json:"loaded_at"`
	Failures  uint64            `json:"reload_failures"`
	LastError string            `json:"last_error,omitempty"`
	Held      string            `json:"held,omitempty"` // policy hash of a version that waits to be accepted
	Files     []loadedFile      `json:"files"`
	Shadow    []loadedShadow    `json:"shadow"`
	CacheAge  map[string]string `json:"cache_age"` // per type, how old a fact can be
}

type loadedFile struct {
	Path string `json:"path"`
	Hash string `json:"sha256"`
}

type loadedShadow struct {
	On    string    `json:"on"` // host, type, identity or rule, with its name
	Host  string    `json:"host,omitempty"`
	Until time.Time `json:"until,omitzero"`
	Pos   string    `json:"pos,omitempty"`
}

func (s *service) showRules() any {
	p, st := s.live.Current(), s.live.Stats()
	out := loadedRules{
		Policy: p.Hash, LoadedAt: st.LoadedAt, Failures: st.Failures, LastError: st.LastError, Held: st.Held,
		Files: []loadedFile{}, Shadow: []loadedShadow{}, CacheAge: map[string]string{},
	}
	for _, f := range p.Files() {
		out.Files = append(out.Files, loadedFile{f.Path, f.Hash})
	}
	src := p.Source()
	add := func(on string, entries []rules.ShadowDecl) {
		for _, e := range entries {
			out.Shadow = append(out.Shadow, loadedShadow{on, e.Host.V, e.Until.V, e.Pos.String()})
		}
	}
	for _, h := range src.Routes {
		add("host "+h.Host.V, h.Shadow)
	}
	for _, o := range src.Objects {
		add("type "+o.Type.V, o.Shadow)
	}
	for _, i := range src.Identities {
		add("identity "+i.Name.V, i.Shadow)
	}
	for _, r := range src.Rules {
		if r.Mode.V == "shadow" {
			out.Shadow = append(out.Shadow, loadedShadow{On: "rule " + r.ID.V, Pos: fmt.Sprint(r.Pos)})
		}
	}
	for name, t := range p.Set().Schema().Types {
		if t.Catalog != "" {
			out.CacheAge[name] = p.View().Bound(t).String()
		}
	}
	return out
}
