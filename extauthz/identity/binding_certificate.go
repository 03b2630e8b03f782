package identity

import (
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// leaves remember certificates as proxies send them: reading one costs more than
// all the rest of a warm check. What cannot be read leaves no trace.
type leaves struct {
	mu    sync.Mutex
	known *simplelru.LRU[string, leaf] // by the whole of what was sent, so nothing can collide
}

// leaf is what tokens and gateways are held against.
type leaf struct {
	sum  digest   // SHA-256 of all of its bytes
	uris []string // SANs
}

func newLeaves() (*leaves, error) {
	known, err := simplelru.NewLRU[string, leaf](maxPeers, nil)
	return &leaves{known: known}, err
}

// sum returns the hash of the one certificate in a URL-encoded PEM.
func (l *leaves) sum(encoded string) (sum digest, ok bool) {
	found, ok := l.of(encoded)
	return found.sum, ok
}

// of returns the one certificate in a URL-encoded PEM.
func (l *leaves) of(encoded string) (found leaf, ok bool) {
	l.mu.Lock()
	found, ok = l.known.Get(encoded)
	l.mu.Unlock()
	if ok {
		return found, true
	}
	read, err := readLeaf(encoded)
	if err != nil {
		return leaf{}, false
	}
	found.sum = sumOf(read)
	for _, u := range read.URIs {
		found.uris = append(found.uris, u.String())
	}
	l.mu.Lock()
	l.known.Add(strings.Clone(encoded), found)
	l.mu.Unlock()
	return found, true
}
