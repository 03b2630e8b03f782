package catalog

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// cacheKey is a key within the declaration that typed its row.
type cacheKey struct {
	shape *shape
	id    string
}

// cache keeps typed rows. Rows that exist and rows that do not are kept apart,
// so that made-up ids cannot push real rows out; and the first are kept by how
// often they are used as well as how recently (2Q), so that one scan over many
// rows cannot either.
type cache struct {
	putting sync.Mutex
	rows    *lru.TwoQueueCache[cacheKey, *entry]
	absent  *lru.Cache[cacheKey, *entry] // absent and bad rows, for at most absentTTL

	rowsOut, absentOut atomic.Uint64 // entries that made room for others
}

// absentTTL bounds how long a row that was created or repaired stays unseen.
const absentTTL = time.Second

func newCache(objects int) (*cache, error) {
	rows, err := lru.New2Q[cacheKey, *entry](objects)
	if err != nil {
		return nil, err
	}
	absent, err := lru.New[cacheKey, *entry](max(objects/8, 64))
	if err != nil {
		return nil, err
	}
	return &cache{rows: rows, absent: absent}, nil
}

// get returns the entry that is still valid at now, or nil. It does not allocate.
func (c *cache) get(k cacheKey, now time.Duration) *entry {
	if e, ok := c.rows.Get(k); ok && now < e.expires {
		return e
	}
	if e, ok := c.absent.Get(k); ok && now < e.expires {
		return e
	}
	return nil
}

// put keeps an entry as long as its shape allows, counted from the moment its
// look-up began. Of two entries for one key the one that was read later stays.
func (c *cache) put(k cacheKey, e *entry) {
	if k.shape.ttl <= 0 {
		return
	}
	k.id = strings.Clone(k.id) // it may be a part of a whole request, which it would keep alive
	c.putting.Lock()
	defer c.putting.Unlock()
	if old := c.get(k, 0); old != nil && old.read > e.read {
		return
	}
	if e.found && e.bad == "" {
		e.expires = e.read + k.shape.ttl
		// A 2Q cache does not say what it drops: one more entry and no more room.
		before, known := c.rows.Len(), c.rows.Contains(k)
		if c.rows.Add(k, e); !known && c.rows.Len() == before {
			c.rowsOut.Add(1)
		}
		c.absent.Remove(k)
		return
	}
	e.expires = e.read + min(k.shape.ttl, absentTTL)
	if c.absent.Add(k, e) {
		c.absentOut.Add(1)
	}
	c.rows.Remove(k)
}
