package identity

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/tiergate/tiergate/rules"
)

const (
	trustFor       = time.Minute
	entryFootprint = 1 << 10 // bytes of an entry beside the token's claims, generously

	maxShards     = 16
	shardEntries  = 64        // a shard is not made for fewer,
	shardCapacity = 256 << 10 // nor for fewer bytes: several tokens of the largest size must fit
)

// digest identifies a token by all of its bytes. A changed payload under the
// same signature is another token, and so is another spelling of it.
type digest [sha256.Size]byte

// digest hashes without leaving garbage behind: every check does it.
func (c *tokenCache) digest(text string) digest {
	buf, ok := c.scratch.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	defer c.scratch.Put(buf)
	*buf = append((*buf)[:0], text...)
	return sha256.Sum256(*buf)
}

// entry is a token that was verified. It is good while its issuer, which is part
// of one configuration, has the very keys that verified it.
type entry struct {
	who    *rules.Verified
	issuer *issuer
	from   time.Time // by the wall clock: not before
	until  time.Time // by the wall clock: exp itself, without skew, or the end of max_age
	fresh  time.Time // by the monotonic clock: verified again after that
	cost   int
}

func newEntry(who *rules.Verified, i *issuer, size int, now time.Time) *entry {
	e := &entry{
		who: who, issuer: i, cost: entryFootprint + 2*size,
		from: who.IssuedAt.Add(-i.skew), until: who.ExpiresAt, fresh: now.Add(trustFor),
	}
	if old := who.IssuedAt.Add(i.maxAge); i.maxAge > 0 && old.Before(e.until) {
		e.until = old
	}
	return e
}

func (e *entry) good(now time.Time) bool {
	set := e.issuer.keys.usable(now)
	return set != nil && set.generation == e.who.Keys &&
		now.Before(e.fresh) && now.Before(e.until) && !now.Before(e.from)
}

// tokenCache remembers verified tokens only, so nobody without a good token can
// push another's entry out. It is split to keep processors apart.
type tokenCache struct {
	shards       []shard
	scratch      sync.Pool // of *[]byte
	hits, misses atomic.Uint64
}

type shard struct {
	mu      sync.Mutex
	entries *simplelru.LRU[digest, *entry]
	bytes   int
	limit   int
	evicted uint64
}

func newTokenCache(entries, bytes int) (*tokenCache, error) {
	n := max(min(entries/shardEntries, bytes/shardCapacity, maxShards), 1)
	c := &tokenCache{shards: make([]shard, n)}
	for i := range c.shards {
		s := &c.shards[i]
		s.limit = bytes / n
		var err error
		s.entries, err = simplelru.NewLRU(entries/n, func(_ digest, e *entry) { s.bytes -= e.cost })
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *tokenCache) shard(d digest) *shard { return &c.shards[int(d[0])%len(c.shards)] }

// get returns who a token was verified to be, or nil. What no longer holds is dropped.
func (c *tokenCache) get(d digest, now time.Time) *rules.Verified {
	s := c.shard(d)
	s.mu.Lock()
	e, ok := s.entries.Get(d)
	if ok && !e.good(now) {
		s.entries.Remove(d)
		ok = false
	}
	s.mu.Unlock()
	if !ok {
		c.misses.Add(1)
		return nil
	}
	c.hits.Add(1)
	return e.who
}

// put remembers a verified token. One that is not good any more, such as one
// within the skew after its exp, or that is larger than the shard, gets no entry.
func (c *tokenCache) put(d digest, e *entry, now time.Time) {
	s := c.shard(d)
	if e.cost > s.limit || !e.good(now) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries.Remove(d) // its cost is taken back by the callback
	s.bytes += e.cost
	if s.entries.Add(d, e) {
		s.evicted++
	}
	for s.bytes > s.limit {
		if _, _, ok := s.entries.RemoveOldest(); !ok {
			return
		}
		s.evicted++
	}
}
