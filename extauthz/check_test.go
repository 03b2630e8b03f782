package extauthz

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/tiergate/tiergate/rules"
)

// answer runs one Check on a server that does not listen.
func answer(ctx context.Context, t testing.TB, o Options, in *authv3.CheckRequest) *authv3.CheckResponse {
	t.Helper()
	s := &Server{o: o, answers: newAnswers(o.Managed, o.ExposeReason)}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	return parsed(t, s.check(ctx, read(in), rules.NewHostSet("api.example.com")))
}

func TestOnlyAnAllowThatPassesEverythingIsAnAllow(t *testing.T) {
	late, cancel := context.WithCancel(context.Background())
	cancel()
	header := func(name, value string) rules.Obligations {
		return rules.Obligations{SetHeaders: []rules.Header{{Name: name, Value: value}}}
	}
	allow := func(o rules.Obligations) checkFunc {
		return func(context.Context, *rules.RawRequest) *rules.Outcome {
			out := allowed()
			out.Obligations = o
			return out
		}
	}
	for name, c := range map[string]struct {
		check  checkFunc
		audit  *memory
		ctx    context.Context
		full   bool
		status int
		reason rules.Reason
	}{
		"allow":                   {check: alwaysAllow, status: 200, reason: rules.Allowed},
		"allow with a header":     {check: allow(header("x-account-tenant", "eu")), status: 200, reason: rules.Allowed},
		"a header nobody manages": {check: allow(header("x-other", "eu")), status: 503, reason: rules.MutationInvalid},
		"the zero outcome":        {check: func(context.Context, *rules.RawRequest) *rules.Outcome { return &rules.Outcome{} }, status: 503, reason: rules.Internal},
		"no outcome":              {check: func(context.Context, *rules.RawRequest) *rules.Outcome { return nil }, status: 503, reason: rules.Internal},
		"a panic":                 {check: func(context.Context, *rules.RawRequest) *rules.Outcome { panic("secret") }, status: 503, reason: rules.Internal},
		"a runtime panic": {check: func(context.Context, *rules.RawRequest) *rules.Outcome {
			var list []int
			return &rules.Outcome{Hits: list[0]}
		}, status: 503, reason: rules.Internal},
		"G4 the client has gone":    {check: alwaysAllow, ctx: late, status: 503, reason: rules.DeadlineExceeded},
		"full":                      {check: alwaysAllow, full: true, status: 503, reason: rules.Overloaded},
		"L5 a required log is down": {check: alwaysAllow, audit: &memory{down: errors.New("EIO")}, status: 503, reason: rules.AuditUnavailable},
		"L5 a required log refuses": {check: alwaysAllow, audit: &memory{refuses: errors.New("full")}, status: 503, reason: rules.AuditUnavailable},
		"an allow without its reason": {check: func(context.Context, *rules.RawRequest) *rules.Outcome {
			return &rules.Outcome{Decision: rules.Decision{Effect: rules.Allow}}
		}, status: 503, reason: rules.Internal},
		"an allow for the reason of a denial": {check: func(context.Context, *rules.RawRequest) *rules.Outcome {
			return &rules.Outcome{Decision: rules.Decision{Effect: rules.Allow, Reason: rules.NoRule}}
		}, status: 503, reason: rules.Internal},
		"a denial for the reason of an allow": {check: func(context.Context, *rules.RawRequest) *rules.Outcome {
			return &rules.Outcome{Decision: rules.Decision{Reason: rules.Allowed}}
		}, status: 503, reason: rules.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, c.check)
			if c.audit == nil {
				c.audit = &memory{}
			}
			o.Audit = c.audit
			if c.full {
				o.InFlight = 0
			}
			if c.ctx == nil {
				c.ctx = t.Context()
			}
			resp := answer(c.ctx, t, o, request("GET", "/", nil))
			if got := verdict(resp); got != c.status || reason(resp) != c.reason {
				t.Errorf("%d %s, want %d %s", got, reason(resp), c.status, c.reason)
			}
			if c.audit.refuses != nil {
				return // it has no record
			}
			r := c.audit.last(t)
			if r.Reason != string(c.reason) || r.Status != c.status || (r.Effect == "allow") != (c.status == 200) {
				t.Errorf("the record says %s %d %s, want %d %s", r.Effect, r.Status, r.Reason, c.status, c.reason)
			}
		})
	}
}

// Answers that are made without a decision are like all others: in the form that
// the caller reads, with a record that names the request.
func TestEveryDenialKnowsTheRequest(t *testing.T) {
	const trace = "0af7651916cd43dd8448eb211c80319c"
	late, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		full   bool
		behind string // of the message
		reason rules.Reason
	}{
		"overloaded":   {t.Context(), true, "", rules.Overloaded},
		"no time":      {late, false, "", rules.DeadlineExceeded},
		"unreadable":   {t.Context(), false, "\xff", rules.MalformedRequest},
		"the allowed":  {t.Context(), false, "", rules.Allowed},
		"unknown text": {t.Context(), false, "\x9a\x3f\x01x", rules.Allowed},
	} {
		o := options(t, alwaysAllow)
		if c.full {
			o.InFlight = 0
		}
		s := &Server{o: o, answers: newAnswers(o.Managed, false)}
		s.o.Now = time.Now
		in := read(request("POST", "/a.B/C", map[string]string{
			"content-type": "application/grpc", "traceparent": "00-" + trace + "-b7ad6b7169203331-01",
		}))
		in.message += c.behind
		r := parsed(t, s.check(c.ctx, in, nil))
		if reason(r) != c.reason || strings.Contains(r.GetDeniedResponse().GetBody(), "{") {
			t.Errorf("%s: %s %q, want %s and a text", name, reason(r), r.GetDeniedResponse().GetBody(), c.reason)
		}
		if rec := o.Audit.(*memory).last(t); rec.EnvoyID != "17" || rec.Trace != trace || rec.Reason != string(c.reason) {
			t.Errorf("%s: the record says %q %q %s", name, rec.EnvoyID, rec.Trace, rec.Reason)
		}
	}
}

// I3: a Check ends inside its deadline, and an allow that comes later is none.
func TestI3DeadlineIsTheProxysOrOurs(t *testing.T) {
	for name, c := range map[string]struct {
		ours, proxys time.Duration
		want         time.Duration
	}{
		"ours is shorter":     {50 * time.Millisecond, time.Second, 50 * time.Millisecond},
		"the proxy's":         {time.Second, 100 * time.Millisecond, 80 * time.Millisecond},
		"Istio's 600 seconds": {200 * time.Millisecond, 600 * time.Second, 200 * time.Millisecond},
		"none":                {200 * time.Millisecond, 0, 200 * time.Millisecond},
	} {
		bubble(t, name, func(t *testing.T) {
			var left time.Duration
			o := options(t, func(ctx context.Context, raw *rules.RawRequest) *rules.Outcome {
				end, _ := ctx.Deadline()
				left = end.Sub(raw.Now)
				return allowed()
			})
			o.Deadline = c.ours
			ctx := t.Context()
			if c.proxys > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.proxys)
				defer cancel()
			}
			if got := verdict(answer(ctx, t, o, request("GET", "/", nil))); got != 200 {
				t.Fatalf("status %d", got)
			}
			if left != c.want {
				t.Errorf("the Checker had %v, want %v", left, c.want)
			}
		})
	}
}

func TestI3AnAllowAfterTheDeadlineIsADenial(t *testing.T) {
	o := options(t, func(ctx context.Context, _ *rules.RawRequest) *rules.Outcome {
		<-ctx.Done()
		return allowed()
	})
	o.Deadline = time.Millisecond
	if got := verdict(answer(t.Context(), t, o, request("GET", "/", nil))); got != 503 {
		t.Errorf("status %d, want 503", got)
	}
	if r := o.Audit.(*memory).last(t); r.Reason != string(rules.DeadlineExceeded) || r.Effect != "deny" {
		t.Errorf("the record says %s %s", r.Effect, r.Reason)
	}
}

func TestADenialAfterTheDeadlineKeepsItsReason(t *testing.T) {
	o := options(t, func(ctx context.Context, _ *rules.RawRequest) *rules.Outcome {
		<-ctx.Done()
		return denial(rules.NoRule, "")
	})
	o.Deadline = time.Millisecond
	if got := verdict(answer(t.Context(), t, o, request("GET", "/", nil))); got != 403 {
		t.Errorf("status %d, want 403", got)
	}
}

// A panic can carry what it was about; the log must not.
func TestS3APanicIsLoggedWithoutItsValue(t *testing.T) {
	log := &lines{}
	o := options(t, func(context.Context, *rules.RawRequest) *rules.Outcome { panic("Bearer canary-token") })
	o.Log = log.logger()
	answer(t.Context(), t, o, request("GET", "/", nil))
	if s := log.String(); !strings.Contains(s, "check panicked") || strings.Contains(s, "canary") {
		t.Errorf("the log has %s", s)
	}
}

func TestDecisionIDsAreUniqueAndSafeAnywhere(t *testing.T) {
	var p ids
	seen := make(map[string]bool)
	for range 10_000 {
		id := p.next()
		if len(id) != 26 || seen[id] || strings.Trim(id, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}
