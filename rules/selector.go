package rules

import (
	"fmt"
	"slices"
	"strings"
)

// selector is one alternative of a compiled Selector: every member that is given
// must fit, and nothing of but may.
type selector struct {
	identity    *Identity
	registered  bool // it is some identity, whichever
	kind        CallerKind
	anyKind     bool
	issuer      string // "" for any, anonymous and unknown callers included
	claims      []claimTest
	groups      []*group
	scopes      []string
	workloads   []workload
	environment string

	but []selector // each has one member
}

type claimTest struct{ name, value string }

// group is a compiled GroupDecl.
type group struct {
	name    string
	members map[string]bool // names of identities, those of groups inside it too
	sorted  []string        // the same names
}

// workload is a SPIFFE ID or, ending in a slash, all that begin with it.
type workload struct{ id string }

func (w workload) fits(peer string) bool {
	return peer != "" && (w.id == peer || w.below() && strings.HasPrefix(peer, w.id))
}

// String writes it as rules do.
func (w workload) String() string {
	if w.below() {
		return w.id + "*"
	}
	return w.id
}

func (w workload) below() bool { return strings.HasSuffix(w.id, "/") }

// selects reports whether the caller is one of those that s is about. Whoever
// sends no credential is selected by its kind, or not at all.
func (s *selector) selects(c *Caller) bool {
	if (c.Kind == Anonymous || c.Verified == nil) && (c.Kind != Anonymous || s.anyKind || s.kind != Anonymous) {
		return false
	}
	if !s.fits(c) {
		return false
	}
	for i := range s.but {
		if s.but[i].fits(c) {
			return false
		}
	}
	return true
}

// fits reports whether every member fits, whatever else the caller is.
func (s *selector) fits(c *Caller) bool {
	switch {
	case !s.anyKind && s.kind != c.Kind:
		return false
	case s.issuer != "" && (c.Verified == nil || s.issuer != c.Issuer):
		return false
	}
	return s.fitsIdentity(c.Identity) && s.fitsToken(c.Verified) && s.fitsPeer(c.Peer)
}

func (s *selector) fitsIdentity(id *Identity) bool {
	if id == nil {
		return s.identity == nil && !s.registered && len(s.groups) == 0 && s.environment == ""
	}
	for _, g := range s.groups {
		if !g.members[id.Name] {
			return false
		}
	}
	return (s.identity == nil || s.identity.Name == id.Name) && (s.environment == "" || s.environment == id.Environment)
}

func (s *selector) fitsToken(v *Verified) bool {
	if v == nil {
		return len(s.claims) == 0 && len(s.scopes) == 0
	}
	for i := range s.claims {
		if !claimHas(v.Claims[s.claims[i].name], s.claims[i].value) {
			return false
		}
	}
	for _, scope := range s.scopes {
		if !slices.Contains(v.Scopes, scope) {
			return false
		}
	}
	return true
}

func (s *selector) fitsPeer(peer string) bool {
	for _, w := range s.workloads {
		if !w.fits(peer) {
			return false
		}
	}
	return true
}

// about reports whether callers of an identity can fit a selector, whatever they
// claim. The identity of callers whom none matches is of kind unknown.
func (s *selector) about(id *Identity) bool {
	known, peer := id, id.Workload
	if id.Kind == Unknown {
		known = nil
	}
	if id.Peer != "" { // without a token
		peer = id.Peer
		if len(s.claims) > 0 || len(s.scopes) > 0 {
			return false
		}
	}
	return (s.anyKind || s.kind == id.Kind) && (s.issuer == "" || s.issuer == id.Issuer) &&
		s.fitsIdentity(known) && (peer == "" || s.fitsPeer(peer)) &&
		!slices.ContainsFunc(s.but, func(b selector) bool { return b.always(id) })
}

// always reports whether every caller of an identity fits a selector of one member.
func (s *selector) always(id *Identity) bool {
	if len(s.claims) > 0 || len(s.scopes) > 0 || len(s.workloads) > 0 && id.Workload == "" && id.Peer == "" {
		return false
	}
	return s.about(id)
}

// claimHas reports whether a claim equals a text or, as a list, contains it.
func claimHas(claim any, text string) bool {
	switch v := claim.(type) {
	case string:
		return v == text
	case []string:
		for _, item := range v {
			if item == text {
				return true
			}
		}
	case []int64:
		for _, item := range v {
			if t, _ := textOf(item); t == text {
				return true
			}
		}
	case int64, bool:
		t, _ := textOf(v)
		return t == text
	}
	return false
}

// String writes a selector in one line: an identity and a group by name.
func (s *selector) String() string {
	parts := s.members()
	switch {
	case len(s.but) > 0:
		var but []string
		for i := range s.but {
			but = append(but, s.but[i].String())
		}
		parts = append(parts, "not: "+strings.Join(but, ", not: "))
	case len(parts) == 1 && s.identity != nil:
		return s.identity.Name
	case len(parts) == 1 && len(s.groups) == 1:
		return s.groups[0].name
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func (s *selector) members() (parts []string) {
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.identity != nil {
		add("identity: %s", s.identity.Name)
	}
	for _, g := range s.groups {
		add("group: %s", g.name)
	}
	if !s.anyKind {
		add("kind: %v", s.kind)
	}
	if s.issuer != "" {
		add("issuer: %s", s.issuer)
	}
	for _, c := range s.claims {
		add("claim %s: %s", c.name, c.value)
	}
	for _, scope := range s.scopes {
		add("scope: %s", scope)
	}
	for _, w := range s.workloads {
		add("workload: %v", w)
	}
	if s.environment != "" {
		add("environment: %s", s.environment)
	}
	return parts
}
