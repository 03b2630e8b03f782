package rules

import (
	"fmt"
	"strings"
)

// selector is a compiled Selector: every member that is given must match.
type selector struct {
	identity *Identity // by name; the other members are then empty
	kind     CallerKind
	anyKind  bool
	issuer   string // "" for any, anonymous and unknown callers included
	claims   []claimTest
}

type claimTest struct{ name, value string }

// selects reports whether the caller is one of those that s is about. An
// anonymous caller has no issuer and no claims, so only its kind selects it.
func (s *selector) selects(c *Caller) bool {
	if s.identity != nil {
		return c.Identity != nil && c.Identity.Name == s.identity.Name
	}
	if !s.anyKind && s.kind != c.Kind {
		return false
	}
	if c.Kind == Anonymous || c.Verified == nil {
		return !s.anyKind && s.kind == Anonymous && s.issuer == "" && len(s.claims) == 0
	}
	if s.issuer != "" && s.issuer != c.Issuer {
		return false
	}
	for i := range s.claims {
		if !claimHas(c.Claims[s.claims[i].name], s.claims[i].value) {
			return false
		}
	}
	return true
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

func (s *selector) String() string {
	if s.identity != nil {
		return s.identity.Name
	}
	var parts []string
	if !s.anyKind {
		parts = append(parts, "kind: "+s.kind.String())
	}
	if s.issuer != "" {
		parts = append(parts, "issuer: "+s.issuer)
	}
	for _, c := range s.claims {
		parts = append(parts, fmt.Sprintf("claim %s: %s", c.name, c.value))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}
