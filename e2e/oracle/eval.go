package oracle

import (
	"cmp"
	"slices"
)

// evaluation decides one request, slowly, in the order of docs/reference/decisions.md.
// Every step returns the reason that ends the request, or "".
type evaluation struct {
	w       *World
	front   front
	req     *Request
	path    []string            // decoded segments, as the line matches them
	opaque  []string            // the same with a question mark, which no text holds, for each escape
	slash   bool                // one of them holds a slash that was encoded
	compare func(string) string // how the host compares text
	query   []param
	fields  []string // decoded names of a form
	host    *Host
	line    *Line
	caller  caller
	user    caller         // for whom the request is made, whoever is judged
	body    map[string]any // the JSON body where the line needs it
	list    []any          // likewise, one that is a list
	targets []*target
	decided *target // the target that denied
	firm    bool    // no shadow entry excuses that the caller may not be used
	trial   bool    // rules in shadow take part
	refusal int     // the status that a deny rule has its denials answered with, 0 for none
	text    string  // likewise, what they say
	book    *Book   // what was spent before
	claims  []claim // what the request spends
	out     Answer
}

// statusOf is the table of docs/reference/reasons.md.
var statusOf = byReason(map[int][]string{
	200: {"allowed", "open_route", "preflight", "shadow_deny"},
	400: {"malformed_request", "ambiguous_path", "ambiguous_host", "ambiguous_header", "ambiguous_query", "ambiguous_parameter",
		"method_override", "no_target", "malformed_id", "too_many_targets", "body_missing", "body_type", "body_encoding", "body_malformed"},
	413: {"body_too_large"},
	401: {"credential_missing", "credential_malformed", "token_malformed", "token_too_large", "token_header", "token_alg_not_allowed", "token_issuer",
		"token_key_unknown", "token_signature_invalid", "token_claims", "token_audience_mismatch", "token_expired", "token_not_yet_valid",
		"token_lifetime_exceeds_max", "binding_nonce_required", "token_replayed", "revoked", "binding_missing", "binding_mismatch", "token_too_old", "auth_too_old", "auth_too_weak", "auth_method_missing"},
	403: {"host_not_served", "upgrade_not_supported", "no_route", "identity_ambiguous", "unknown_identity", "agent_not_permitted",
		"purpose_not_allowed", "purpose_missing", "unknown_object", "denied_by_rule", "no_rule", "attribute_missing", "rule_error",
		"property_not_allowed", "object_budget_exceeded", "identity_suspended", "identity_expired", "network_not_allowed", "token_not_bound", "certificate_missing", "justification_missing", "review_overdue", "mutation_conflict", "mutation_unfit"},
	503: {"jwks_unavailable", "catalog_bad_row", "catalog_unavailable", "catalog_stale", "mutation_invalid"},
})

func byReason(table map[int][]string) map[string]int {
	out := map[string]int{}
	for status, reasons := range table {
		for _, r := range reasons {
			out[r] = status
		}
	}
	return out
}

// Evaluate says what must become of a request in a world behind a proxy.
func Evaluate(w *World, f front, req *Request) Answer {
	return (&evaluation{w: w, front: f, req: req, book: new(Book)}).answer()
}

func (e *evaluation) answer() Answer {
	if status := e.front.refuses(e.req); status != 0 {
		return Answer{Status: status}
	}
	reason := e.find()
	if reason == "" {
		reason = e.decide()
		e.out.Shadow = e.second(reason)
		if reason != "allowed" {
			e.try()
		} else if short := e.pay(); short != "" {
			reason, e.out.Shadow = short, nil
			e.out.Set = nil
		}
	}
	e.out.Asked, e.out.Reason, e.out.Status, e.out.Effect = true, reason, statusOf[reason], effectOf(reason)
	if e.out.Effect == "deny" {
		e.out.Status, e.out.Text = cmp.Or(e.refusal, e.out.Status), e.text
	}
	if e.out.Effect == "deny" && e.excused() {
		e.out.Shadow = &Second{"deny", reason, "entry"}
		e.out.Effect, e.out.Reason, e.out.Status, e.out.Set, e.out.Text = "allow", "shadow_deny", 200, nil, ""
	}
	if e.out.Effect != "allow" {
		e.out.Stream = 0
	}
	e.out.Strip = e.reachIf(e.out.Effect == "allow" && e.caller.strips(), "identity: strips credentials")
	return e.out
}

func effectOf(reason string) string {
	if statusOf[reason] == 200 {
		return "allow"
	}
	return "deny"
}

// find is sections 1 to 4: what the request is about, and who sent it.
func (e *evaluation) find() string {
	for _, step := range []func() string{e.decode, e.route, e.verify, e.identify, e.readBody, e.capture, e.facts, e.settle, e.classify} {
		if reason := step(); reason != "" {
			return reason
		}
	}
	return ""
}

// decide is sections 5 and 6.
func (e *evaluation) decide() string {
	var set obligations
	who := e.caller
	e.user = who
	defer func() { e.caller = who }()
	for _, t := range e.targets {
		if reason := e.settleOne(t, &set, ""); reason != "" {
			return reason
		}
	}
	if who.actor != nil {
		e.caller = *who.actor
		for _, t := range e.targets {
			if e.settleOne(t, &set, "actor") != "" {
				return "agent_not_permitted"
			}
		}
	}
	values, reason := set.merge(e)
	e.out.Set = values
	return reason
}

// settleOne decides one for the caller at hand: the reason of a denial, or "".
func (e *evaluation) settleOne(t *target, set *obligations, as string) string {
	e.decided = t
	verdict, applying := e.judge(t)
	verdict.As = as
	e.out.Targets = append(e.out.Targets, verdict)
	if verdict.Effect == "deny" {
		return verdict.Reason
	}
	if !slices.ContainsFunc(applying, func(r *Rule) bool { return r.free(t) }) {
		e.claims = append(e.claims, claim{t, e.caller, applying, len(e.out.Targets) - 1})
	}
	for _, r := range applying {
		*set = append(*set, obligation{r, t, e.caller})
	}
	return ""
}

// second decides once more with the rules in shadow; nil where that gives the same.
func (e *evaluation) second(first string) *Second {
	again := *e
	again.trial, again.out, again.refusal, again.text, again.claims = true, Answer{}, 0, "", nil
	if reason := again.decide(); reason != first {
		return &Second{effectOf(reason), reason, "rules"}
	}
	return nil
}

// allowsOthers says whether the targets of types without a live entry are allowed.
func (e *evaluation) allowsOthers(live func(Shadow) bool) bool {
	others := *e
	others.out, others.refusal, others.claims = Answer{}, 0, nil
	others.targets = slices.DeleteFunc(slices.Clone(e.targets), func(t *target) bool { return slices.ContainsFunc(t.typ.Shadow, live) })
	return len(others.targets) == 0 || effectOf(others.decide()) == "allow" && others.pay() == ""
}

// excused says whether a live shadow entry turns the denial into an allow
// (section 7): of the host, of the type of the target that decided, or of the identity.
func (e *evaluation) excused() bool {
	demand := slices.Contains([]string{"token_too_old", "auth_too_old", "auth_too_weak", "auth_method_missing"}, e.out.Reason) // of policy, though a 401
	switch {
	case e.firm:
		return false
	case statusOf[e.out.Reason] != 403 && statusOf[e.out.Reason] != 503 && !demand,
		e.out.Reason == "host_not_served", e.out.Reason == "upgrade_not_supported":
		return false
	case e.out.Reason != "no_route" && e.caller.issuer == nil && !e.caller.machine:
		return false // nobody was verified
	}
	live := func(s Shadow) bool { return s.Days >= 0 && (s.Host == "" || s.Host == e.host.Name) }
	if e.host == nil {
		return false
	}
	if slices.ContainsFunc(e.host.Shadow, live) {
		return true
	}
	if e.decided != nil && slices.ContainsFunc(e.decided.typ.Shadow, live) && e.allowsOthers(live) {
		return true
	}
	return e.caller.identity != nil && slices.ContainsFunc(e.caller.identity.Shadow, live)
}
