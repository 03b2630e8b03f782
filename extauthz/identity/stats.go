package identity

import "time"

// IssuerStats is a snapshot of one issuer's keys, for metrics. The counters
// count since the start.
type IssuerStats struct {
	Name        string
	Keys        int            // usable ones of the current set
	Skipped     map[string]int // of the last document, not usable: by cause
	Generation  uint64         // 0 before there were keys
	Fetched     time.Time      // when the issuer last confirmed the set; zero before
	Age         time.Duration  // since then
	Stale       bool           // no keys, or older than max_stale: tokens of the issuer are refused
	FetchOK     uint64
	FetchFailed uint64
	EmptySets   uint64 // documents with an explicit empty set
	UnknownKeys uint64 // tokens whose kid the current set did not have
	Slots       []SlotStats

	Proofs        int    // DPoP proofs that are remembered, so that none is good twice
	ProofsRefused uint64 // because there was no place to remember them
}

// SlotStats is a snapshot of the slots in which an issuer's signatures of one
// price are checked.
type SlotStats struct {
	Price   string // cheap, or costly: RSA above 2048 bits, P-384 and P-521
	Slots   int
	Busy    int
	Waiting int
	Checked uint64 // since the start: signatures, good or bad
	Refused uint64 // since the start: too many waited, or too long
}

func (s *slots) stats(p price) SlotStats {
	return SlotStats{
		Price: p.String(), Slots: cap(s.busy), Busy: len(s.busy),
		Waiting: int(s.waiting.Load()), Checked: s.checked.Load(), Refused: s.refused.Load(),
	}
}

// Stats returns a snapshot of every issuer, in the order of the configuration.
func (v *Verifier) Stats() []IssuerStats {
	now := v.now()
	out := make([]IssuerStats, len(v.order))
	for n, i := range v.order {
		k := i.keys
		s := IssuerStats{
			Name:        i.name,
			Stale:       k.usable(now) == nil,
			FetchOK:     k.counts.fetched.Load(),
			FetchFailed: k.counts.failed.Load(),
			EmptySets:   k.counts.empty.Load(),
			UnknownKeys: k.counts.unknown.Load(),
		}
		s.Proofs, s.ProofsRefused = i.proofs.used.kept(), i.proofs.used.refused.Load()
		for _, p := range prices {
			s.Slots = append(s.Slots, k.slots[p].stats(p))
		}
		if skipped := k.skipped.Load(); skipped != nil {
			s.Skipped = skipped.count()
		}
		if set := k.current.Load(); set != nil {
			s.Keys, s.Generation = len(set.byID), set.generation
			s.Fetched, s.Age = set.fetched, now.Sub(set.fetched)
		}
		out[n] = s
	}
	return out
}

// CacheStats is a snapshot of the verified-token cache, for metrics.
type CacheStats struct {
	Hits, Misses, Evicted uint64 // since the start
	Entries, Bytes        int    // now
}

// CacheStats returns a snapshot of the verified-token cache.
func (v *Verifier) CacheStats() CacheStats {
	out := CacheStats{Hits: v.cache.hits.Load(), Misses: v.cache.misses.Load()}
	for n := range v.cache.shards {
		s := &v.cache.shards[n]
		s.mu.Lock()
		out.Entries += s.entries.Len()
		out.Bytes += s.bytes
		out.Evicted += s.evicted
		s.mu.Unlock()
	}
	return out
}
