// Package policy joins rules, routes and identities into one immutable version
// and decides requests with it.
//
// A Policy never changes: a Check loads it once and uses it in every step, so
// no decision mixes two versions. A version that does not load completely never
// replaces one that did.
package policy

import (
	"context"
	"time"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// Verifier turns the credential and the connection of a request into what they
// prove. Verify MUST return before ctx ends, MUST NOT call out while the caller
// waits, and MUST fail with a *rules.Fault. Without a credential it returns an
// anonymous Verified.
type Verifier interface {
	Verify(ctx context.Context, req *rules.Request) (rules.Evidence, error)
}

// Revocations says whether what a caller presents was revoked, and by which
// entry. It is asked on every request with a credential or a peer, behind the
// token cache, and MUST NOT call out.
type Revocations interface {
	Revoked(c *rules.Caller) (entry string, revoked bool)
}

// Ledger counts what rules with a limit allow. Charge MUST take all that the claims
// want or nothing, and say which rule paid for each; short is the index of the first
// claim that no rule can pay for, or -1, and an error says that nothing could be
// taken. Note takes what a denied request named, as far as there is room. Neither
// MUST call out.
type Ledger interface {
	Charge(now time.Time, claims []rules.Claim) (short int, err error)
	Note(now time.Time, tries []rules.Charge)
}

// Policy is one version of everything that decides.
type Policy struct {
	// Hash names the version: hex SHA-256 over the rules files and what of the
	// configuration shapes their meaning.
	Hash string

	source      *rules.Source
	set         *rules.Set
	routes      *resolver.Routes
	recogniser  *identity.Recogniser
	view        *catalog.View
	subjects    *subjects // nil where no issuer has a source of them
	verifier    Verifier
	revocations Revocations // nil for none
	ledger      Ledger      // nil for an empty one for each request
	resolve     resolver.Options
}

// Check decides one request. It is total: whatever happens, the outcome is an
// explicit allow or an explicit denial with a reason.
func (p *Policy) Check(ctx context.Context, raw *rules.RawRequest) *rules.Outcome {
	o, _ := p.decide(ctx, raw)
	return o
}

// decide is Check, and says what the caller proved: the zero value where no
// credential was accepted, or none was asked for.
func (p *Policy) decide(ctx context.Context, raw *rules.RawRequest) (*rules.Outcome, rules.Evidence) {
	o := p.undecided()
	c := check{p: p, raw: raw, o: o, last: time.Now()}
	c.end(c.run(ctx))
	return o, c.evidence
}

// undecided is an outcome before its decision: a denial without a reason.
func (p *Policy) undecided() *rules.Outcome {
	return &rules.Outcome{Policy: p.Hash, Asked: p.set.AskedHeaders()}
}

// end turns the error of run into the denial that it is, and excuses what a
// shadow entry covers.
func (c *check) end(err error) {
	if err != nil {
		c.o.Decision = rules.Denial(err)
	}
	if !c.firm {
		c.p.excuse(c.o, c.targets, c.raw.Now)
	}
}

// check is one Check under way.
type check struct {
	p       *Policy
	raw     *rules.RawRequest
	o       *rules.Outcome
	last    time.Time
	targets []rules.Target // once they are resolved
	firm    bool           // no shadow entry excuses the denial

	evidence rules.Evidence // once it is accepted

	suppose    *rules.Suppose // what an explanation takes to be otherwise; nil for nothing
	unsupposed error          // why it could not
}

// run takes the steps of docs/reference/decisions.md in order; the first that
// fails ends the request.
func (c *check) run(ctx context.Context) error {
	req, err := resolver.Canonical(c.raw, &c.p.resolve)
	c.took(rules.StepDecode)
	c.o.Request = req // a host that is not served, or an upgrade, comes with the request
	if err != nil {
		return err
	}
	if c.suppose != nil {
		req = c.suppose.Request(req)
		c.o.Request = req
	}
	match, err := c.p.routes.Match(req)
	c.took(rules.StepMatch)
	if match.Op != nil { // of a denial too, whose body nobody needed
		c.o.Operation, c.o.OpPos = match.Op.Line, match.Op.Pos
	}
	if err != nil {
		return err
	}
	if match.Preflight {
		c.o.Decision = rules.Decision{Effect: rules.Allow, Reason: rules.Preflight}
		return nil
	}
	c.o.Stream = match.Stream(req)
	if match.Op.Open {
		c.o.Decision = rules.Decision{Effect: rules.Allow, Reason: rules.OpenRoute}
		return nil
	}
	if err := c.identify(ctx, req, match.Op.Purpose); err != nil {
		return err
	}
	c.targets, err = c.resolve(ctx, req, &match)
	c.took(rules.StepResolve)
	if err != nil {
		return err
	}
	c.o.Decision = c.p.set.Decide(req, c.o.Caller, c.targets)
	c.p.charge(&c.o.Decision, req.Now)
	c.took(rules.StepDecide)
	return nil
}

func (c *check) identify(ctx context.Context, req *rules.Request, purpose string) error {
	defer c.took(rules.StepIdentify)
	evidence, err := c.p.verifier.Verify(ctx, req)
	c.o.Nonce = evidence.Nonce // a refusal may be about the lack of it
	if c.suppose != nil && (err == nil || c.suppose.Somebody()) {
		if evidence, err = c.suppose.Evidence(evidence, c.p.set, req.Now); err != nil {
			c.unsupposed = err
		}
	}
	if err != nil {
		return err
	}
	c.evidence = evidence
	c.o.TokenHit = evidence.Cached
	absent := c.p.subjects.look(ctx, &evidence, c.o)
	if c.suppose != nil && absent == nil {
		if err := c.suppose.Claims(&evidence, c.p.set, req.Now); err != nil {
			c.unsupposed = err
			return err
		}
	}
	caller, err := c.p.recogniser.Recognise(evidence, req, purpose)
	c.o.Caller = caller // even a refused caller is named in the record
	// Whatever else is wrong with the caller: a shadow entry may excuse that.
	if c.p.revocations != nil && caller != nil {
		if entry, revoked := c.p.revocations.Revoked(caller); revoked {
			return rules.Faultf(rules.Revoked, "by %s", entry)
		}
	}
	if absent != nil {
		err = absent
	}
	// Only a purpose is a rule to try out. The rest says that the caller may not be
	// used, or that nobody knows who it is: each of those it could be may be suspended.
	c.firm = err != nil && rules.Denial(err).Reason != rules.PurposeNotAllowed
	return err
}

func (c *check) resolve(ctx context.Context, req *rules.Request, match *resolver.Match) ([]rules.Target, error) {
	targets, err := match.Targets(req, c.o.Caller)
	if c.o.Reply = match.Reply; len(match.Calls) > 0 {
		c.o.Operation, c.o.OpPos = match.Line(), match.Calls[0].Pos
		for _, op := range match.Calls {
			c.o.Calls = append(c.o.Calls, op.Pos)
		}
	}
	if err == nil && c.suppose != nil {
		c.unsupposed = c.suppose.Actions(targets)
		err = c.unsupposed
	}
	if err != nil {
		return nil, err
	}
	stats, err := c.p.view.Fill(ctx, targets, func(t *rules.Target) catalog.Want {
		return c.p.wants(c.o.Caller, t)
	})
	c.o.Hits, c.o.Misses, c.o.Stale = c.o.Hits+stats.Hits, c.o.Misses+stats.Misses, c.o.Stale+stats.Stale
	if err != nil {
		return nil, err
	}
	targets = resolver.Settle(targets)
	c.o.Catalog = max(c.o.Catalog, stats.Generation)
	if c.suppose != nil {
		c.unsupposed = c.suppose.Targets(c.p.set.Schema(), targets)
	}
	return targets, c.unsupposed
}

// wants says which look-ups can matter to the caller or to who acts for it.
func (p *Policy) wants(c *rules.Caller, t *rules.Target) (want catalog.Want) {
	if p.couldAllow(c, t) || c.Actor != nil && p.couldAllow(c.Actor, t) {
		want = catalog.WantRow
		if p.readsParent(c, t) || c.Actor != nil && p.readsParent(c.Actor, t) {
			want |= catalog.WantParent
		}
	}
	return want
}

func (p *Policy) readsParent(c *rules.Caller, t *rules.Target) bool {
	if t.Upsert {
		return p.set.ReadsParent(c, t.Object.Type, "create") || p.set.ReadsParent(c, t.Object.Type, "update")
	}
	return p.set.ReadsParent(c, t.Object.Type, t.Action)
}

// couldAllow says whether a look-up can matter: a caller whom no rule can allow
// must not make us read.
func (p *Policy) couldAllow(c *rules.Caller, t *rules.Target) bool {
	if t.Upsert {
		return p.set.CouldAllow(c, t.Object.Type, "create") || p.set.CouldAllow(c, t.Object.Type, "update")
	}
	return p.set.CouldAllow(c, t.Object.Type, t.Action)
}

func (c *check) took(s rules.Step) {
	now := time.Now()
	c.o.Took[s] = now.Sub(c.last)
	c.last = now
}

// Knows reports whether an identity matches a caller, or more than one does.
func (p *Policy) Knows(e rules.Evidence) bool {
	c, err := p.recogniser.Recognise(e, new(rules.Request), "")
	return c.Identity != nil || err != nil && rules.Denial(err).Reason == rules.IdentityAmbiguous
}

// Set is the compiled rules.
func (p *Policy) Set() *rules.Set { return p.set }

// Routes are the compiled map lines.
func (p *Policy) Routes() *resolver.Routes { return p.routes }

// View is the catalog as this version declares it.
func (p *Policy) View() *catalog.View { return p.view }

// Survey is what there is to say about the rows of a catalog before they are served.
func (p *Policy) Survey(source string) catalog.Survey {
	return p.view.Survey(source, p.subjects.check)
}

// Source is what the version was compiled from.
func (p *Policy) Source() *rules.Source { return p.source }

// Files returns the rules files of the version, in byte order of their paths.
func (p *Policy) Files() []rules.File { return p.source.Files }
