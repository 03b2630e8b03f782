package load

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Flood is one run of good traffic beside a flood of tokens that are worth
// nothing, and beside as many good ones, in turn.
type Flood struct {
	PerSecond   float64 // of the good traffic
	Unknown     int     // tokens whose key nobody has, each sent once
	Forged      int     // tokens with garbage for a signature, each sent once
	Slices      int     // of each arm
	Slice       time.Duration
	Connections int
	Senders     int // requests in flight at most, of either traffic
}

func (f *Flood) check() error {
	if f.PerSecond <= 0 || f.Unknown < 0 || f.Forged < 0 || f.Slices < 1 || f.Slice <= 0 || f.Connections < 1 || f.Senders < 1 {
		return fmt.Errorf("load: flood %+v: want more than 0 of each", *f)
	}
	if (f.Unknown+f.Forged)/f.Slices < 1 {
		return fmt.Errorf("load: %d tokens in %d slices: want at least one in each", f.Unknown+f.Forged, f.Slices)
	}
	return nil
}

// Arm is what one of the two floods found.
type Arm struct {
	Good, Side   *Result   // the good traffic, and what ran beside it
	P99          []float64 // of the good traffic, by slice, in microseconds
	Hits, Misses int       // of the token cache
	CPU          time.Duration
}

func newArm() *Arm { return &Arm{Good: newResult(), Side: newResult()} }

// FloodResult is what a run of both found.
type FloodResult struct {
	Bad, Control *Arm
	Fetches      int // of the issuer's keys, over the whole run
	Permitted    int // as many as its rate permits in that time
	Before, Most int // bytes of tiergate's memory: warm, and the most that a slice ended with
	Overloaded   int // tokens that were refused because too many waited for a slot
	Took         time.Duration
}

// The rate at which unknown key ids may cause fetches, as docs/identity.md has
// it; beside them the regular refresh comes once in less than ten minutes.
const (
	fetchBurst = 2
	fetchEvery = 30 * time.Second
	refreshIn  = 9 * time.Minute
)

// Flood runs f against the stage, whose tiergate is warm afterwards.
func (s *Stage) Flood(ctx context.Context, f Flood) (*FloodResult, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	bad, err := worthless(s.Requests[0], f.Unknown, f.Forged)
	if err != nil {
		return nil, err
	}
	good, err := GRPC(s.Tiergate.GRPC, f.Connections, s.Requests)
	if err != nil {
		return nil, err
	}
	defer good.Close()
	for range 2 {
		if r := Once(ctx, good, s.Requests); r.Failed+r.Wrong > 0 {
			return nil, fmt.Errorf("warm-up: %d failed, %d wrong answers: %w", r.Failed, r.Wrong, r.FirstError)
		}
	}
	start, err := s.gauge(ctx)
	if err != nil {
		return nil, err
	}
	out := &FloodResult{Bad: newArm(), Control: newArm(), Before: start.memory}
	before, begin := s.world.Corp.Fetches(), time.Now()
	for i := range f.Slices {
		share := bad[i*len(bad)/f.Slices : (i+1)*len(bad)/f.Slices]
		same := make([]Request, len(share)) // as many, all good and in the cache
		for j := range same {
			same[j] = s.Requests[(i*len(share)+j)%len(s.Requests)]
		}
		arms := []func() error{
			func() error { return s.slice(ctx, f, good, share, out.Bad, out) },
			func() error { return s.slice(ctx, f, good, same, out.Control, out) },
		}
		first := i % 2 // whoever comes second finds the machine warmer
		if err := errors.Join(arms[first](), arms[1-first]()); err != nil {
			return nil, err
		}
	}
	out.Took = time.Since(begin)
	out.Fetches = s.world.Corp.Fetches() - before
	out.Permitted = fetchBurst + int(math.Ceil(float64(out.Took)/float64(fetchEvery))) + int(math.Ceil(float64(out.Took)/float64(refreshIn)))
	return out, ctx.Err()
}

// slice sends the good traffic and what is beside it for one slice of an arm.
func (s *Stage) slice(ctx context.Context, f Flood, good Target, side []Request, arm *Arm, all *FloodResult) error {
	beside, err := GRPC(s.Tiergate.GRPC, f.Connections, side) // connections of its own, as another client's
	if err != nil {
		return err
	}
	defer beside.Close()
	before, err := s.gauge(ctx)
	if err != nil {
		return err
	}
	type outcome struct {
		r   *Result
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		r, err := Open(ctx, beside, side, Rate{
			PerSecond: float64(len(side)) / f.Slice.Seconds(), Duration: 2 * f.Slice, Count: len(side), Senders: f.Senders,
		})
		done <- outcome{r, err}
	}()
	r, err := Open(ctx, good, s.Requests, Rate{
		PerSecond: f.PerSecond, Duration: f.Slice, Count: 2 * int(f.PerSecond*f.Slice.Seconds()+100), Senders: f.Senders,
	})
	other := <-done
	if err := errors.Join(err, other.err); err != nil {
		return err
	}
	after, err := s.gauge(ctx)
	if err != nil {
		return err
	}
	arm.Good.Add(r)
	arm.P99 = append(arm.P99, float64(r.Latency.ValueAtQuantile(99)))
	arm.Side.Add(other.r)
	arm.Hits += after.hits - before.hits
	arm.Misses += after.misses - before.misses
	arm.CPU += after.cpu - before.cpu
	all.Most = max(all.Most, after.memory)
	all.Overloaded += after.overloaded - before.overloaded
	return nil
}

// reading is what tiergate says of itself.
type reading struct {
	hits, misses, memory, overloaded int
	cpu                              time.Duration
}

func (s *Stage) gauge(ctx context.Context) (reading, error) {
	text, err := s.Tiergate.Metrics(ctx)
	if err != nil {
		return reading{}, err
	}
	var r reading
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		var n float64
		if _, err := fmt.Sscan(value, &n); !ok || err != nil {
			continue
		}
		switch {
		case name == `tiergate_cache_requests_total{cache="token",result="hit"}`:
			r.hits = int(n)
		case name == `tiergate_cache_requests_total{cache="token",result="miss"}`:
			r.misses = int(n)
		case name == "process_resident_memory_bytes":
			r.memory = int(n)
		case strings.HasPrefix(name, "tiergate_signature_slots_refused_total{"):
			r.overloaded += int(n)
		}
	}
	if r.cpu, err = CPU(s.Tiergate.Pid()); err != nil {
		return reading{}, err
	}
	return r, nil
}

// worthless makes requests like r with tokens that must be refused: of unknown
// keys, and with signatures of the right size that nobody made. Each is another
// token, so no cache of refusals could know it.
func worthless(r Request, unknown, forged int) ([]Request, error) {
	header, rest, ok := strings.Cut(r.Token, ".")
	claims, _, dot := strings.Cut(rest, ".")
	if !ok || !dot {
		return nil, errors.New("load: the stage has no token to copy")
	}
	r.Allowed = false
	out := make([]Request, 0, unknown+forged)
	for len(out) < unknown+forged {
		signature := make([]byte, 256) // of RSA-2048
		rand.Read(signature)
		signature[0] &= 0x3f // below every modulus, so that it costs as much as a good one
		head := header
		if len(out) < unknown {
			head = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"RS256","kid":"%s","typ":"at+jwt"}`, rand.Text()))
		}
		r.Token = head + "." + claims + "." + base64.RawURLEncoding.EncodeToString(signature)
		out = append(out, r)
	}
	mixed := make([]Request, len(out))
	for i, j := range shuffled(len(out)) {
		mixed[i] = out[j]
	}
	return mixed, nil
}
