package pairs

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/tiergate/tiergate/e2e/oracle"
	"github.com/tiergate/tiergate/rules"
)

// differs says how an outcome is not what the evaluator wants, or "".
func differs(got *rules.Outcome, want *oracle.Answer) string {
	switch {
	case got.Effect.String() != want.Effect || string(got.Reason) != want.Reason:
		return fmt.Sprintf("got %v %s (%s), want %s %s", got.Effect, got.Reason, got.Detail, want.Effect, want.Reason)
	case got.Status() != want.Status:
		return fmt.Sprintf("got status %d, want %d", got.Status(), want.Status)
	case !reflect.DeepEqual(second(got.Shadow), want.Shadow):
		return fmt.Sprintf("the second verdict is %+v, want %+v", second(got.Shadow), want.Shadow)
	}
	if got.Refusal.Text != want.Text && got.Effect == rules.Deny {
		return fmt.Sprintf("the answer says %q, want %q", got.Refusal.Text, want.Text)
	}
	if what := targetsDiffer(got, want); what != "" {
		return what
	}
	if got.Effect != rules.Allow {
		return ""
	}
	if got.Caller.Strips() != want.Strip {
		return fmt.Sprintf("the credential is stripped: %v, want %v", got.Caller.Strips(), want.Strip)
	}
	if got.Stream != want.Stream {
		return fmt.Sprintf("a stream of %v, want %v", got.Stream, want.Stream)
	}
	if answers := said(got); len(answers)+len(want.Answers) > 0 && want.Reason == "allowed" && !reflect.DeepEqual(answers, want.Answers) {
		return fmt.Sprintf("the answers are %v, want %v", answers, want.Answers)
	}
	if set := obligations(got); len(set)+len(want.Set) > 0 && !reflect.DeepEqual(set, want.Set) {
		return fmt.Sprintf("sets %q, want %q", set, want.Set)
	}
	return ""
}

func second(s *rules.ShadowVerdict) *oracle.Second {
	if s == nil {
		return nil
	}
	return &oracle.Second{Effect: s.Effect.String(), Reason: string(s.Reason), By: s.By}
}

func said(got *rules.Outcome) (answers []oracle.Said) {
	for _, a := range got.Answers {
		answers = append(answers, oracle.Said{As: a.Name, Value: a.Value})
	}
	return answers
}

// obligations are what is set, query parameters with a ? before their name.
func obligations(got *rules.Outcome) map[string]string {
	set := map[string]string{}
	for _, h := range got.Obligations.SetHeaders {
		set[h.Name] = h.Value
	}
	for _, p := range got.Obligations.SetQuery {
		set["?"+p.Name] = p.Value
	}
	return set
}

// targetsDiffer compares the verdicts: all of an allow, of a denial the one that decided.
func targetsDiffer(got *rules.Outcome, want *oracle.Answer) string {
	if want.Reason == "shadow_deny" {
		return ""
	}
	if want.Effect == "allow" && len(got.Targets) != len(want.Targets) {
		return fmt.Sprintf("%d targets, want %d", len(got.Targets), len(want.Targets))
	}
	for i, w := range want.Targets {
		if want.Effect == "deny" && w.Effect == "allow" {
			continue
		}
		if i >= len(got.Targets) {
			return fmt.Sprintf("there is no target %d, want %+v", i, w)
		}
		g := verdict(&got.Targets[i])
		if w.Reason == "allowed" {
			g.Reason = w.Reason
		}
		if w.Rule == "" { // the nearest one is not the evaluator's to know
			g.Rule = ""
		}
		if g.Categories == nil || slices.Equal(g.Categories, w.Categories) {
			g.Categories = w.Categories
		}
		if !reflect.DeepEqual(g, w) {
			return fmt.Sprintf("target %d is %+v, want %+v", i, g, w)
		}
	}
	return ""
}

func verdict(v *rules.Verdict) oracle.Verdict {
	as := ""
	if v.Actor {
		as = "actor"
	}
	return oracle.Verdict{
		Action: v.Action, Type: v.Type, ID: v.ID, Tier: v.Tier, From: v.TierFrom, Effect: v.Effect.String(), Reason: string(v.Reason), Rule: v.Rule,
		Categories: v.Categories, As: as,
	}
}
