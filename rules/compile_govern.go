package rules

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// govern compiles what limits the use of an identity: when, from where, with how
// fresh a credential and for whom. Whom it names is checked once all are known.
func (c *compiler) govern(d *IdentityDecl, id *Identity) {
	var ok bool
	if id.Status, ok = ParseStatus(d.Status.V); d.Status.given() && !ok {
		c.unknownWord("status", d.Status, identityStates[:])
	}
	c.exact("environment", d.Environment, "leave environment out, then it is any")
	if d.Owner.given() && strings.TrimSpace(d.Owner.V) == "" {
		c.ms.AddHint(d.Owner.Pos, "who answers for it? a team, or a person", "the owner of %q is empty", id.Name)
	}
	id.Environment, id.NotBefore, id.Expires, id.Strip = d.Environment.V, d.NotBefore.V, d.Expires.V, d.Strip.V
	if d.NotBefore.given() && d.Expires.given() && !d.NotBefore.V.Before(d.Expires.V) {
		c.ms.Add(d.Expires.Pos, "%q expires before it begins", id.Name)
	}
	id.MaxAge = time.Duration(c.seconds("credential_max_age", d.MaxAge)) * time.Second
	id.Networks = c.networks(d.Network, strconv.Quote(d.Name.V))
	id.OnBehalfOf = d.OnBehalfOf.Values()
	if len(d.OnBehalfOf) > 0 && id.Kind != Agent && id.Kind != Service {
		c.ms.AddHint(d.OnBehalfOf[0].Pos, "kind: agent, or kind: service", "a caller of kind %v does not act on behalf of others, %q is one", id.Kind, id.Name)
	}
}

// acting checks whom identities say they act for.
func (c *compiler) acting() {
	for i := range c.src.Identities {
		for _, at := range c.src.Identities[i].OnBehalfOf {
			if c.identities[at.V] == nil {
				c.unknownAmong("identity", at, maps.Keys(c.identities))
			}
		}
	}
}

// ended warns of identities that can no longer be used, or only in vain. Nothing
// of this is a mistake: rules that load today must load tomorrow.
func (c *compiler) ended() {
	allowed := c.allowedAtAll()
	for i := range c.src.Identities {
		d := &c.src.Identities[i]
		id := c.identities[d.Name.V]
		if id == nil || id.Pos != d.Pos {
			continue
		}
		c.quiet(d.Pos, func() {
			if d.Expires.given() && !c.env.Now.IsZero() && !c.env.Now.Before(id.Expires) {
				c.warnings.AddHint(d.Expires.Pos, "remove it, or give it a new end", "identity %q has expired on %s", id.Name, id.Expires.Format(time.DateOnly))
			}
			for _, at := range d.OnBehalfOf {
				if of := c.identities[at.V]; of != nil && !allowed(of) {
					c.warnings.AddHint(at.Pos, "both must be allowed whatever is asked", "%q acts on behalf of %q, whom no rule allows anything", id.Name, of.Name)
				} else if of != nil && of.Status != Active {
					c.warnings.Add(at.Pos, "%q acts on behalf of %q, which is %v", id.Name, of.Name, of.Status)
				}
			}
		})
	}
	for _, r := range c.set.rules {
		for _, d := range slices.Concat(r.decl.Allow.List, r.decl.Deny.List) {
			if id := c.identities[cmp.Or(d.Name, d.Identity.V)]; id != nil && id.Status != Active {
				c.warnings.AddHint(d.Pos, "none of its requests gets as far as a rule", "the rule is about %q, which is %v", id.Name, id.Status)
			}
		}
	}
}

// allowedAtAll reports of an identity whether some allow rule can be about it.
func (c *compiler) allowedAtAll() func(*Identity) bool {
	known := make(map[*Identity]bool)
	return func(id *Identity) bool {
		yes, ok := known[id]
		if !ok {
			yes = slices.ContainsFunc(c.set.rules, func(r *rule) bool {
				return r.effect == Allow && !r.shadow && slices.ContainsFunc(r.selectors, func(s selector) bool { return s.about(id) })
			})
			known[id] = yes
		}
		return yes
	}
}

// callerKinds checks that every identity has what its kind must have.
func (c *compiler) callerKinds() {
	first := make(map[string]Pos)
	demands := make(map[CallerKind]*DemandsDecl)
	for i := range c.src.Kinds {
		e := &c.src.Kinds[i]
		kind, ok := ParseCallerKind(e.Key)
		if !ok || kind == Anonymous {
			c.unknownWord("kind", At[string]{e.Pos, e.Key}, []string{"human", "service", "workload", "third-party", "agent"})
			continue
		}
		if pos, dup := first[e.Key]; dup {
			c.ms.Add(e.Pos, "what every %s must have is already given at %v", e.Key, pos)
			continue
		}
		first[e.Key], demands[kind] = e.Pos, &e.V.Require
		switch must := e.V.Require; {
		case must.Pos == Pos{}:
			c.quiet(e.V.Pos, func() {
				c.ms.AddHint(e.Pos, "require: { owner, review_within: 90d }", "the kind %s says nothing", e.Key)
			})
		case must == DemandsDecl{Pos: must.Pos}:
			c.quiet(must.Pos, func() {
				c.ms.AddHint(must.Pos, "one or more of "+demandable, "every %s must have nothing: this demands nothing", e.Key)
			})
		}
		for key, at := range map[string]At[time.Duration]{"max_lifetime": e.V.Require.MaxLifetime, "credential_max_age": e.V.Require.MaxAge, "review_within": e.V.Require.ReviewWithin} {
			c.seconds(key, at)
		}
	}
	for i := range c.src.Identities {
		d := &c.src.Identities[i]
		if id := c.identities[d.Name.V]; id != nil && id.Pos == d.Pos && demands[id.Kind] != nil {
			c.quiet(d.Pos, func() { c.demanded(d, id, demands[id.Kind]) })
		}
	}
}

// demandable is what can stand in a kind's `require`.
const demandable = "tenant, network, workload, owner, purpose, expires, environment, strip_credentials, task, needs, max_lifetime, credential_max_age, review_within"

// demanded reports what an identity lacks, each thing by itself.
func (c *compiler) demanded(d *IdentityDecl, id *Identity, must *DemandsDecl) {
	lacks := func(at Pos, hint, what string) {
		c.ms.AddHint(at, hint, "every %v must have %s, %q does not", id.Kind, what, id.Name)
	}
	for _, one := range []struct {
		key    string
		demand Demand
		has    bool
		hint   string
	}{
		{"a tenant", must.Tenant, id.Tenant != "", "add tenant: …, pinned here and never taken from its token"},
		{"a network", must.Network, len(d.Network) > 0, "add network: [203.0.113.0/24], the addresses it comes from"},
		{"a workload", must.Workload, id.Workload != "" || id.Peer != "", "add workload: spiffe://…"},
		{"an owner", must.Owner, d.Owner.given(), "add owner: …, who answers for it"},
		{"a purpose", must.Purpose, len(id.Purposes) > 0, "add purpose: [ … ]"},
		{"an end", must.Expires, d.Expires.given(), "add expires: 2027-03-31"},
		{"an environment", must.Environment, id.Environment != "", "add environment: …"},
		{"its credentials stripped", must.Strip, id.Strip, "add strip_credentials: true"},
		{"a task", must.Task, id.Task != "", "add task: …, what it is there for"},
		{"needs", must.Needs, len(id.Needs) > 0, "add needs: [ read … ], what its task takes"},
	} {
		if one.demand.given() && !one.has {
			lacks(d.Pos, one.hint, one.key)
		}
	}
	if most := must.MaxAge; most.given() && (id.MaxAge == 0 || id.MaxAge > most.V) {
		lacks(d.MaxAge.or(d.Pos), "credential_max_age: "+span(most.V), "a credential_max_age of at most "+span(most.V))
	}
	if most := must.MaxLifetime; most.given() && id.Issuer != "" && !c.env.Partial {
		if issuer, known := c.env.Issuers[id.Issuer]; known && (issuer.MaxLifetime == 0 || issuer.MaxLifetime > most.V) {
			lacks(d.Match.Issuer.or(d.Pos), "give issuer "+id.Issuer+" max_lifetime: "+span(most.V), "tokens that live at most "+span(most.V))
		}
	}
	if most := must.ReviewWithin; most.given() {
		late := d.ReviewBy.given() && !c.env.Now.IsZero() && d.ReviewBy.V.After(c.env.Now.Add(most.V))
		if !d.ReviewBy.given() || late {
			lacks(d.ReviewBy.or(d.Pos), "set review_by to a date within "+span(most.V), "a review within "+span(most.V))
		}
	}
}

// span writes a duration as users do.
func span(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d > 0 && d%unit.of == 0 {
			return strconv.FormatInt(int64(d/unit.of), 10) + unit.name
		}
	}
	return d.String()
}
