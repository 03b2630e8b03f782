package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is what a run found.
type Result struct {
	Sent, Allowed, Denied, Failed int
	Wrong                         int   // answers that were not as the traffic expects
	Late                          int   // sent more than 5 ms after they were due
	FirstError                    error // of those that failed
	Took                          time.Duration
	Latency                       *hdrhistogram.Histogram // microseconds
}

func newResult() *Result { return &Result{Latency: hdrhistogram.New(1, 60_000_000, 3)} }

// Add joins what another run found.
func (r *Result) Add(o *Result) {
	r.Sent += o.Sent
	r.Allowed += o.Allowed
	r.Denied += o.Denied
	r.Failed += o.Failed
	r.Wrong += o.Wrong
	r.Late += o.Late
	if r.FirstError == nil {
		r.FirstError = o.FirstError
	}
	r.Latency.Merge(o.Latency)
}

// one sends one request and books its answer; due is where its latency starts.
func (r *Result) one(ctx context.Context, t Target, requests []Request, i int, due time.Time) {
	allowed, err := t.Send(ctx, i)
	if ctx.Err() != nil {
		return // cut short by the end of the run
	}
	took := time.Since(due).Microseconds()
	r.Sent++
	switch {
	case err != nil:
		r.Failed++
		if r.FirstError == nil {
			r.FirstError = err
		}
	case allowed:
		r.Allowed++
	default:
		r.Denied++
	}
	if err == nil && allowed != requests[i].Allowed {
		r.Wrong++
	}
	r.Latency.RecordValue(max(took, 1)) //nolint:errcheck // beyond a minute is a minute
}

// Rate is an open loop.
type Rate struct {
	PerSecond float64
	Duration  time.Duration
	Count     int // requests at most
	Senders   int // requests in flight at most
}

func (r *Rate) check() error {
	if r.PerSecond <= 0 || r.Duration <= 0 || r.Count <= 0 || r.Senders <= 0 {
		return fmt.Errorf("load: rate %v/s for %v, %d requests and %d senders: want more than 0 of each", r.PerSecond, r.Duration, r.Count, r.Senders)
	}
	return nil
}

// Open sends requests at the times of a Poisson process, whatever the answers
// take. A request that finds every sender busy waits, and its wait counts.
func Open(ctx context.Context, t Target, requests []Request, rate Rate) (*Result, error) {
	if err := rate.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, rate.Duration+10*time.Second)
	defer cancel()
	type job struct {
		i   int
		due time.Time
	}
	jobs := make(chan job, 1<<16) // a stall of the target does not stop the clock
	results := make([]*Result, rate.Senders)
	var senders sync.WaitGroup
	for s := range rate.Senders {
		results[s] = newResult()
		senders.Go(func() {
			for j := range jobs {
				if time.Since(j.due) > 5*time.Millisecond {
					results[s].Late++
				}
				results[s].one(ctx, t, requests, j.i, j.due)
			}
		})
	}
	order := shuffled(len(requests))
	begin := time.Now()
	due := begin
	for n := 0; n < rate.Count && ctx.Err() == nil; n++ {
		due = due.Add(time.Duration(rand.ExpFloat64() / rate.PerSecond * float64(time.Second)))
		if due.Sub(begin) > rate.Duration {
			break
		}
		if wait := time.Until(due); wait > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
		}
		jobs <- job{order[n%len(order)], due}
	}
	close(jobs)
	senders.Wait()
	return gather(results, time.Since(begin)), nil
}

// Closed keeps as many requests in flight as there are senders, until the time
// is over. first is the number of the first request, so that slices of one run
// go on where the last one stopped.
func Closed(ctx context.Context, t Target, requests []Request, senders int, d time.Duration, first int) *Result {
	var next atomic.Int64
	next.Store(int64(first))
	order := shuffled(len(requests))
	results := make([]*Result, senders)
	begin := time.Now()
	var all sync.WaitGroup
	for s := range senders {
		results[s] = newResult()
		all.Go(func() {
			for ctx.Err() == nil && time.Since(begin) < d {
				i := order[int(next.Add(1))%len(order)]
				results[s].one(ctx, t, requests, i, time.Now())
			}
		})
	}
	all.Wait()
	return gather(results, time.Since(begin))
}

// Once sends every request once, few at a time: it fills the caches.
func Once(ctx context.Context, t Target, requests []Request) *Result {
	const senders = 4
	results := make([]*Result, senders)
	begin := time.Now()
	var all sync.WaitGroup
	for s := range senders {
		results[s] = newResult()
		all.Go(func() {
			for i := s; i < len(requests) && ctx.Err() == nil; i += senders {
				results[s].one(ctx, t, requests, i, time.Now())
			}
		})
	}
	all.Wait()
	return gather(results, time.Since(begin))
}

func gather(results []*Result, took time.Duration) *Result {
	total := newResult()
	for _, r := range results {
		total.Add(r)
	}
	total.Took = took
	return total
}
