package policy

import (
	"context"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Trace decides one request as Check does, and adds what the conditions of the
// rules said of each target that was decided. It is not for the request path.
func (p *Policy) Trace(ctx context.Context, raw *rules.RawRequest) (*rules.Outcome, []rules.Tried) {
	c := check{p: p, raw: raw, o: &rules.Outcome{Policy: p.Hash}, last: time.Now()}
	err := c.run(ctx)
	var tried []rules.Tried
	for i := range c.o.Targets { // the verdicts for who acts for the caller stand behind the caller's
		who, at := c.o.Caller, i
		if i >= len(c.targets) {
			who, at = c.o.Caller.Actor, i-len(c.targets)
		}
		if err == nil && at < len(c.targets) {
			tried = append(tried, p.set.Tried(c.o.Request, rules.Judged{Caller: who, User: c.o.Caller}, &c.targets[at])...)
		}
	}
	c.end(err)
	return c.o, tried
}
