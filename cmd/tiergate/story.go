package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/tiergate/tiergate/extauthz/audit"
)

// story is a decision as explain tells it. It is made of the record, so that a decision
// of yesterday reads as one made now; what was near and what to do next only one made
// now can say.
type story struct {
	audit.Record

	WhatIf []string   `json:"what_if,omitempty"` // that was supposed
	Near   []nearRule `json:"near,omitempty"`
	Next   string     `json:"next,omitempty"`

	asked string // how the caller came to be who it is
}

// writeTo writes it in a form: text, ascii or json.
func (s *story) writeTo(w io.Writer, output string) error {
	how := &drawn
	switch output {
	case "json":
		return json.NewEncoder(w).Encode(s)
	case "ascii":
		how = &dashed
	}
	var text strings.Builder
	if len(s.WhatIf) > 0 {
		fmt.Fprintf(&text, "\nWHAT IF %s\n", strings.Join(s.WhatIf, ", "))
	}
	fmt.Fprintf(&text, "%s  %s %d\n", strings.ToUpper(s.Effect), s.Reason, s.Status)
	s.tree().write(&text, how, "")
	_, err := io.WriteString(w, printable(text.String()))
	return err
}

// printable escapes what a terminal would obey or hide: ids and subjects are
// chosen by callers.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\u%04x", r)
		}
	}
	return b.String()
}

// tree has the steps of the decision in their order.
func (s *story) tree() *branch {
	root := new(branch)
	op := "none matched"
	if s.Op != "" {
		op = fmt.Sprintf("%s  (%s)", s.Op, place(s.OpPos))
	}
	match := root.add("match", "%s", op)
	if s.Stream > 0 {
		match.add("stream", "decided once; what passes then is not read, for at most %v if the proxy ends it", time.Duration(s.Stream)*time.Second)
	}
	identify := root.add("identify", "%s", who(&s.Caller, s.Peer))
	if s.Actor != nil {
		identify.add("actor", "%s", who(s.Actor, ""))
	}
	if s.asked != "" {
		identify.add("asked", "%s", s.asked)
	}
	s.targets(root)
	if len(s.Near) > 0 {
		rules := root.add("rules", "that are near, and the first demand that each one misses")
		for i := range s.Near {
			if i == mostNear {
				rules.add("near", "and %d more", len(s.Near)-i)
				break
			}
			s.Near[i].tell(rules)
		}
	}
	s.answer(root)
	if s.Next != "" {
		root.add("next", "%s", s.Next)
	}
	return root
}

// targets tells what was decided of each object, and what its rules read.
func (s *story) targets(root *branch) {
	under := root
	for i := range s.Targets {
		t := &s.Targets[i]
		if t.As != "" && under == root {
			under = root.add("as", "the %s, a caller in its own right", t.As)
		}
		object := under.add("resolve", "%s %s, tier %s (from %s)", t.Action, what(t), orDefault(t.Tier, "unknown"), orDefault(t.TierFrom, "nothing"))
		if len(t.Categories) > 0 {
			object.add("data", "%s", strings.Join(t.Categories, ", "))
		}
		for _, in := range s.Inputs {
			if in.Target == i {
				object.add("read", "%s", readOf(in))
			}
		}
		object.add("decide", "%s", verdictOf(t))
	}
}

func readOf(in audit.Input) string {
	value := fmt.Sprintf("%v", in.Value)
	switch {
	case in.Hash != "":
		value = "hash " + in.Hash
	case in.Value == nil:
		value = "absent"
	}
	return in.Name + " = " + value
}

// what names the object of a target.
func what(t *audit.Target) string {
	switch {
	case t.ID != "":
		return t.Type + "/" + t.ID
	case t.Action == "create":
		return "a new " + t.Type
	default:
		return "a collection of " + t.Type
	}
}

func verdictOf(t *audit.Target) string {
	text := t.Effect
	if t.Effect == "deny" {
		text += " " + t.Reason
	}
	if t.Rule != "" {
		by := "by"
		if t.Effect == "deny" && t.Reason != "denied_by_rule" {
			by = "nearest"
		}
		text += fmt.Sprintf(", %s rule %s (%s)", by, t.Rule, place(t.Pos))
	}
	if t.Missing != "" {
		text += ": " + t.Missing
	}
	return text
}

// answer tells what the request got, and by which version.
func (s *story) answer(root *branch) {
	answer := root.add("answer", "%s %s, status %d", s.Effect, s.Reason, s.Status)
	if s.Detail != "" {
		answer.add("detail", "%s", s.Detail)
	}
	for _, a := range s.Answers {
		answer.add("said", "%s = %s", a.Name, a.Value)
	}
	for _, x := range s.Spend {
		answer.add("spends", "%d of %s, of rule %s", x.Amount, x.Limit, x.Rule)
	}
	if s.Stripped {
		answer.add("upstream", "without the credential")
	}
	if sh := s.Shadow; sh != nil {
		answer.add("shadow", "without the shadow %s: %s %s %s", sh.By, sh.Effect, sh.Reason, sh.Rule)
	}
	if s.Versions.Policy != "" {
		answer.add("policy", "%.12s", s.Versions.Policy)
	}
}

func who(c *audit.Caller, peer string) string {
	if c.Kind == "" {
		return "nobody: the request ended before"
	}
	parts := []string{orDefault(c.Identity, "no identity"), "kind " + c.Kind}
	for _, f := range [][2]string{{"issuer", c.Issuer}, {"subject", c.Subject}, {"client", c.Client}, {"purpose", c.Purpose}, {"bound by", c.BoundBy}, {"peer", peer}} {
		if f[1] != "" {
			parts = append(parts, f[0]+" "+f[1])
		}
	}
	return strings.Join(parts, ", ")
}

func place(p audit.Pos) string {
	text, err := p.MarshalText()
	if err != nil {
		return "-"
	}
	return string(text)
}
