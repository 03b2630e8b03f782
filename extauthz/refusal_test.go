package extauthz

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// refused is the body of a denial, and its status.
func refused(t *testing.T, out *rules.Outcome) (string, int) {
	t.Helper()
	resp := parsed(t, newAnswers(nil, true).deny(out, sent()))
	denied := resp.GetDeniedResponse()
	return denied.GetBody(), int(denied.GetStatus().GetCode())
}

// What a rule hides looks to the byte like what is not there, reason and all. The
// twins, which nothing hides, are told apart.
func TestHiddenLooksAbsent(t *testing.T) {
	hide := rules.Refusal{Status: 404}
	absent, status := refused(t, &rules.Outcome{Decision: rules.Decision{Reason: rules.UnknownObject, Refusal: hide}})
	if status != 404 {
		t.Errorf("status %d", status)
	}
	for _, reason := range []rules.Reason{rules.DeniedByRule, rules.AttributeMissing, rules.RuleError, rules.AgentNotPermitted} {
		hidden, status := refused(t, &rules.Outcome{Decision: rules.Decision{Reason: reason, Refusal: hide}})
		if hidden != absent || status != 404 {
			t.Errorf("%s: %d %s, what is not there is %s", reason, status, hidden, absent)
		}
	}
	twin, status := refused(t, &rules.Outcome{Decision: rules.Decision{Reason: rules.DeniedByRule}})
	if twin == absent || status != 403 {
		t.Errorf("twin: %d %s", status, twin)
	}
}

func TestRefusalHasItsOwnText(t *testing.T) {
	const text = `Frozen: call <us> and say "AC1".`
	body, status := refused(t, &rules.Outcome{Decision: rules.Decision{Reason: rules.DeniedByRule, Refusal: rules.Refusal{Status: 423, Text: text}}})
	var problem struct {
		Status        int
		Title, Detail string
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if status != 423 || problem.Status != 423 || problem.Title != "Locked" || problem.Detail != text {
		t.Errorf("%d %+v", status, problem)
	}
	for _, status := range []int{403, 404, 410, 423, 451} {
		if _, got := refused(t, &rules.Outcome{Decision: rules.Decision{Reason: rules.DeniedByRule, Refusal: rules.Refusal{Status: status}}}); got != status {
			t.Errorf("answered with %d, want %d", got, status)
		}
	}
}

// Headers in which rules ask never reach the upstream, whoever allowed, in no spelling.
func TestAskedHeadersAreRemoved(t *testing.T) {
	for _, reason := range []rules.Reason{rules.Allowed, rules.OpenRoute, rules.Preflight, rules.ShadowDeny} {
		out := &rules.Outcome{Decision: rules.Decision{Effect: rules.Allow, Reason: reason}, Asked: []string{"x-support-case"}}
		raw := sent()
		raw.Headers = append(raw.Headers, rules.Header{Name: "x-support-case", Value: "CASE-1"}, rules.Header{Name: "x_support.case", Value: "CASE-2"},
			rules.Header{Name: "x-support-cases", Value: "3"})
		w, err := newAnswers(nil, false).allow(out, raw)
		if err != nil {
			t.Fatal(err)
		}
		removed := parsed(t, w).GetOkResponse().GetHeadersToRemove()
		if !slices.Contains(removed, "x-support-case") || !slices.Contains(removed, "x_support.case") || slices.Contains(removed, "x-support-cases") {
			t.Errorf("%s: removes %s", reason, strings.Join(removed, ", "))
		}
	}
	w, err := newAnswers(nil, false).allow(&rules.Outcome{Decision: rules.Decision{Effect: rules.Allow, Reason: rules.Allowed}}, sent())
	if err != nil || slices.Contains(parsed(t, w).GetOkResponse().GetHeadersToRemove(), "x-support-case") {
		t.Errorf("twin: nobody asks, and it is removed (%v)", err)
	}
}
