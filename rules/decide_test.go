package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// TestDecide runs testdata/decide: rules on top of base.yaml, an input and the
// whole decision. Where the input is allowed, its twin differs in one thing and
// is denied.
func TestDecide(t *testing.T) {
	for name, c := range cases(t, "decide") {
		t.Run(name, func(t *testing.T) {
			set := loadFS(t, c.beside(t))
			got := parseInput(t, c.files["input.json"]).decide(t, set)
			c.expect(t, "want.json", show(t, &got))
			twin, ok := c.files["twin.json"]
			if !ok {
				if got.Effect == Allow {
					t.Error("allowed, and no twin that is denied")
				}
				return
			}
			if twin == c.files["input.json"] {
				t.Error("the twin differs in nothing")
			}
			denied := parseInput(t, twin).decide(t, set)
			if denied.Effect == Allow {
				t.Error("the twin is allowed")
			}
			c.expect(t, "want-twin.json", show(t, &denied))
		})
	}
}

// shown is a decision as cases write it.
type shown struct {
	Effect  string            `json:"effect"`
	Status  int               `json:"status"`
	Reason  Reason            `json:"reason"`
	Detail  string            `json:"detail,omitempty"`
	Targets []shownTarget     `json:"targets,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Query   map[string]string `json:"query,omitempty"`
	Text    string            `json:"text,omitempty"`
	Answers map[string]string `json:"answers,omitempty"`
	Spend   []string          `json:"spend,omitempty"`
	Tries   []string          `json:"tries,omitempty"`
	Shadow  *shownShadow      `json:"shadow,omitempty"`
}

type shownTarget struct {
	Effect   string         `json:"effect"`
	Reason   Reason         `json:"reason"`
	What     string         `json:"what"`
	As       string         `json:"as,omitempty"`
	Tier     string         `json:"tier"`
	TierFrom string         `json:"tier_from"`
	Data     []string       `json:"categories,omitempty"`
	Rule     string         `json:"rule,omitempty"`
	Pos      string         `json:"pos,omitempty"`
	Missing  string         `json:"missing,omitempty"`
	Inputs   map[string]any `json:"inputs,omitempty"`
	Secret   []string       `json:"sensitive,omitempty"`
}

type shownShadow struct {
	Effect string `json:"effect"`
	Reason Reason `json:"reason"`
	Rule   string `json:"rule,omitempty"`
	By     string `json:"by"`
}

func show(t testing.TB, d *Decision) string {
	t.Helper()
	out := shown{Effect: d.Effect.String(), Status: d.Status(), Reason: d.Reason, Detail: d.Detail}
	for i := range d.Targets {
		out.Targets = append(out.Targets, showTarget(&d.Targets[i]))
	}
	for _, h := range d.Obligations.SetHeaders {
		if out.Headers == nil {
			out.Headers = map[string]string{}
		}
		out.Headers[h.Name] = h.Value
	}
	for _, q := range d.Obligations.SetQuery {
		if out.Query == nil {
			out.Query = map[string]string{}
		}
		out.Query[q.Name] = q.Value
	}
	out.Text = d.Refusal.Text
	for _, a := range d.Answers {
		if out.Answers == nil {
			out.Answers = map[string]string{}
		}
		out.Answers[a.Name] = a.Value
	}
	for _, c := range d.Spend.Claims {
		for _, o := range c.Options {
			for _, charge := range o.Charges {
				out.Spend = append(out.Spend, fmt.Sprintf("target %d: rule %s: %s", c.Verdict, o.Rule, showCharge(&charge)))
			}
		}
	}
	for _, charge := range d.Spend.Tries {
		out.Tries = append(out.Tries, fmt.Sprintf("rule %s: %s", charge.Budget.Rule, showCharge(&charge)))
	}
	if s := d.Shadow; s != nil {
		out.Shadow = &shownShadow{s.Effect.String(), s.Reason, s.Rule, s.By}
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func showCharge(c *Charge) string {
	what := fmt.Sprint(c.Amount)
	switch {
	case c.Type != "" && c.ID == "":
		what = "a new " + c.Type
	case c.Type != "":
		what = c.Type + "/" + c.ID
	}
	return fmt.Sprintf("%s of %v, for identity %q issuer %q subject %q", what, c.Budget, c.Account.Identity, c.Account.Issuer, c.Account.Subject)
}

func showTarget(v *Verdict) shownTarget {
	what := v.Action + " " + v.Type
	if v.ID != "" {
		what += "/" + v.ID
	}
	out := shownTarget{Effect: v.Effect.String(), Reason: v.Reason, What: what, Tier: v.Tier, TierFrom: v.TierFrom, Data: v.Categories, Rule: v.Rule, Missing: v.Missing}
	if v.Actor {
		out.As = "actor"
	}
	if v.Rule != "" {
		out.Pos = v.Pos.String()
	}
	for _, in := range v.Inputs {
		if out.Inputs == nil {
			out.Inputs = map[string]any{}
		}
		out.Inputs[in.Name] = in.Value
		if in.Sensitive {
			out.Secret = append(out.Secret, in.Name)
		}
	}
	return out
}

// TestDecideConcurrently: one set serves many goroutines, closures and CEL alike.
func TestDecideConcurrently(t *testing.T) {
	set := load(t, `
rules:
  - { id: a, allow: customers, to: [read], on: account, up_to: confidential, own: owner }
  - id: b
    allow: customers
    to: [read]
    on: account
    up_to: confidential
    when: caller.subject in object.owners && object.owners.exists(o, o == caller.subject)
    then: { set_headers: { x-caller: "{caller.subject}" } }
`)
	in := parseInput(t, `{ "caller": { "identity": "customers", "subject": "ada" },
		"targets": [{ "action": "read", "object": "account/8", "attributes": { "owner": "bob", "owners": ["eve", "ada"] } }] }`)
	req, c, targets := in.request(t), in.Caller.caller(t, set), in.targets(t, set)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if d := set.Decide(req, c, targets); d.Effect != Allow || d.Targets[0].Rule != "b" {
					t.Errorf("%+v", d)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestPartialSetDecides: without a configuration claims have no declared kind
// and are taken as they come.
func TestPartialSetDecides(t *testing.T) {
	m := fstest.MapFS{"base.yaml": {Data: readBase(t)}, "a.yaml": {Data: []byte(
		`rules: [{ id: a, allow: { kind: human, claim: { level: 3 } }, to: [read], on: account, up_to: internal, when: caller.claims.role == "x" }]`)}}
	src, ms := Parse(m)
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	set, ms := Compile(src, Env{Partial: true})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	for claims, want := range map[string]Reason{
		`{ "level": 3, "role": "x" }`: Allowed, `{ "level": 3, "role": "y" }`: NoRule, `{ "level": 4, "role": "x" }`: NoRule,
		`{ "level": 3 }`: AttributeMissing, `{ "level": 3, "role": 5 }`: NoRule,
	} {
		in := parseInput(t, `{ "caller": { "identity": "customers", "claims": `+claims+` }, "targets": [{ "action": "read", "object": "account/8" }] }`)
		if d := in.decide(t, set); d.Reason != want {
			t.Errorf("%s: %v, want %v", claims, d.Reason, want)
		}
	}
}
