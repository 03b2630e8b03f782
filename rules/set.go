package rules

import (
	"slices"
	"time"
)

// Set is the compiled tiers, objects, identities and rules of one policy
// version. It never changes and is safe for use by many goroutines.
type Set struct {
	schema     *Schema
	identities []*Identity
	teams      []*Team
	rules      []*rule // in byte order of file path, then position
	deny       index
	allow      index
	selects    index // every allow rule's selectors, whatever their types and actions
	counted    index // the allow rules in force that limit objects
	unchecked  []string
	asks       []string          // headers, sorted
	supposed   bool              // see Supposing
	settle     func(string) bool // see Doubting
	demanded   *demanded         // see Demanding; nil for all demands
	hides      bool              // some deny rule answers with 404
	warnings   Mistakes
	beside     func(req *Request, name string) bool
	issuers    map[string]IssuerEnv // by name
}

// Schema returns the tiers and types.
func (s *Set) Schema() *Schema { return s.schema }

// Identities returns the registered callers in the order in which they are written.
func (s *Set) Identities() []*Identity { return s.identities }

// Unchecked says what a partial Compile could not check, for want of the
// server's configuration.
func (s *Set) Unchecked() []string { return s.unchecked }

// Warnings says what loads although it is hardly meant, in file order.
func (s *Set) Warnings() Mistakes { return s.warnings }

// rule is a compiled RuleDecl.
type rule struct {
	decl       *RuleDecl
	order      int // among all rules
	effect     Effect
	shadow     bool
	selectors  []selector
	written    string   // its condition, with every define written out
	byNot      bool     // one of them by what it is not
	to         []string // every action of its groups, or anything
	types      []*Type  // empty for every type
	upTo       Tier     // of an allow rule
	fromTier   Tier     // of a deny rule; NoTier for any
	purposes   []string
	category   categories // that `category` lists
	byCategory bool       // it does
	require    Require
	window     window
	overdue    time.Time // of an allow rule: from when on it is out of force for want of a review; zero for never
	ask        *ask      // nil for nothing
	budgets    []limit   // of an allow rule; what amounts are stands in its clauses
	refusal    Refusal
	unbounded  bool
	broad      []string // what makes its rights broad
	clauses    []*clause
}

// on returns the rule's clause for a type, or nil.
func (r *rule) on(t *Type) *clause {
	for _, cl := range r.clauses {
		if cl.typ == nil || cl.typ == t {
			return cl
		}
	}
	return nil
}

// clause is a rule for one of its types.
type clause struct {
	*rule
	typ        *Type       // nil for every type
	conditions []condition // own, same and when: all must hold
	then       []mutation
	limits     []limit
	parent     bool // it reads attributes of the object's parent
}

// forPurpose returns why the rule's `for` does not hold, or "".
func (r *rule) forPurpose(c *Caller) Reason {
	if len(r.purposes) == 0 {
		return ""
	}
	for _, p := range r.purposes {
		if p == c.Purpose && p != "" {
			return ""
		}
	}
	if c.Purpose == "" {
		return PurposeMissing
	}
	return PurposeNotAllowed
}

// CouldAllow reports whether some allow rule's selector, `to` and `on` fit, so
// that looking up the object is worth its cost. A rule in shadow has no effect,
// so none on look-ups either.
func (s *Set) CouldAllow(c *Caller, t *Type, action string) bool {
	return t != nil && s.allow.any(c, t.Name, action, inForce)
}

// inForce says whether a clause has effect.
func inForce(c *clause) bool { return !c.shadow }

// selectsAtAll reports whether any allow rule is about the caller, whatever its
// types and actions, of those in force or, for the second verdict, of all.
func (s *Set) selectsAtAll(c *Caller, trial bool) bool {
	return s.selects.any(c, anything, anything, func(cl *clause) bool { return trial || !cl.shadow })
}

// any reports whether a clause can apply, of those that are asked for.
func (ix *index) any(c *Caller, typ, action string, of func(*clause) bool) bool {
	if c == nil {
		c = new(Caller)
	}
	var q candidates
	ix.find(&q, c, typ, action)
	for cl := q.next(); cl != nil; cl = q.next() {
		if of(cl) {
			return true
		}
	}
	return false
}

// HandsOn returns the places of the allow rules that can apply to an action on
// a type and do not set a managed header to "{expr}". A target that is derived
// from the caller is safe only when every such rule tells the upstream which
// value was judged.
func (s *Set) HandsOn(action, typ, expr string) []Pos {
	var out []Pos
	want := "{" + expr + "}"
	for _, r := range s.rules {
		if r.effect != Allow || r.shadow || !r.covers(action, typ) {
			continue
		}
		handed := false
		for _, h := range r.decl.Then.SetHeaders {
			handed = handed || h.V.V == want
		}
		if !handed {
			out = append(out, r.decl.Pos)
		}
	}
	return out
}

// covers reports whether `to` and `on` fit.
func (r *rule) covers(action, typ string) bool {
	return r.acts(action) && names(r.decl.On, typ)
}

// acts reports whether `to` fits.
func (r *rule) acts(action string) bool {
	return slices.Contains(r.to, action) || slices.Contains(r.to, anything)
}

func names(list Strings, word string) bool {
	for i := range list {
		if list[i].V == anything || list[i].V == word {
			return true
		}
	}
	return false
}
