package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// mostNear is how many near rules help; farther ones only hide them.
const mostNear = 5

// nearRule is what kept a target from being allowed, as a machine reads it.
type nearRule struct {
	Rule    string      `json:"rule,omitempty"`
	Of      string      `json:"of,omitempty"` // where no rule asks: what does
	Pos     audit.Pos   `json:"pos,omitzero"`
	Effect  string      `json:"effect"`
	Shadow  bool        `json:"shadow,omitempty"`
	Fits    bool        `json:"fits"` // selector, to and on fit
	Missing string      `json:"missing,omitempty"`
	Lack    *rules.Lack `json:"lack,omitempty"`
}

func nearRules(near []rules.Miss) []nearRule {
	out := make([]nearRule, len(near))
	for i, m := range near {
		out[i] = nearRule{m.Rule, m.Of, audit.Pos(m.Pos), m.Effect.String(), m.Shadow, m.Fits, m.Missing, m.Lack}
	}
	return out
}

// subject is what a miss is about, with its place.
func (n *nearRule) subject() string {
	name := n.Of
	if n.Rule != "" {
		name = n.Effect + " rule " + n.Rule
	}
	if n.Shadow {
		name += ", in shadow"
	}
	if n.Pos.File != "" {
		name += " (" + place(n.Pos) + ")"
	}
	return name
}

// tell hangs the miss on a tree: what is missing, what was there, and what would do.
func (n *nearRule) tell(under *branch) {
	missing := n.Missing
	switch {
	case n.Lack != nil:
	case n.Effect == rules.Deny.String():
		missing = "holds, and beats every allow"
	default:
		missing = "applies"
	}
	near := under.add("near", "%s: %s", n.subject(), missing)
	l := n.Lack
	if l == nil {
		return
	}
	if l.Part != "" && !strings.Contains(missing, l.Part+" (") && !strings.HasSuffix(missing, ": "+l.Part) {
		near.add("part", "%s", l.Part)
	}
	var reads []string
	for _, r := range l.Reads {
		switch {
		case r.Absent:
			reads = append(reads, r.Name+" is absent")
		case r.Open:
			reads = append(reads, r.Name+" is not bounded")
		case r.Value == nil:
			reads = append(reads, r.Name+" is withheld")
		default:
			reads = append(reads, fmt.Sprintf("%s is %v", r.Name, r.Value))
		}
	}
	if had := strings.Join(l.Had, ", "); len(reads) == 0 && had != "" && !strings.Contains(missing, had) {
		reads = []string{"it is " + had}
	}
	if len(reads) > 0 {
		near.add("has", "%s", strings.Join(reads, ", "))
	}
	switch {
	case len(l.Supply) > 0:
		near.add("what if", "%s: %s", strings.Join(l.Supply, ", "), outcome(l))
	case l.Refused != "":
		near.add("but", "%s", l.Refused)
	}
}

// outcome is what comes of it if what is lacking is supplied.
func outcome(l *rules.Lack) string {
	switch {
	case l.Allows:
		return "the request is allowed"
	case l.Then != "":
		return "next it lacks " + l.Then
	default:
		return fmt.Sprintf("that is met, and the request denied for %s", l.Denied)
	}
}

// advice is what to do about a denial, of a request under what is supposed.
func advice(out *policy.Explanation, whatIf []string) string {
	if out.Effect == rules.Allow {
		return ""
	}
	var first *rules.Miss
	for i := range out.Near {
		switch m := &out.Near[i]; {
		case m.Shadow:
		case m.Effect == rules.Deny && m.Rule != "":
			return fmt.Sprintf("no allow outweighs rule %s (%v): it must change, or what is asked", m.Rule, m.Pos)
		case m.Lack != nil && len(m.Lack.Supply) > 0 && (first == nil || m.Fits && m.Lack.Allows && !first.Lack.Allows):
			first = m
		}
	}
	switch {
	case first != nil && first.Lack.Kind == "object":
		return fmt.Sprintf("is the id right? If there were such a row: %s", flags(whatIf, first.Lack.Supply))
	case first != nil:
		return fmt.Sprintf("try it with %s", flags(whatIf, first.Lack.Supply))
	}
	if text := adviceFor[out.Reason]; text != "" {
		return text
	}
	return fmt.Sprintf("docs/reference/reasons.md says what %s is about", out.Reason)
}

// adviceFor are denials that no rule decides.
var adviceFor = map[rules.Reason]string{
	rules.CredentialMissing: "name who asks with --as IDENTITY --subject SUBJECT, or give --token TOKEN",
	rules.UnknownIdentity:   "register the caller under identities:, then allow it in a rule",
	rules.NoRoute:           "add a map line for the path under routes:",
	rules.NoRule:            "write a rule that allows this caller the action on this type: none comes near",
}

// flags writes settings as --what-if flags that a shell takes as they stand, behind those
// that are there.
func flags(there, settings []string) string {
	var out []string
	for _, s := range slices.Concat(there, settings) {
		out = append(out, "--what-if "+shellWord(s))
	}
	return strings.Join(out, " ")
}

// shellWord is a word that a POSIX shell takes as it stands.
func shellWord(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
