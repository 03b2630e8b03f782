package extauthz

import (
	"time"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/rules"
)

// fill writes what happened into a record. Nothing of the request goes in but
// its trace id: paths, queries, headers and bodies hold what nobody may log.
func (s *Server) fill(r *audit.Record, out *rules.Outcome, raw *rules.RawRequest, total time.Duration) {
	*r = audit.Record{
		ID:      raw.ID,
		EnvoyID: raw.ProxyID,
		Trace:   traceID(raw.Headers),
		Time:    raw.Now,
		Op:      out.Operation,
		OpPos:   audit.Pos(out.OpPos),
		Stream:  int64(out.Stream.Seconds()),
		Effect:  out.Effect.String(),
		Status:  out.Status(),
		Reason:  string(out.Reason),
		Detail:  out.Detail,
		Versions: audit.Versions{
			Policy:  out.Policy,
			Config:  s.o.Config,
			Catalog: out.Catalog,
		},
		Cache:    audit.Cache{Token: out.TokenHit, Hits: out.Hits, Misses: out.Misses, Stale: out.Stale},
		Stripped: out.Effect == rules.Allow && out.Caller.Strips(),
		Targets:  r.Targets[:0],
		Inputs:   r.Inputs[:0],
		Answers:  r.Answers[:0],
		Spend:    spent(r.Spend[:0], out),
	}
	for _, a := range out.Answers {
		r.Answers = append(r.Answers, audit.Answer(a))
	}
	if out.Caller != nil {
		r.Caller, r.Peer = caller(out.Caller), out.Caller.Peer
		if out.Caller.Actor != nil {
			actor := caller(out.Caller.Actor)
			r.Actor = &actor
		}
		if out.Caller.Verified != nil {
			r.Versions.Keys = out.Caller.Keys
		}
	}
	for i := range out.Targets {
		r.Targets = append(r.Targets, target(&out.Targets[i]))
		for _, in := range out.Targets[i].Inputs {
			r.Inputs = append(r.Inputs, s.input(i, in))
		}
	}
	if sh := out.Shadow; sh != nil {
		r.Shadow = &audit.Shadow{
			Effect: sh.Effect.String(), Reason: string(sh.Reason), Detail: sh.Detail,
			Rule: sh.Rule, By: sh.By, Until: sh.Until,
		}
	}
	r.Us = audit.Us{
		Decode:   out.Took[rules.StepDecode].Microseconds(),
		Match:    out.Took[rules.StepMatch].Microseconds(),
		Identify: out.Took[rules.StepIdentify].Microseconds(),
		Resolve:  out.Took[rules.StepResolve].Microseconds(),
		Decide:   out.Took[rules.StepDecide].Microseconds(),
		Total:    total.Microseconds(),
	}
}

// spent is what an allow took from budgets, as far as that was needed.
func spent(list []audit.Spend, out *rules.Outcome) []audit.Spend {
	for i := range out.Spend.Claims {
		claim := &out.Spend.Claims[i]
		paid := &claim.Options[claim.Paid]
		for k := range paid.Charges {
			c := &paid.Charges[k]
			s := audit.Spend{Target: claim.Verdict, Rule: paid.Rule, Limit: c.Budget.String(), Amount: c.Amount}
			if c.Budget.Counts == rules.Objects {
				s.Amount = 1
			}
			list = append(list, s)
		}
	}
	return list
}

func caller(c *rules.Caller) audit.Caller {
	r := audit.Caller{Kind: c.Kind.String(), Identity: c.Name(), Purpose: c.Purpose}
	if c.Bound != rules.NotBound {
		r.Bound, r.BoundBy = true, c.Bound.String()
	}
	if v := c.Verified; v != nil {
		r.Issuer, r.Subject, r.Client = v.Issuer, v.Subject, v.ClientID
		r.Token, r.Key = v.TokenID, v.KeyID
	}
	return r
}

func target(v *rules.Verdict) audit.Target {
	as := ""
	if v.Actor {
		as = "actor"
	}
	return audit.Target{
		Action: v.Action, Type: v.Type, ID: v.ID, Tier: v.Tier, TierFrom: v.TierFrom, Categories: v.Categories,
		Effect: v.Effect.String(), Reason: string(v.Reason),
		Rule: v.Rule, Pos: audit.Pos(v.Pos), Missing: v.Missing, As: as,
	}
}

func (s *Server) input(target int, in rules.Input) audit.Input {
	if in.Sensitive && in.Value != nil {
		return audit.Input{Target: target, Name: in.Name, Hash: s.o.Hasher.Hash(in.Value)}
	}
	return audit.Input{Target: target, Name: in.Name, Value: in.Value}
}

// traceID is the trace id of a W3C traceparent header, version 00 or later:
// 00-<32 hex>-<16 hex>-<2 hex>. Anything else gives "".
func traceID(headers []rules.Header) string {
	for i := range headers {
		if headers[i].Name != "traceparent" {
			continue
		}
		v := headers[i].Value
		if len(v) < 55 || v[2] != '-' || v[35] != '-' || v[52] != '-' {
			return ""
		}
		for j := 3; j < 35; j++ {
			if c := v[j]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return ""
			}
		}
		return v[3:35]
	}
	return ""
}
