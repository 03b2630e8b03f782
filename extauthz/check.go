package extauthz

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/rules"
)

// call is one Check under way.
type call struct {
	s        *Server
	message  string // the CheckRequest, as it came
	raw      rules.RawRequest
	decoding time.Duration // that reading it took
	start    time.Time
	record   audit.Record
}

var calls = sync.Pool{New: func() any { return new(call) }}

// newCall returns a call with nothing in it, for the codec to fill.
func newCall() *call {
	c, _ := calls.Get().(*call)
	return c
}

// free gives a call back without the request: nothing keeps a large one, or its
// credentials, until the next.
func (c *call) free() {
	c.message, c.raw = "", rules.RawRequest{}
	calls.Put(c)
}

// check answers one request, whatever it holds, and takes the call back.
func (s *Server) check(ctx context.Context, c *call, serves *rules.HostSet) (resp wire) {
	c.s, c.start = s, s.o.Now()
	c.raw.ID, c.raw.Now, c.raw.Serves = s.ids.next(), c.start, serves
	defer func() {
		if p := recover(); p != nil {
			resp = c.panicked(p) // c is left to the collector: who knows what holds it
			return
		}
		c.free()
	}()
	fault := c.read() // first: every answer is in the caller's form, and its record names the request
	if n := s.inFlight.Add(1); n > int64(s.o.InFlight) {
		s.inFlight.Add(-1)
		return c.finish(ctx, denial(rules.Overloaded, ""))
	}
	s.o.Metrics.inFlight.Inc()
	defer func() {
		s.inFlight.Add(-1)
		s.o.Metrics.inFlight.Dec()
	}()
	if fault != nil {
		return c.finish(ctx, &rules.Outcome{Decision: rules.Denial(fault)})
	}
	return c.decide(ctx)
}

// read decodes the request, as far as it can be; the error is a *rules.Fault.
func (c *call) read() error {
	err := decode(&c.raw, c.message)
	c.decoding = c.s.o.Now().Sub(c.start)
	switch limit := c.s.o.Limits.Message; {
	case len(c.message) > limit:
		return rules.Faultf(rules.BodyTooLarge, "a message of %d bytes, more than %d", len(c.message), limit)
	case err != nil:
		return rules.Faultf(rules.MalformedRequest, "%v", err)
	}
	return nil
}

// decide asks the Checker, inside the deadline.
func (c *call) decide(ctx context.Context) wire {
	limit := c.s.o.Deadline
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, end.Sub(c.start)*8/10) // time for the answer to get back
	}
	if limit <= 0 || ctx.Err() != nil {
		return c.finish(ctx, denial(rules.DeadlineExceeded, "no time was left"))
	}
	ctx, cancel := context.WithDeadline(ctx, c.start.Add(limit))
	defer cancel()
	out := c.s.o.Checker.Check(ctx, &c.raw)
	if out == nil {
		out = denial(rules.Internal, "the checker gave no outcome")
	}
	out.Took[rules.StepDecode] += c.decoding
	return c.finish(ctx, out)
}

// finish turns an outcome into the answer. An allow must pass here what could
// still forbid it: its own reason and mutations, the deadline, the decision log.
func (c *call) finish(ctx context.Context, out *rules.Outcome) wire {
	var resp wire
	if allows := out.Reason.Status() == 200; out.Reason == "" || allows != (out.Effect == rules.Allow) {
		refuse(out, rules.Decision{Reason: rules.Internal, Detail: fmt.Sprintf("%v for the reason %q", out.Effect, out.Reason)})
	}
	if out.Effect == rules.Allow {
		var err error
		if resp, err = c.s.answers.allow(out, &c.raw); err != nil {
			refuse(out, rules.Denial(err))
		} else if err := c.s.o.Audit.Available(); err != nil {
			refuse(out, rules.Decision{Reason: rules.AuditUnavailable, Detail: err.Error()})
		}
	}
	if err := ctx.Err(); err != nil && (out.Effect == rules.Allow || out.Reason == rules.Internal) {
		refuse(out, rules.Decision{Reason: rules.DeadlineExceeded, Detail: err.Error()})
	}
	total := c.s.o.Now().Sub(c.start)
	c.s.fill(&c.record, out, &c.raw, total)
	if err := c.s.o.Audit.Record(&c.record); err != nil && out.Effect == rules.Allow {
		refuse(out, rules.Decision{Reason: rules.AuditUnavailable, Detail: err.Error()})
	}
	c.s.o.Metrics.answered(out, total)
	if out.Effect != rules.Allow {
		return c.s.answers.deny(out, &c.raw)
	}
	return resp
}

// refuse replaces an outcome's decision by a denial, and keeps the verdicts for the record.
func refuse(out *rules.Outcome, d rules.Decision) {
	d.Targets, d.Answers, d.Spend = out.Targets, out.Answers, out.Spend // what was taken from budgets stays taken
	out.Decision = d
}

func denial(r rules.Reason, detail string) *rules.Outcome {
	return &rules.Outcome{Decision: rules.Decision{Reason: r, Detail: detail}}
}

// panicked denies a request whose Check panicked. Only runtime errors are
// logged with their text: another value could hold part of the request.
func (c *call) panicked(p any) (resp wire) {
	out := denial(rules.Internal, "panic")
	defer func() {
		if recover() != nil { // not even the record could be made
			resp = c.s.answers.deny(out, &rules.RawRequest{ID: c.raw.ID})
		}
	}()
	c.s.o.Metrics.panics.Inc()
	text := fmt.Sprintf("%T", p)
	if err, ok := p.(runtime.Error); ok {
		text = err.Error()
	}
	c.s.o.Log.Error("check panicked", slog.String("decision", c.raw.ID), slog.String("panic", text), slog.String("stack", string(debug.Stack())))
	return c.finish(context.Background(), out)
}
