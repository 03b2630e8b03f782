package diff

import (
	"slices"
	"time"
)

// Report is what a change changes.
type Report struct {
	Changes  []Change   `json:"changes"`
	Unjudged []Unjudged `json:"unjudged"` // that differs, and what it does to whom is not known
	Notes    []string   `json:"notes"`    // where the judgement is not exact
	Blast    *Blast     `json:"blast_radius"`
}

// Effects of a change.
const (
	Gained = "gained"
	Lost   = "lost"
)

// Change is something that an identity may do in one version only, on all or some
// of the objects.
type Change struct {
	Effect   string     `json:"effect"`
	Identity string     `json:"identity"`
	Purpose  string     `json:"purpose,omitempty"`
	Action   string     `json:"action"`
	Type     string     `json:"type"`
	On       string     `json:"on"` // object, new object[…], collection[…]
	Tier     string     `json:"tier"`
	Before   string     `json:"before"` // none, some or all of what was tried
	After    string     `json:"after"`
	Rule     string     `json:"rule"`           // that allows it in the version that does
	From     *time.Time `json:"from,omitempty"` // when it begins, nil for now
	Witness  *Witness   `json:"witness,omitempty"`
}

// Witness is a request that one version allows and the other denies.
type Witness struct {
	Case string `json:"case"` // a test of package suite, without what it wants
	Trial
}

// Unjudged is a part of what is written that differs.
type Unjudged struct {
	Of      string `json:"of"` // rule "eu", identity "acme"
	What    string `json:"what"`
	Old     string `json:"old"`
	New     string `json:"new"`
	MayGain bool   `json:"may_gain"`
}

// Gains reports whether somebody gains something, or may for all that is known.
func (r *Report) Gains() bool {
	return len(r.Notes) > 0 || // what was not looked at may be one
		r.Blast.grows() ||
		slices.ContainsFunc(r.Changes, func(c Change) bool { return c.Effect == Gained }) ||
		slices.ContainsFunc(r.Unjudged, func(u Unjudged) bool { return u.MayGain })
}
