package catalog

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// shelf is a cache with a declaration to keep rows of.
type shelf struct {
	*cache
	shape *shape
}

func newShelf(objects, bytes int) *shelf {
	c := newCache(objects, bytes)
	return &shelf{c, &shape{typ: "account", ttl: time.Hour, salt: c.salt("account")}}
}

// read reads a row through the cache, and reports whether the cache had it.
func (d *shelf) read(id string) (hit bool) {
	k := cacheKey{d.shape, id}
	if d.get(k, d.of(k)) != nil {
		return true
	}
	d.put(k, &entry{found: true, attributes: []any{"eu", true}})
	return false
}

func TestK2AMillionIDsAndAScanLeaveTheHotSet(t *testing.T) {
	const objects, bytes, hot = 20_000, 8 << 20, 1000
	d := newShelf(objects, bytes)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 1_000_000 { // each once
		if d.read("id" + strconv.Itoa(i)) {
			t.Fatalf("id%d was never read before, and the cache has it", i)
		}
	}
	hits, reads := 0, 0
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 200_000 {
		d.read("scan" + strconv.Itoa(i))
		if i%4 == 0 {
			hit := d.read("hot" + strconv.Itoa(r.IntN(hot)))
			if reads++; hit {
				hits++
			}
		}
	}
	if ratio := float64(hits) / float64(reads); ratio < 0.95 {
		t.Errorf("beside a scan the hot set had %.3f hits, want at least 0.95", ratio)
	}
	c := d.counts()
	if c.Entries > objects || c.Entries < objects*9/10 || c.Bytes > bytes || c.Evicted == 0 {
		t.Errorf("%+v, want at most %d entries in %d bytes", c, objects, bytes)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int(after.HeapAlloc) - int(before.HeapAlloc); grown > bytes*3/2 {
		t.Errorf("the heap grew by %d bytes, the estimate is %d", grown, c.Bytes)
	}
	runtime.KeepAlive(d)
}

func TestK2LargeRowsAreBoundedByBytes(t *testing.T) {
	const bytes = 4 << 20
	d := newShelf(100_000, bytes)
	big := make([]byte, 20_000)
	keep := func(id string, n int) {
		d.put(cacheKey{d.shape, id}, &entry{found: true, attributes: []any{string(big[:n])}})
	}
	for range 2 {
		for i := range 20 {
			keep("hot"+strconv.Itoa(i), 10)
		}
	}
	for i := range 2000 {
		keep("id"+strconv.Itoa(i), len(big))
		if c := d.counts(); c.Bytes > bytes {
			t.Fatalf("after %d rows: %+v, want at most %d bytes", i+1, c, bytes)
		}
	}
	for i := range 20 {
		if !d.read("hot" + strconv.Itoa(i)) {
			t.Errorf("large rows that were read once pushed out hot%d", i)
		}
	}
	before := d.counts()
	d.put(cacheKey{d.shape, "hot0"}, &entry{found: true, read: 1, attributes: []any{string(make([]byte, bytes))}})
	if after := d.counts(); after.Entries != before.Entries-1 || d.read("hot0") {
		t.Errorf("%+v, then %+v: want a row that is too large gone, what was there before it too, and no other", before, after)
	}
}

func TestC4AbsentRowsAreBoundedAndApart(t *testing.T) {
	const objects, bytes = 8000, 8 << 20
	d := newShelf(objects, bytes)
	for i := range objects / 2 {
		d.read("id" + strconv.Itoa(i))
	}
	for i := range 100_000 {
		d.put(cacheKey{d.shape, "none" + strconv.Itoa(i)}, &entry{found: i%2 == 0, bad: "wrong"})
	}
	c := d.counts()
	if c.Absent > objects/absentShare || c.Absent == 0 || c.AbsentBytes > bytes/absentShare || c.AbsentEvicted != uint64(100_000-c.Absent) {
		t.Errorf("%+v, want at most %d absent rows in %d bytes, and the others counted", c, objects/absentShare, bytes/absentShare)
	}
	if c.Evicted != 0 || c.Entries != objects/2 {
		t.Errorf("%+v: made-up ids pushed out rows that exist", c)
	}
	k := cacheKey{d.shape, "none99999"}
	if e := d.get(k, d.of(k)); e == nil || e.expires != absentTTL {
		t.Errorf("%+v, want it kept for %v", e, absentTTL)
	}
}

func TestK4NobodyCanChooseIDsThatMeetInAShard(t *testing.T) {
	a, b := newCache(100_000, defaultBytes), newCache(100_000, defaultBytes)
	if len(a.shards) != maxShards {
		t.Fatalf("%d shards", len(a.shards))
	}
	var chosen []string // meet in one shard of a
	for i := 0; len(chosen) < 6400; i++ {
		if id := strconv.Itoa(i); a.shard(a.hash("account", id)) == &a.shards[0] {
			chosen = append(chosen, id)
		}
	}
	most, in := 0, make(map[*shard]int)
	for _, id := range chosen {
		s := b.shard(b.hash("account", id))
		in[s]++
		most = max(most, in[s])
	}
	if most > 300 { // 100 expected
		t.Errorf("%d of %d ids meet in one shard of another process, too", most, len(chosen))
	}
}

// TestShardKeepsItsBooks compares the lists, the map and the sums after a random history.
func TestShardKeepsItsBooks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newShelf(rapid.IntRange(1, 12).Draw(rt, "objects"), rapid.IntRange(500, 8000).Draw(rt, "bytes"))
		s := &d.shards[0]
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			k := cacheKey{d.shape, fmt.Sprint(rapid.IntRange(0, 20).Draw(rt, "id"))}
			if rapid.Bool().Draw(rt, "get") {
				d.get(k, d.of(k))
				continue
			}
			e := &entry{found: rapid.Bool().Draw(rt, "found"), read: time.Duration(rapid.IntRange(0, 3).Draw(rt, "read"))}
			if e.found {
				e.attributes = []any{string(make([]byte, rapid.IntRange(0, 900).Draw(rt, "size")))}
			}
			had := s.nodes[k]
			var old *entry
			if had != nil {
				old = had.entry
			}
			d.put(k, e)
			if n := s.nodes[k]; n != nil && old != nil && old.read > e.read && n.entry != old {
				rt.Fatal("a row that was read earlier replaced one that was read later")
			}
		}
		sum := func(l *list) (out list) {
			for n := l.root.next; n != &l.root; n = n.next {
				if n.list != l || n.prev.next != n || s.nodes[n.key] != n || n.entry.usable() == (l == &s.absent) {
					rt.Fatalf("node %+v is not at home", n)
				}
				out.len++
				out.bytes += n.entry.size() + len(n.key.id)
			}
			return out
		}
		total := 0
		for _, l := range []*list{&s.once, &s.often, &s.absent} {
			got := sum(l)
			if got.len != l.len || got.bytes != l.bytes {
				rt.Fatalf("the list has %d entries of %d bytes, the books say %d of %d", got.len, got.bytes, l.len, l.bytes)
			}
			total += l.len
		}
		if total != len(s.nodes) || s.once.len+s.often.len > s.all.entries || s.once.bytes+s.often.bytes > s.all.bytes ||
			s.absent.len > s.missing.entries || s.absent.bytes > s.missing.bytes || len(s.left.at) > cap(s.left.ring) {
			rt.Fatalf("%d nodes in all lists, %d in the map; %+v", total, len(s.nodes), d.counts())
		}
	})
}

func TestGetOfAWarmRowDoesNotAllocate(t *testing.T) {
	d := newShelf(100, 1<<20)
	d.read("a")
	k := cacheKey{d.shape, "a"}
	if n := testing.AllocsPerRun(1000, func() { d.get(k, d.of(k)) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkCache reports the share of reads that the cache answered, for each pattern.
func BenchmarkCache(b *testing.B) {
	const objects = 100_000
	ids := make([]string, 1_000_000)
	for i := range ids {
		ids[i] = "AC" + strconv.Itoa(i)
	}
	for _, c := range cachePatterns(len(ids)) {
		b.Run("hits/"+c.name, func(b *testing.B) {
			for b.Loop() {
				d := newShelf(objects, defaultBytes)
				var hits, reads [2]int
				for i := range 4_000_000 {
					at, kind := c.next(i)
					hit := d.read(ids[at])
					if i >= 1_000_000 {
						if reads[kind]++; hit {
							hits[kind]++
						}
					}
				}
				b.ReportMetric(float64(hits[0]+hits[1])/float64(reads[0]+reads[1]), "hits")
				if reads[1] > 0 {
					b.ReportMetric(float64(hits[0])/float64(reads[0]), "hot-hits")
				}
			}
		})
	}
	b.Run("get", func(b *testing.B) {
		d := newShelf(objects, defaultBytes)
		for i := range 50_000 {
			d.read(ids[i])
			d.read(ids[i])
		}
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			r := rand.New(rand.NewPCG(1, 2))
			for pb.Next() {
				k := cacheKey{d.shape, ids[r.IntN(50_000)]}
				if d.get(k, d.of(k)) == nil {
					b.Error("a miss")
				}
			}
		})
	})
}

type pattern struct {
	name string
	next func(i int) (id, kind int) // kind 1 is the scan
}

// cachePatterns are reads of n ids: any alike; few of them most; and these two beside scans over all.
func cachePatterns(n int) []pattern {
	r := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(r, 1.05, 10, uint64(n-1))
	return []pattern{
		{"uniform", func(int) (int, int) { return r.IntN(n), 0 }},
		{"zipf", func(int) (int, int) { return int(zipf.Uint64()), 0 }},
		{"zipf+scan", func(i int) (int, int) {
			if i%2 == 0 {
				return i / 2 % n, 1
			}
			return int(zipf.Uint64()), 0
		}},
		{"hot50k+scan", func(i int) (int, int) {
			if i%3 != 0 {
				return (50_000 + i) % n, 1
			}
			return r.IntN(50_000), 0
		}},
	}
}
