package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// How many proofs of one issuer's tokens are remembered at one time: 35 MB of
// them at the most, and memory is taken only as they come.
const (
	maxReplays   = 1 << 18
	replayShards = 16
)

// proofID names a proof by its key, its jti and what it is for: a hash, so that
// an entry is small whatever a client chose. Other keys cannot spend a client's
// ids, and another spelling of the signature is the same proof.
type proofID [16]byte

func newProofID(jkt, id, url string) proofID {
	text := binary.BigEndian.AppendUint16([]byte(jkt), uint16(len(id))) //nolint:gosec // jkt has 43 bytes, id at most maxProofID
	sum := sha256.Sum256(append(append(text, id...), url...))
	return proofID(sum[:len(proofID{})])
}

// replays remember every proof until its time is over: no entry that could still
// be replayed is ever pushed out. It is bounded by refusing new proofs instead,
// and who fills it is refused first: a caller may have as many proofs in it as
// there are places left. So it never is full for somebody who has none in it, and
// a single caller can take half.
type replays struct {
	shards [replayShards]replayShard
	limit  int // of a shard

	refused atomic.Uint64 // for want of a place
}

type replayShard struct {
	mu     sync.Mutex
	seen   map[proofID]*spender
	ends   map[int64][]proofID // by the second after which nobody needs them
	spends map[string]*spender // by subject
	swept  int64               // what ended before this second is forgotten
}

// spender is a caller who has proofs here.
type spender struct {
	subject string
	proofs  int
}

func newReplays() *replays {
	r := &replays{limit: maxReplays / replayShards}
	for i := range r.shards {
		r.shards[i] = replayShard{seen: map[proofID]*spender{}, ends: map[int64][]proofID{}, spends: map[string]*spender{}}
	}
	return r
}

// take remembers a proof until that time, or refuses it: it was here before, or
// it could not be told whether it was.
func (r *replays) take(id proofID, subject string, until, now time.Time) error {
	s := &r.shards[int(id[0])%len(r.shards)]
	end := until.Unix() + 1
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now.Unix())
	if end < s.swept { // its entry may be gone, for somebody's clock was ahead
		return rules.Faultf(rules.TokenReplayed, "the proof is so old that its entry would be forgotten")
	}
	if _, ok := s.seen[id]; ok {
		return rules.Faultf(rules.TokenReplayed, "the proof was used before")
	}
	by := s.spends[subject]
	if by == nil {
		by = &spender{subject: subject}
	}
	if free := r.limit - len(s.seen); by.proofs >= free {
		r.refused.Add(1)
		return rules.Faultf(rules.TokenReplayed, "the caller has %d proofs that could be replayed, and there are %d places: one more could not be remembered", by.proofs, free)
	}
	by.proofs++
	s.spends[subject], s.seen[id] = by, by
	s.ends[end] = append(s.ends[end], id)
	return nil
}

// sweep forgets what nobody can replay any more.
func (s *replayShard) sweep(now int64) {
	if now <= s.swept {
		return
	}
	s.swept = now
	for end, ids := range s.ends { // a few hundred at most: iat is near our clock
		if end >= now {
			continue
		}
		for _, id := range ids {
			by := s.seen[id]
			if by.proofs--; by.proofs == 0 {
				delete(s.spends, by.subject)
			}
			delete(s.seen, id)
		}
		delete(s.ends, end)
	}
}

// kept is how many proofs are remembered.
func (r *replays) kept() (n int) {
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		n += len(s.seen)
		s.mu.Unlock()
	}
	return n
}
