package policy

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// maxRecent bounds the requests that are kept, in bytes.
const maxRecent = 32 << 20

// recent keeps the last decisions, so that a version which is not in force yet can
// be asked what it would have said. It keeps no credentials: what they proved
// stands in their place.
type recent struct {
	mu    sync.Mutex
	ring  []seen
	next  int // where the next one goes
	count int // how many there are
	bytes int
}

// seen is a decision. Of an allow nothing more is kept: only a denial can turn
// into one.
type seen struct {
	raw      *rules.RawRequest // nil for an allow
	evidence rules.Evidence    // the zero value where no credential was accepted
	size     int
}

func newRecent(last int) *recent { return &recent{ring: make([]seen, last)} }

// note keeps a decision and forgets the oldest.
func (r *recent) note(raw *rules.RawRequest, evidence rules.Evidence, effect rules.Effect) {
	var s seen
	if effect != rules.Allow {
		s = seen{raw: withoutCredentials(raw), evidence: evidence, size: sizeOf(raw)}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += s.size - r.ring[r.next].size
	r.ring[r.next] = s
	r.next = (r.next + 1) % len(r.ring)
	r.count = min(r.count+1, len(r.ring))
	for r.bytes > maxRecent && r.count > 1 {
		oldest := &r.ring[(r.next-r.count+len(r.ring))%len(r.ring)]
		r.bytes -= oldest.size
		*oldest = seen{}
		r.count--
	}
}

// list returns the decisions, the latest first.
func (r *recent) list() []seen {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]seen, 0, r.count)
	for i := 1; i <= r.count; i++ {
		out = append(out, r.ring[(r.next-i+len(r.ring))%len(r.ring)])
	}
	return out
}

// credentials are the headers that are not kept.
var credentials = []string{"authorization", "proxy-authorization", "cookie", "dpop"}

func withoutCredentials(raw *rules.RawRequest) *rules.RawRequest {
	kept := *raw
	kept.Headers = slices.DeleteFunc(slices.Clone(raw.Headers), func(h rules.Header) bool {
		return slices.Contains(credentials, strings.ToLower(h.Name))
	})
	return &kept
}

func sizeOf(raw *rules.RawRequest) int {
	n := 512 + 2*len(raw.Path) + len(raw.RawPath) + len(raw.Body) + len(raw.Certificate) // what is known of its size
	for _, h := range raw.Headers {
		n += len(h.Name) + len(h.Value) + 32
	}
	return n
}

// witnessed is a Verifier that knows what was proven.
type witnessed rules.Evidence

// Verify implements Verifier.
func (w witnessed) Verify(context.Context, *rules.Request) (rules.Evidence, error) {
	if w.Verified == nil {
		return rules.Evidence{Verified: &rules.Verified{Anonymous: true}}, nil
	}
	return rules.Evidence(w), nil
}

// again decides a kept request as p would now, but for its caller, who proved
// then what it proved.
func (p *Policy) again(ctx context.Context, s *seen) *rules.Outcome {
	as := *p
	as.verifier, as.ledger = witnessed(s.evidence), nil // nobody pays for a request twice
	return as.Check(ctx, s.raw)
}

// flips is what a new version would have allowed of what was denied.
type flips struct {
	decisions int // that were looked at, allows too
	allowed   int // of them denied by the version in force, and allowed by the new one
	first     *rules.Outcome
}

// judgeFor is how long a version is asked about past decisions.
const judgeFor = 5 * time.Second

// flips asks both versions about the kept requests, the latest first, until the
// time is up. Both read the same facts, those of now.
func (r *recent) flips(ctx context.Context, force, next *Policy) (f flips) {
	ctx, cancel := context.WithTimeout(ctx, judgeFor)
	defer cancel()
	for _, s := range r.list() {
		if ctx.Err() != nil {
			break
		}
		f.decisions++
		if s.raw == nil || force.again(ctx, &s).Effect == rules.Allow {
			continue
		}
		if o := next.again(ctx, &s); o.Effect == rules.Allow {
			if f.allowed++; f.first == nil {
				f.first = o
			}
		}
	}
	return f
}
