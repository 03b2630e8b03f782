package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/tiergate/tiergate/extauthz/audit"
	"github.com/tiergate/tiergate/rules"
)

// printStory tells how a request was decided: each step, and for a denial the
// nearest rule and what it lacked. It takes the record, so that a decision of
// yesterday reads as one made now.
func printStory(w io.Writer, r *audit.Record, output string) error {
	if output == "json" {
		return json.NewEncoder(w).Encode(r)
	}
	var text strings.Builder
	tell(&text, r)
	_, err := io.WriteString(w, printable(text.String()))
	return err
}

// mostNear is how many near rules help; farther ones only hide them.
const mostNear = 5

// printNear lists the rules that came close, and what each of them lacked.
func printNear(w io.Writer, near []rules.Miss) {
	for i, m := range near {
		if i == mostNear {
			fmt.Fprintf(w, "  near      and %d more\n", len(near)-i)
			return
		}
		lacked := "holds"
		if m.Missing != "" {
			lacked = m.Missing
		}
		verb := "allow"
		if m.Effect == rules.Deny {
			verb = "deny"
		}
		fmt.Fprint(w, printable(fmt.Sprintf("  near      %s rule %s (%v): %s\n", verb, m.Rule, m.Pos, lacked)))
	}
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

func tell(w io.Writer, r *audit.Record) {
	fmt.Fprintf(w, "%s  %s %d\n", strings.ToUpper(r.Effect), r.Reason, r.Status)
	if r.Detail != "" {
		fmt.Fprintf(w, "  detail    %s\n", r.Detail)
	}
	op := "none matched"
	if r.Op != "" {
		op = fmt.Sprintf("%s  (%s)", r.Op, place(r.OpPos))
	}
	fmt.Fprintf(w, "  match     %s\n", op)
	if r.Stream > 0 {
		fmt.Fprintf(w, "  stream    decided once; what passes then is not read, for at most %v if the proxy ends it\n", time.Duration(r.Stream)*time.Second)
	}
	fmt.Fprintf(w, "  identify  %s\n", who(&r.Caller, r.Peer))
	if r.Actor != nil {
		fmt.Fprintf(w, "  actor     %s\n", who(r.Actor, ""))
	}
	for i := range r.Targets {
		if r.Targets[i].As != "" && (i == 0 || r.Targets[i-1].As == "") {
			fmt.Fprintf(w, "  as        the %s, a caller in its own right\n", r.Targets[i].As)
		}
		printTarget(w, &r.Targets[i])
	}
	for _, in := range r.Inputs {
		value := fmt.Sprintf("%v", in.Value)
		switch {
		case in.Hash != "":
			value = "hash " + in.Hash
		case in.Value == nil:
			value = "absent"
		}
		fmt.Fprintf(w, "  read      %s = %s\n", in.Name, value)
	}
	for _, a := range r.Answers {
		fmt.Fprintf(w, "  said      %s = %s\n", a.Name, a.Value)
	}
	if r.Stripped {
		fmt.Fprintln(w, "  answer    without the credential")
	}
	if s := r.Shadow; s != nil {
		fmt.Fprintf(w, "  shadow    without the shadow %s: %s %s %s\n", s.By, s.Effect, s.Reason, s.Rule)
	}
	if r.Versions.Policy != "" {
		fmt.Fprintf(w, "  policy    %.12s\n", r.Versions.Policy)
	}
}

func printTarget(w io.Writer, t *audit.Target) {
	object := t.Type
	switch {
	case t.ID != "":
		object += "/" + t.ID
	case t.Action == "create":
		object = "a new " + object
	default:
		object = "a collection of " + object
	}
	fmt.Fprintf(w, "  resolve   %s %s, tier %s (from %s)\n", t.Action, object, orDefault(t.Tier, "unknown"), orDefault(t.TierFrom, "nothing"))
	if len(t.Categories) > 0 {
		fmt.Fprintf(w, "  data      %s\n", strings.Join(t.Categories, ", "))
	}
	fmt.Fprintf(w, "  decide    %s", t.Effect)
	if t.Effect == "deny" {
		fmt.Fprintf(w, " %s", t.Reason)
	}
	if t.Rule != "" {
		by := "by"
		if t.Effect == "deny" && t.Reason != "denied_by_rule" {
			by = "nearest"
		}
		fmt.Fprintf(w, ", %s rule %s (%s)", by, t.Rule, place(t.Pos))
	}
	if t.Missing != "" {
		fmt.Fprintf(w, ": %s", t.Missing)
	}
	fmt.Fprintln(w)
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
