package rules

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
)

// neverSet are headers that decide where a request goes, how it is framed or
// who sent it. No configuration makes them ours.
var neverSet = []string{
	"host", "cookie", "set-cookie", "authorization", "content-length", "content-type", "content-encoding",
	"transfer-encoding", "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization",
	"te", "trailer", "trailers", "upgrade", "expect", "forwarded", "via",
}

// neverInQuery have a slash or a colon in every value.
var neverInQuery = []variable{nowVar, requestPath, callerPeer}

var (
	headerName = regexp.MustCompile(`^[a-z0-9-]+$`)
	queryName  = regexp.MustCompile(`^[A-Za-z0-9*._-]+$`)
)

// then compiles what an allow sets. A header must be managed, because only
// managed headers are removed where no rule sets them.
func (c *compiler) then(cl *clause, sc *scope) {
	for _, e := range cl.decl.Then.SetHeaders {
		if problem, hint := c.unsettable(e.Key); problem != "" {
			c.ms.addCode(CodeTemplate, e.Pos, hint, problem)
			continue
		}
		c.mutation(cl, sc, e, false)
	}
	for _, e := range cl.decl.Then.SetQuery {
		if !queryName.MatchString(e.Key) {
			c.ms.Add(e.Pos, "query parameter %q cannot be set, a name is made of A-Z a-z 0-9 * . _ -", e.Key)
			continue
		}
		c.mutation(cl, sc, e, true)
	}
}

// NeverSettable reports whether no rule and no configuration may make tiergate
// set a header: pseudo headers, host, cookies, framing, hop-by-hop headers and
// those that Envoy and other proxies set. name is lower-case.
func NeverSettable(name string) bool {
	return strings.HasPrefix(name, ":") || strings.HasPrefix(name, "x-envoy-") ||
		strings.HasPrefix(name, "x-forwarded-") || slices.Contains(neverSet, name)
}

func (c *compiler) unsettable(name string) (problem, hint string) {
	switch {
	case NeverSettable(strings.ToLower(name)):
		return fmt.Sprintf("header %q can never be set", name), ""
	case strings.HasPrefix(strings.ToLower(name), "x-tiergate-"):
		return fmt.Sprintf("header %q is set by tiergate itself", name), ""
	case !headerName.MatchString(name):
		return fmt.Sprintf("%q is no header name for a rule", name), "write lower-case letters, digits and -"
	case c.env.Partial || slices.Contains(c.env.Managed, name):
		return "", ""
	}
	hint = DidYouMean(name, c.env.Managed)
	if hint == "" {
		hint = "list it under headers: { managed: … } in tiergate.yaml"
	}
	return fmt.Sprintf("header %q is not managed", name), hint
}

func (c *compiler) mutation(cl *clause, sc *scope, e Entry[At[string]], query bool) {
	parts, problem, hint := parseTemplate(sc, e.V.V)
	if problem != "" {
		c.ms.addCode(CodeTemplate, e.V.Pos, hint, problem)
		return
	}
	m := mutation{pos: e.Pos, query: query, name: e.Key, parts: parts}
	for _, p := range parts {
		if p.ref != nil && query && slices.Contains(neverInQuery, p.ref.what) {
			c.ms.AddHint(e.V.Pos, "set a header", "%s never fits a query parameter, which is made of A-Z a-z 0-9 * . _ -", p.ref.name)
			return
		}
		if unfit := m.unfit(p.text); unfit != "" {
			c.ms.Add(e.V.Pos, "the value of %s %s", e.Key, unfit)
			return
		}
	}
	cl.then = append(cl.then, m)
}

// setting is one name that a rule sets for certain, on one action and type.
type setting struct {
	query                       bool
	name, selector, action, typ string
}

// conflicts finds rules that are bound to set one name to two values: both
// apply to the same selector, action and type without any further demand.
func (c *compiler) conflicts() {
	first := make(map[setting]Entry[At[string]])
	reported := make(map[Pos]bool)
	for _, r := range c.set.rules {
		for at, e := range c.certain(r) {
			other, ok := first[at]
			switch {
			case !ok:
				first[at] = e
			case other.V.V != e.V.V && !reported[e.Pos]:
				reported[e.Pos] = true
				c.ms.AddHint(e.Pos, "both rules apply to one request, neither outranks the other",
					"%s is set to another value at %v", e.Key, other.Pos)
			}
		}
	}
}

// certain yields what a rule sets whenever its selector, `to` and `on` fit.
func (c *compiler) certain(r *rule) iter.Seq2[setting, Entry[At[string]]] {
	d := r.decl
	return func(yield func(setting, Entry[At[string]]) bool) {
		if r.effect != Allow || r.shadow || d.Own.given() || d.Same.given() || d.Only.Pos != (Pos{}) || d.When.given() ||
			len(d.For) > 0 || d.Category.given() || d.Require.Pos != (Pos{}) || d.NotBefore.given() || d.Until.given() || d.Ask.Pos != (Pos{}) {
			return
		}
		each := func(query bool, e Entry[At[string]]) bool {
			for i := range r.selectors {
				for _, action := range r.to {
					for _, typ := range d.On {
						at := setting{query, e.Key, r.selectors[i].String(), action, typ.V}
						if c.reaches(r, action, typ.V) && !yield(at, e) {
							return false
						}
					}
				}
			}
			return true
		}
		for query, entries := range [...]Entries[At[string]]{d.Then.SetHeaders, d.Then.SetQuery} {
			for _, e := range entries {
				if !strings.Contains(e.V.V, "{") && !each(query == 1, e) {
					return
				}
			}
		}
	}
}

// reaches reports whether up_to is at least as high as the lowest tier that the
// action on the type has.
func (c *compiler) reaches(r *rule, action, typ string) bool {
	t := c.set.schema.Types[typ]
	if t == nil {
		return true
	}
	lowest := t.Tier
	if tier, ok := t.Actions[action]; ok {
		lowest = max(lowest, tier)
	}
	return r.upTo >= lowest
}
