package rules

import (
	"regexp"
	"slices"
	"strings"
)

// Refusal is how a deny rule wants its denials answered. The zero Refusal leaves
// that to the reason.
type Refusal struct {
	Status int    // of HTTP; 0 for the reason's
	Text   string // for the caller, as it is; "" for ours
}

// hides reports whether the answer is that of something which is not there.
func (r Refusal) hides() bool { return r.Status == hiding }

// hiding is the status that says that there is no such thing.
const hiding = 404

// refusals are the statuses that a deny rule can choose.
var refusals = []int{403, hiding, 410, 423, 451}

// Answered reports whether a deny rule can have a denial for r answered with a status
// of its choice: by its own denials, and by those of what it hides.
func (r Reason) Answered(status int) bool {
	switch r { //nolint:exhaustive // no other is about a deny rule
	case DeniedByRule, AttributeMissing, RuleError, AgentNotPermitted:
		return slices.Contains(refusals, status)
	case UnknownObject:
		return status == hiding
	}
	return false
}

// maxRefusal bounds the text of a refusal, in bytes: with gRPC it is a header.
const maxRefusal = 500

// templated is what would be a template elsewhere.
var templated = regexp.MustCompile(`\{[a-z]+\.[^}]*\}`)

// refusal compiles status and text of a deny rule.
func (c *compiler) refusal(d *RuleDecl) Refusal {
	if d.Status.given() && !slices.Contains(refusals, d.Status.V) {
		c.ms.AddHint(d.Status.Pos, "one of 403, 404, 410, 423, 451", "a deny rule cannot answer with status %d", d.Status.V)
	}
	c.readable("text", d.Text)
	switch text := d.Text.V; {
	case !d.Text.given():
	case d.Status.V == hiding:
		c.ms.AddHint(d.Text.Pos, "leave text out, or answer with another status",
			"an answer of 404 has no text of its own: it must look like that for what is not there")
	case strings.TrimSpace(text) == "":
		c.ms.AddHint(d.Text.Pos, "leave it out", "the text is empty")
	case len(text) > maxRefusal || strings.ContainsAny(text, "\n\t"):
		c.ms.Add(d.Text.Pos, "a text is one line of at most %d bytes", maxRefusal)
	case templated.MatchString(text):
		c.ms.Add(d.Text.Pos, "a text is shown as it is, %s too", templated.FindString(text))
	}
	r := Refusal{Status: d.Status.V, Text: d.Text.V}
	if r.hides() {
		c.set.hides = true
	}
	return r
}

// unseen is the answer for an object that is not there. Where a rule in force can
// hide such an object from the caller, or from who acts for it, the answer is the
// same: else whoever reads 404 would know that it is there.
func (j *judge) unseen(v *Verdict) Refusal {
	if !j.set.hides {
		return Refusal{}
	}
	for c := j.caller; c != nil; c = c.Actor {
		j.set.deny.find(&j.query, c, v.Type, v.Action)
		for cl := j.query.next(); cl != nil; cl = j.query.next() {
			if cl.refusal.hides() && !cl.shadow && cl.forPurpose(c) == "" && cl.window.outside(j.facts.req.Now) == "" {
				return cl.refusal
			}
		}
	}
	return Refusal{}
}
