package rules

import (
	"slices"
	"strings"
)

// Lack is the first demand of a rule that a request does not meet. Kind names it as
// rules do: identity, action, up_to, own, when, max_token_age, …
type Lack struct {
	Kind  string    `json:"kind"`
	Name  string    `json:"name,omitempty"`  // of the claim, the attribute, the header
	Want  []string  `json:"want,omitempty"`  // any of these; of scopes and amr all
	Had   []string  `json:"had,omitempty"`   // empty where there is nothing, or nothing to be shown
	Part  string    `json:"part,omitempty"`  // of a condition: the first part of it that does not hold
	Reads []Reading `json:"reads,omitempty"` // of a condition: what that part read

	// Supply are settings of --what-if that together meet the demand, and change nothing
	// that the rule asked before. It is empty where no setting does.
	Supply []string `json:"supply,omitempty"`
	Then   string   `json:"then,omitempty"`   // what the rule lacks next, with that; "" where it applies
	Allows bool     `json:"allows,omitempty"` // with that the whole request is allowed
	Denied Reason   `json:"denied,omitempty"` // or why it is denied all the same

	// Refused is, where there is no Supply, what stands against the likeliest setting:
	// the identity is revoked, the purpose is not its own.
	Refused string `json:"refused,omitempty"`

	Stage int        `json:"-"` // how far the rule got: of two lacks of a rule the later one has the higher
	Tries [][]string `json:"-"` // what may meet it, the likeliest first: each a Supply to be tried

	says string // the demand in one line
}

// Reading is a value that a condition read.
type Reading struct {
	Name   string `json:"name"`
	Value  any    `json:"value,omitempty"`
	Absent bool   `json:"absent,omitempty"`
	Open   bool   `json:"open,omitempty"` // of a collection whose bounds do not say it
}

// String is the demand in one line.
func (l *Lack) String() string {
	if l == nil {
		return ""
	}
	return l.says
}

// Stages of a rule, in the order in which explain asks. A condition has one for each of
// its parts.
const (
	stageCaller = iota + 1
	stageAction
	stageTime
	stageTier
	stageCategory
	stageUnbounded
	stageCondition
	partsOfOne   = 1000
	stageOverdue = 1 << 20
	stagePurpose = stageOverdue + 1
	stageRequire = stageOverdue + 2
	stageAsk     = stageOverdue + 20
	stageLimit   = stageAsk + 1
)

// lack returns the first demand that the rule misses, nil for none, and whether the rule
// is near at all: one of which more than one of selector and `to` do not fit is not.
func (cl *clause) lack(s *Set, f *facts) (l *Lack, near bool) {
	selected := slices.ContainsFunc(cl.selectors, func(s selector) bool { return s.selects(f.caller) })
	acts := cl.acts(f.target.Action)
	switch {
	case !selected && !acts:
		return nil, false
	case !selected:
		return cl.lacksCaller(f), true
	case !acts:
		return &Lack{
			Kind: "action", Want: cl.to, Had: []string{f.target.Action}, Stage: stageAction, says: "it is for " + strings.Join(cl.to, ", "),
			Tries: tries("action=", cl.to),
		}, true
	}
	for _, ask := range []func(*Set, *facts) *Lack{cl.lacksTime, cl.lacksGrade, cl.lacksCondition} {
		if l := ask(s, f); l != nil {
			return l, true
		}
	}
	if l := cl.lacksDemand(s, f); l != nil {
		return l, true
	}
	return cl.lacksCount(f), true
}

// tries makes one try of each value.
func tries(key string, values []string) (out [][]string) {
	for _, v := range values {
		out = append(out, []string{key + v})
	}
	return out
}
