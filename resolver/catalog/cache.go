package catalog

import (
	"hash/maphash"
	"math/bits"
	"strings"
	"time"
)

// cacheKey is a key within the declaration that typed its row.
type cacheKey struct {
	shape *shape
	id    string
}

// cache keeps typed rows in shards, each a 2Q cache under a lock of its own. It is
// bounded by entries and by an estimate of the bytes that they take.
type cache struct {
	seed   maphash.Seed // nobody outside can choose ids that meet in one shard
	shards []shard      // their number is a power of two
}

const (
	// absentTTL bounds how long a row that was created or repaired stays unseen.
	absentTTL = time.Second
	// absentShare of the room is for rows that are absent or bad.
	absentShare = 8
	leastAbsent = 64 // entries

	maxShards   = 64
	leastShard  = 1024    // entries
	leastMemory = 1 << 20 // bytes of a shard
)

func newCache(objects, bytes int) *cache {
	n := max(1, min(maxShards, objects/leastShard, bytes/leastMemory))
	n = 1 << (bits.Len(uint(n)) - 1)
	c := &cache{seed: maphash.MakeSeed(), shards: make([]shard, n)}
	for i := range c.shards {
		c.shards[i].init(
			room{objects / n, bytes / n},
			room{max(objects/absentShare, leastAbsent) / n, bytes / absentShare / n},
		)
	}
	return c
}

// hash spreads the rows of all types over shards. A row has one hash whatever
// the declaration that typed it.
func (c *cache) hash(typ, id string) uint64 {
	return c.salt(typ) ^ maphash.String(c.seed, id)
}

func (c *cache) salt(typ string) uint64 { return maphash.String(c.seed, typ) }

func (c *cache) of(k cacheKey) uint64 { return k.shape.salt ^ maphash.String(c.seed, k.id) }

func (c *cache) shard(hash uint64) *shard { return &c.shards[hash&uint64(len(c.shards)-1)] } //nolint:gosec // at least one

// get returns what is kept of a row, whatever its age, or nil. It does not allocate.
func (c *cache) get(k cacheKey, hash uint64) *entry { return c.shard(hash).get(k) }

// put keeps an entry as long as its shape allows, counted from the moment its
// look-up began. Of two entries for one key the one that was read later stays.
func (c *cache) put(k cacheKey, e *entry) {
	if k.shape.ttl <= 0 {
		return
	}
	k.id = strings.Clone(k.id) // it may be a part of a whole request, which it would keep alive
	e.expires = e.read + k.shape.ttl
	if !e.usable() {
		e.expires = e.read + min(k.shape.ttl, absentTTL)
	}
	hash := c.of(k)
	c.shard(hash).put(k, hash, e)
}

// counts adds up all shards.
func (c *cache) counts() (out Counts) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		out.Entries += s.once.len + s.often.len
		out.Bytes += s.once.bytes + s.often.bytes
		out.Absent += s.absent.len
		out.AbsentBytes += s.absent.bytes
		out.Evicted += s.evicted
		out.AbsentEvicted += s.absentEvicted
		s.mu.Unlock()
	}
	return out
}
