package identity

import (
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// leaves remember the SHA-256 of certificates as proxies send them: reading one
// costs more than all the rest of a warm check. What cannot be read leaves no trace.
type leaves struct {
	mu    sync.Mutex
	known *simplelru.LRU[string, digest] // by the whole of what was sent, so nothing can collide
}

func newLeaves() (*leaves, error) {
	known, err := simplelru.NewLRU[string, digest](maxPeers, nil)
	return &leaves{known: known}, err
}

// sum returns the hash of the one certificate in a URL-encoded PEM.
func (l *leaves) sum(encoded string) (sum digest, ok bool) {
	l.mu.Lock()
	sum, ok = l.known.Get(encoded)
	l.mu.Unlock()
	if ok {
		return sum, true
	}
	leaf, err := readLeaf(encoded)
	if err != nil {
		return sum, false
	}
	sum = sumOf(leaf)
	l.mu.Lock()
	l.known.Add(strings.Clone(encoded), sum)
	l.mu.Unlock()
	return sum, true
}
