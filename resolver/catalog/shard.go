package catalog

import "sync"

// room bounds a list.
type room struct{ entries, bytes int }

// shard is a 2Q cache. Rows that were read once wait in a list of their own, of
// which a scan pushes out only others that were read once; a row that is used
// again, there or soon after it left, moves to the rows that are used often. Rows
// that are absent or bad are kept apart from both, so that made-up ids cannot push
// real rows out.
type shard struct {
	mu     sync.Mutex
	nodes  map[cacheKey]*node
	once   list
	often  list
	absent list
	left   ghosts // rows that were read once and made room for others

	all, first, missing    room // of rows that exist, of those in once, of absent ones
	evicted, absentEvicted uint64
}

// firstShare of the room for rows that exist is kept for those that were read once.
const firstShare = 4

func (s *shard) init(all, missing room) {
	s.nodes = make(map[cacheKey]*node)
	s.all, s.missing = all, missing
	s.first = room{max(all.entries/firstShare, 1), all.bytes / firstShare}
	s.left.init(max(all.entries/2, 1))
	for _, l := range []*list{&s.once, &s.often, &s.absent} {
		l.init()
	}
}

func (s *shard) get(k cacheKey) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.nodes[k]
	if n == nil {
		return nil
	}
	n.move(s.used(n.list))
	return n.entry
}

// used is the list of a row of l that is used again.
func (s *shard) used(l *list) *list {
	if l == &s.once {
		return &s.often
	}
	return l
}

func (s *shard) put(k cacheKey, hash uint64, e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, into := s.nodes[k], &s.once
	switch {
	case n != nil && n.entry.read > e.read:
		return
	case !e.usable():
		into = &s.absent
	case n != nil && n.list != &s.absent:
		into = &s.often
	case s.left.take(hash):
		into = &s.often
	}
	if n != nil {
		n.leave()
	} else {
		n = &node{key: k, hash: hash}
		s.nodes[n.key] = n
	}
	n.entry, n.size = e, e.size()+len(n.key.id)
	into.push(n)
	if n.size > s.first.bytes { // it would push out many, and leave soon
		s.drop(n)
		s.evicted++
	}
	s.trim()
}

// trim makes room.
func (s *shard) trim() {
	for s.once.len+s.often.len > s.all.entries || s.once.bytes+s.often.bytes > s.all.bytes {
		from := &s.often
		if s.once.len > s.first.entries || s.once.bytes > s.first.bytes || s.often.len == 0 {
			from = &s.once
			s.left.add(from.last().hash)
		}
		s.drop(from.last())
		s.evicted++
	}
	for s.absent.len > s.missing.entries || s.absent.bytes > s.missing.bytes {
		s.drop(s.absent.last())
		s.absentEvicted++
	}
}

func (s *shard) drop(n *node) {
	n.leave()
	delete(s.nodes, n.key)
}

// node is an entry in one of the lists.
type node struct {
	key        cacheKey
	hash       uint64
	entry      *entry
	size       int
	list       *list
	prev, next *node
}

func (n *node) leave() {
	n.prev.next, n.next.prev = n.next, n.prev
	n.list.len--
	n.list.bytes -= n.size
}

func (n *node) move(to *list) {
	n.leave()
	to.push(n)
}

// list is a ring of nodes, the one that was used last first.
type list struct {
	root       node
	len, bytes int
}

func (l *list) init() { l.root.prev, l.root.next = &l.root, &l.root }

func (l *list) push(n *node) {
	n.list, n.prev, n.next = l, &l.root, l.root.next
	n.prev.next, n.next.prev = n, n
	l.len++
	l.bytes += n.size
}

// last is the node that was not used for the longest time. The list is not empty.
func (l *list) last() *node { return l.root.prev }

// ghosts remember the hashes of the rows that left last. Two rows with one hash
// are no harm: one of them is kept a little longer.
type ghosts struct {
	ring []uint64
	next int
	at   map[uint64]int // the place of a hash in the ring
}

func (g *ghosts) init(n int) { g.ring, g.at = make([]uint64, 0, n), make(map[uint64]int) }

func (g *ghosts) add(hash uint64) {
	if len(g.ring) < cap(g.ring) {
		g.ring = append(g.ring, hash)
	} else {
		if g.at[g.ring[g.next]] == g.next {
			delete(g.at, g.ring[g.next])
		}
		g.ring[g.next] = hash
	}
	g.at[hash] = g.next
	g.next = (g.next + 1) % cap(g.ring)
}

// take reports whether a row left lately, and forgets it.
func (g *ghosts) take(hash uint64) bool {
	_, there := g.at[hash]
	delete(g.at, hash)
	return there
}
