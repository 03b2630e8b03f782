package budget

import (
	"math"
	"time"
)

// visits are distinct objects by when they were last seen. seen is in order, for a
// ledger's time never runs back.
type visits struct {
	by             map[hash]*visit
	oldest, newest *visit
}

type visit struct {
	object       hash
	at           int64 // unix nanoseconds, as is every time here
	older, newer *visit
}

func (v *visits) len() int { return len(v.by) }

func (v *visits) has(object hash) bool { return v.by[object] != nil }

// see notes an object as seen now.
func (v *visits) see(object hash, at int64) {
	x := v.by[object]
	if x == nil {
		if v.by == nil {
			v.by = make(map[hash]*visit)
		}
		x = &visit{object: object}
		v.by[object] = x
	} else {
		v.unlink(x)
	}
	x.at, x.older, x.newer = at, v.newest, nil
	if v.newest != nil {
		x.at = max(at, v.newest.at)
		v.newest.newer = x
	} else {
		v.oldest = x
	}
	v.newest = x
}

func (v *visits) unlink(x *visit) {
	if x.older != nil {
		x.older.newer = x.newer
	} else {
		v.oldest = x.newer
	}
	if x.newer != nil {
		x.newer.older = x.older
	} else {
		v.newest = x.older
	}
}

// expire forgets what was last seen at a time or before.
func (v *visits) expire(until int64) {
	for x := v.oldest; x != nil && x.at <= until; x = v.oldest {
		v.unlink(x)
		delete(v.by, x.object)
	}
}

// cap takes what was seen later than now for seen now: the clock was set back.
func (v *visits) cap(now int64) {
	for x := v.newest; x != nil && x.at > now; x = x.older {
		x.at = now
	}
}

// parts is how many parts of a window a sum is kept in.
const parts = 60

// sums are what was taken, by parts of time.
type sums struct {
	buckets []bucket // in order
	total   int64
}

// bucket is what was taken before its end and after that of the one before it.
type bucket struct{ end, sum int64 }

// endOf is the end of the part of a window in which a time lies.
func endOf(at int64, per time.Duration) int64 {
	width := max(int64(per)/parts, 1)
	return (at/width + 1) * width
}

// has reports whether what is added at an end needs no part of its own.
func (s *sums) has(end int64) bool {
	return len(s.buckets) > 0 && s.buckets[len(s.buckets)-1].end >= end
}

func (s *sums) add(end, n int64) {
	s.total = plus(s.total, n)
	if s.has(end) {
		last := &s.buckets[len(s.buckets)-1]
		last.sum = plus(last.sum, n)
		return
	}
	s.buckets = append(s.buckets, bucket{end, n})
}

// expire forgets the parts that ended at a time or before.
func (s *sums) expire(until int64) {
	gone := 0
	for gone < len(s.buckets) && s.buckets[gone].end <= until {
		gone++
	}
	if gone == 0 {
		return
	}
	s.buckets = append(s.buckets[:0], s.buckets[gone:]...)
	s.total = 0
	for _, b := range s.buckets {
		s.total = plus(s.total, b.sum)
	}
}

func (s *sums) cap(now int64, per time.Duration) {
	for i := range s.buckets {
		s.buckets[i].end = min(s.buckets[i].end, endOf(now, per))
	}
}

// plus adds what is not below 0, and stops at the largest number.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
