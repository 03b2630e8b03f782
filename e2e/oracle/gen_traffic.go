package oracle

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// traffic draws requests for a world. It asks the evaluator what each draw
// would get, and takes those that keep the mix: near half of them allowed, and
// what was decided seldom before what was decided often.
type traffic struct {
	generator
	front  front
	stated bool // the caller is stated, not proven
	sent   int
	seen   map[string]int // requests by outcome
	luck   *rand.Rand     // of what requests answer
	book   *Book          // nil where nothing is spent
	after  time.Duration  // of the next one, since the first
}

// Traffic returns the first n requests of a world behind a proxy.
func Traffic(w *World, f front, n int) []*Request {
	t := &traffic{generator: generator{r: rand.New(rand.NewPCG(w.Seed, 0x74726166666963)), w: w}, front: f, seen: map[string]int{}, luck: rand.New(rand.NewPCG(w.Seed, 0x616e7377657273))}
	out := make([]*Request, n)
	for i := range out {
		out[i] = t.next()
	}
	return out
}

// draws are how many requests one is chosen from, more of them where an allow is
// wanted, which is harder to find.
const draws, drawsForAllow = 12, 24

func (t *traffic) next() *Request {
	wantAllow, allowed := t.chance(t.appetite()), 0
	var best *Request
	var kept Answer
	n := draws
	if wantAllow {
		n = drawsForAllow
	}
	if t.stated {
		n /= 3
	}
	for i := 0; i < n || best == nil; i++ {
		r := t.answer(t.request(wantAllow))
		a := t.evaluate(r)
		if t.stated && !a.Asked { // no proxy is there to refuse it
			continue
		}
		if best == nil || t.better(a, kept, wantAllow) {
			best, kept = r, a
		}
		if a.Reason == "allowed" {
			allowed++
		}
		if wantAllow && allowed == 2 { // one to choose from is enough
			break
		}
	}
	t.sent++
	t.seen[outcome(kept)]++
	t.seen[decider(kept)]++
	return best
}

// evaluate says what would become of a request behind those that were drawn.
func (t *traffic) evaluate(r *Request) Answer {
	if t.book == nil {
		return Evaluate(t.w, t.front, r)
	}
	r.After = t.after
	return t.book.Copy().Judge(t.w, r)
}

// appetite is how likely the next request should be an allow, so that near half are.
func (t *traffic) appetite() float64 {
	share := float64(t.seen["allowed"]) / float64(max(t.sent, 1))
	return min(max(0.5+4*(0.44-share), 0.2), 0.9)
}

// better says whether an answer is wanted more than the one at hand.
func (t *traffic) better(a, than Answer, wantAllow bool) bool {
	wanted := func(a Answer) bool { return wantAllow == (a.Reason == "allowed") }
	if wanted(a) != wanted(than) {
		return wanted(a)
	}
	if x, y := t.share(a), t.share(than); outcome(a) != outcome(than) || x != y {
		return x < y
	}
	return t.seen[decider(a)] < t.seen[decider(than)]
}

// ambiguousBeside is the one 400 that comes of an obligation: rare among those of
// captures, and worth as much as a 403.
const ambiguousBeside = "ambiguous_parameter beside what a rule sets"

// agentItself is what the rules deny to who acts, and not that it acts at all.
const agentItself = "agent_not_permitted by the actor's own rules"

// outcome is the reason, or that the proxy answered by itself.
func outcome(a Answer) string {
	if !a.Asked {
		return fmt.Sprintf("proxy_%d", a.Status)
	}
	if a.Status == 400 && len(a.Targets) > 0 {
		return ambiguousBeside
	}
	if a.Reason == "agent_not_permitted" && len(a.Targets) > 0 {
		return agentItself
	}
	return a.Reason
}

// decider names what decided: the outcome with the rule, action and type.
func decider(a Answer) string {
	if len(a.Targets) == 0 {
		return outcome(a) + " before any target: " + strings.Join(a.Reached, ", ")
	}
	last := a.Targets[len(a.Targets)-1]
	return strings.Join([]string{a.Reason, last.Rule, last.Action, last.Type}, " ")
}

// share is how much of the traffic a reason has had, measured by what it should
// have: the decisions of rules, and the proofs of who asks, are where most can go wrong.
func (t *traffic) share(a Answer) float64 {
	manyWays := slices.Contains([]string{"binding_missing", "binding_mismatch", "binding_nonce_required", "token_replayed", "revoked", "token_too_old"}, a.Reason)
	if statusOf[a.Reason] == 403 || a.Status == 503 || manyWays || a.Status == 400 && len(a.Targets) > 0 {
		return float64(t.seen[outcome(a)]) / 5
	}
	return float64(t.seen[outcome(a)])
}

// request draws one. A plain one has nothing wrong with it but what the rules say.
func (t *traffic) request(plain bool) *Request {
	h := pick(&t.generator, t.w.named())
	if !plain && t.chance(0.08) || plain && t.chance(0.02) {
		h = pick(&t.generator, t.w.Hosts)
	}
	if len(h.Lines) == 0 { // of another one's
		h = &Host{Name: h.Name, Lines: t.w.Hosts[0].Lines}
	}
	l := pick(&t.generator, h.Lines)
	switch rare := h.rare(); {
	case t.stated && t.w.Seed%4 == 3 && t.chance(0.7): // of some worlds little else is asked
		h = t.w.Hosts[1]
		l = pick(&t.generator, h.narrow())
	case t.stated && t.w.limited() && t.chance(0.7): // of others the limited rules are
		h = t.w.Hosts[1]
		l = pick(&t.generator, slices.DeleteFunc(slices.Clone(h.Lines), func(l *Line) bool { return !l.spends() }))
	case t.stated && len(rare) > 0 && t.chance(0.2):
		l = pick(&t.generator, rare)
	}
	r := &Request{Method: pick(&t.generator, l.methods()), Host: t.called(h), Token: t.token(), Phase: t.phase()}
	if l.spends() && t.chance(0.7) { // of few budgets much is spent
		r.Token = t.token()
		for r.Token%8 != int(t.w.Seed/8%8) {
			r.Token = t.token()
		}
	}
	if r.Method == "ANY" {
		r.Method = pick(&t.generator, []string{"GET", "PUT", "DELETE"})
	}
	if r.Method == http.MethodGet && t.chance(0.05) {
		r.Method = http.MethodHead
	}
	t.prove(r, plain || t.stated)
	f := &filler{traffic: t, req: r, host: h, line: l, body: map[string]any{}, plain: plain}
	f.fill()
	switch {
	case r.Peer != "":
	case r.Token < 0 && t.chance(0.7):
		r.Peer = pick(&t.generator, append([]string{meter, meter, probe, far}, peers...))
	case r.Token >= 0 && t.w.Tokens[r.Token].ofRobot() || t.chance(0.03):
		r.Peer = pick(&t.generator, []string{"", robot, robot, other, meter})
	}
	if t.chance(0.3) {
		t.spoof(r)
	}
	if t.chance(0.2) {
		t.forge(r, plain)
	}
	if !plain && t.chance(0.35) {
		t.spoil(r, l)
	}
	return r
}

// phase is that of the next request; nothing changes between stated ones.
func (t *traffic) phase() int {
	if t.stated {
		return 0
	}
	return phaseOf(t.sent)
}

// ofRobot says whether somebody with the robot's workload is in a token.
func (t *Token) ofRobot() bool {
	return t.Subject == "svc-4" || t.Act != nil && t.Act.Subject == "agent-3"
}

// token picks a token: mostly a young and good one.
func (t *traffic) token() int {
	p := t.r.Float64()
	if p < 0.1 {
		return -1
	}
	for {
		i := t.r.IntN(len(t.w.Tokens))
		tok := t.w.Tokens[i]
		switch {
		case t.stated && !tok.sound(t.w):
		case t.stated && p < 0.15, p < 0.15 && tok.Fault != "", p >= 0.15 && p < 0.4 && tok.Fault == "", p >= 0.4 && tok.Baseline:
			return i
		}
	}
}

// spoof adds copies of headers that only the server may set.
func (t *traffic) spoof(r *Request) {
	names := append([]string{"x-tiergate-decision", "x-tiergate-tier", "x-tiergate.decision", "x-object.tenant"}, t.w.Managed...)
	if t.chance(0.1) {
		names = []string{"x_caller", "x_object.tenant", "x_tiergate_decision"}
	}
	for _, n := range some(&t.generator, names, 2) {
		r.Headers = append(r.Headers, Header{n, "forged"})
	}
}
