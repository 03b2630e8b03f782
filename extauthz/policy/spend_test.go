package policy

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tiergate/tiergate/extauthz/budget"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// limited is the shop with two orders a customer an hour, a note a minute for each
// subject, and nothing else.
const limited = `
tiers: [ { name: internal } ]
objects:
  - { type: order, tier: internal, catalog: orders, attributes: { owner: string } }
  - { type: note, tier: internal }
routes:
  - host: shop.example.com
    map:
      - GET /orders/{id} -> read order/{id}
      - GET /orders -> read order/{query.ids[,]}
      - GET /notes/{id} -> read note/{id}
      - DELETE /notes/{id} -> delete note/{id}
identities:
  - { name: customers, kind: human, match: { issuer: corp, client: [web] } }
rules:
  - { id: own, allow: customers, to: [read], on: order, up_to: internal, own: owner, limit: { objects: 2, per: 1h } }
  - { id: notes, allow: customers, to: [read, delete], on: note, up_to: internal, limit: { writes: 1, per: 1m, by: subject } }
`

func limitedOptions(t *testing.T, ledger Ledger) Options {
	t.Helper()
	rows := []catalog.Row{order("9", "bob")}
	for i := 1; i <= 5; i++ {
		rows = append(rows, order(fmt.Sprint(i), "ada"))
	}
	o := options(t, stated{v: ada()}, rows...)
	o.Ledger = ledger
	return o
}

func at(line string, after time.Duration) *rules.RawRequest {
	raw := request(line)
	raw.Now = now.Add(after)
	return raw
}

// TestLimit: each row is a request after those above it.
func TestLimit(t *testing.T) {
	p := load(t, limited, limitedOptions(t, budget.New()))
	for _, c := range []struct {
		name  string
		line  string
		after time.Duration
		want  rules.Reason
	}{
		{"a first order", "GET /orders/1", 0, rules.Allowed},
		{"the same one", "GET /orders/1", time.Minute, rules.Allowed},
		{"two of which one is new", "GET /orders?ids=1,2", time.Minute, rules.Allowed},
		{"a third", "GET /orders/3", time.Minute, rules.ObjectBudgetExceeded},
		{"one of two is a third", "GET /orders?ids=1,3", time.Minute, rules.ObjectBudgetExceeded},
		{"one of those", "GET /orders/2", time.Minute, rules.Allowed},
		{"notes are read without end", "GET /notes/1", time.Minute, rules.Allowed},
		{"and deleted once", "DELETE /notes/1", time.Minute, rules.Allowed},
		{"not twice", "DELETE /notes/1", time.Minute, rules.ObjectBudgetExceeded},
		{"an hour after the last", "GET /orders/3", time.Minute + time.Hour, rules.Allowed},
		{"somebody else's order", "GET /orders/9", time.Minute + time.Hour, rules.NoRule},
		{"which counted", "GET /orders/4", time.Minute + time.Hour, rules.ObjectBudgetExceeded},
		{"a guess at full", "GET /orders/77", time.Minute + time.Hour, rules.UnknownObject},
		{"one that was counted", "GET /orders/3", time.Minute + time.Hour, rules.Allowed},
	} {
		got := p.Check(t.Context(), at(c.line, c.after))
		if got.Reason != c.want {
			t.Fatalf("%s: %s %q, want %s", c.name, got.Reason, got.Detail, c.want)
		}
		if allows := c.want == rules.Allowed; (got.Effect == rules.Allow) != allows {
			t.Errorf("%s: effect %v", c.name, got.Effect)
		}
	}
}

// TestOverdrawnSaysWhich: the verdict that found no room, its rule and its limit; the
// status is 403.
func TestOverdrawnSaysWhich(t *testing.T) {
	p := load(t, limited, limitedOptions(t, nil))
	got := p.Check(t.Context(), request("GET /orders?ids=1,2,3"))
	v := got.Targets[0]
	if got.Status() != 403 || v.Reason != rules.ObjectBudgetExceeded || v.Rule != "own" || v.Missing != "limit: no room for 3 in 2 objects per 1h" {
		t.Errorf("%d %+v", got.Status(), v)
	}
	if len(got.Spend.Claims) > 0 || got.Obligations.SetHeaders != nil {
		t.Errorf("a denial spends %+v and sets %+v", got.Spend, got.Obligations)
	}
}

// TestWithoutALedgerEachRequestHasItsOwn: explanations spend nothing.
func TestWithoutALedgerEachRequestHasItsOwn(t *testing.T) {
	p := load(t, limited, limitedOptions(t, nil))
	for _, id := range []string{"1", "2", "3", "4"} {
		if got := p.Check(t.Context(), request("GET /orders/"+id)); got.Effect != rules.Allow || len(got.Spend.Claims) != 1 {
			t.Errorf("order %s: %s, spends %+v", id, got.Reason, got.Spend)
		}
	}
}

// TestReloadKeepsWhatWasSpent.
func TestReloadKeepsWhatWasSpent(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           rules.Reason
	}{
		{"as it was", "", "", rules.ObjectBudgetExceeded},
		{"raised", "objects: 2", "objects: 3", rules.Allowed},
		{"lowered", "objects: 2", "objects: 1", rules.ObjectBudgetExceeded},
		{"a longer time", "per: 1h", "per: 2h", rules.ObjectBudgetExceeded},
		{"another limit", "{ objects: 2", "{ writes: 2", rules.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			ledger := budget.New()
			load(t, limited, limitedOptions(t, ledger)).Check(t.Context(), request("GET /orders?ids=1,2"))
			p := load(t, strings.Replace(limited, c.old, c.new, 1), limitedOptions(t, ledger))
			if got := p.Check(t.Context(), request("GET /orders/3")); got.Reason != c.want {
				t.Errorf("%s, want %s", got.Reason, c.want)
			}
		})
	}
}

// broken is a ledger whose disk is full.
type broken struct{}

func (broken) Charge(time.Time, []rules.Claim) (int, error) {
	return -1, errors.New("the disk is full")
}
func (broken) Note(time.Time, []rules.Charge) {}

// TestWhatCannotBeWrittenDownIsDenied, and what spends nothing is not.
func TestWhatCannotBeWrittenDownIsDenied(t *testing.T) {
	p := load(t, limited, limitedOptions(t, broken{}))
	if got := p.Check(t.Context(), request("GET /orders/1")); got.Reason != rules.BudgetUnavailable || got.Status() != 503 {
		t.Errorf("%d %s, want 503 budget_unavailable", got.Status(), got.Reason)
	}
	if got := p.Check(t.Context(), request("GET /notes/1")); got.Effect != rules.Allow {
		t.Errorf("%s for what spends nothing", got.Reason)
	}
}

// TestShadowEntryTriesALimitOut: the denial is recorded, and nothing more is spent.
func TestShadowEntryTriesALimitOut(t *testing.T) {
	text := strings.Replace(limited, "client: [web] } }", "client: [web] }, shadow: [{ host: shop.example.com, until: 2027-01-31 }] }", 1)
	p := load(t, text, limitedOptions(t, budget.New()))
	p.Check(t.Context(), request("GET /orders?ids=1,2"))
	got := p.Check(t.Context(), request("GET /orders/3"))
	if got.Reason != rules.ShadowDeny || got.Shadow == nil || got.Shadow.Reason != rules.ObjectBudgetExceeded || got.Shadow.Rule != "own" {
		t.Errorf("%s, %+v", got.Reason, got.Shadow)
	}
}

// TestShadowEntryOfATypePaysForTheOthers: what the entry lets through beside its own type
// is allowed by itself only as far as there is room, and is counted.
func TestShadowEntryOfATypePaysForTheOthers(t *testing.T) {
	text := strings.Replace(limited, "{ type: note, tier: internal }", "{ type: note, tier: internal, shadow: [ { until: 2027-01-31 } ] }", 1)
	text = strings.Replace(text, "identities:", "      - POST /orders/{id}/notes/{n} -> create note/{n}, read order/{id}\nidentities:", 1)
	text = strings.Replace(text, "own: owner, limit: { objects: 2, per: 1h }", "own: owner, limit: [ { objects: 9, per: 1h }, { amount: 20, of: '10', per: 1h } ]", 1)
	p := load(t, text, limitedOptions(t, budget.New()))
	for i, want := range []rules.Reason{rules.ShadowDeny, rules.ShadowDeny, rules.NoRule} {
		if got := p.Check(t.Context(), request(fmt.Sprintf("POST /orders/%d/notes/7", i+1))); got.Reason != want {
			t.Errorf("request %d: %s %q, want %s", i, got.Reason, got.Detail, want)
		}
	}
}

// TestOnlyAsManyAsThereIsRoomFor: of many requests side by side, each for another object.
func TestOnlyAsManyAsThereIsRoomFor(t *testing.T) {
	const most, many = 40, 100
	o := limitedOptions(t, budget.New())
	var rows []catalog.Row
	for i := range many {
		rows = append(rows, order(fmt.Sprint(i), "ada"))
	}
	o.Catalog = options(t, stated{v: ada()}, rows...).Catalog
	p := load(t, strings.Replace(limited, "objects: 2", fmt.Sprintf("objects: %d", most), 1), o)
	var allowed, denied atomic.Int64
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			switch got := p.Check(t.Context(), request(fmt.Sprintf("GET /orders/%d", i))); got.Reason {
			case rules.Allowed:
				allowed.Add(1)
			case rules.ObjectBudgetExceeded:
				denied.Add(1)
			default:
				t.Errorf("order %d: %s %q", i, got.Reason, got.Detail)
			}
		})
	}
	all.Wait()
	if allowed.Load() != most || denied.Load() != many-most {
		t.Errorf("%d allowed and %d denied, want %d and %d", allowed.Load(), denied.Load(), most, many-most)
	}
}

// TestAskingAgainSpendsNothing: what the guard asks a new version is nobody's request.
func TestAskingAgainSpendsNothing(t *testing.T) {
	ledger := budget.New()
	p := load(t, limited, limitedOptions(t, ledger))
	_, evidence := p.decide(t.Context(), request("GET /orders/9"))
	before := ledger.Stats()
	for range 3 {
		p.again(t.Context(), &seen{raw: request("GET /orders/1"), evidence: evidence})
	}
	if got := ledger.Stats(); got != before {
		t.Errorf("%+v, want %+v", got, before)
	}
}

// TestAllowRulesOnlyAdd: with the same already spent, one more allow rule never denies
// what was allowed, and one less never allows what was denied.
func TestAllowRulesOnlyAdd(t *testing.T) {
	all := []string{
		`  - { id: a, allow: customers, to: [read], on: order, up_to: internal, own: owner, limit: { objects: 2, per: 1h } }`,
		`  - { id: b, allow: customers, to: [read], on: order, up_to: internal, when: 'object.id in ["1", "2"] && object.owner == caller.subject', limit: { objects: 1, per: 1h } }`,
		`  - { id: c, allow: customers, to: [read], on: order, up_to: internal, when: 'object.id == "3" && object.owner == caller.subject' }`,
		`  - { id: d, allow: customers, to: [read], on: order, up_to: internal, own: owner, limit: [ { objects: 3, per: 1h }, { objects: 4, per: 2h } ] }`,
	}
	head, _, _ := strings.Cut(limited, "rules:")
	head += "rules:\n"
	requests := []string{"GET /orders/1", "GET /orders?ids=1,2", "GET /orders?ids=1,2,3", "GET /orders?ids=4,5", "GET /orders?ids=1,2,3,4,5", "GET /orders?ids=3,9"}
	// answers are those of a subset of the rules, after two orders were read under all of them.
	answers := func(subset int) (out []bool) {
		text := head
		for i, rule := range all {
			if subset>>i&1 == 1 {
				text += rule + "\n"
			}
		}
		for _, line := range requests {
			ledger := budget.New()
			load(t, head+strings.Join(all, "\n")+"\n", limitedOptions(t, ledger)).Check(t.Context(), request("GET /orders?ids=2,4"))
			out = append(out, load(t, text, limitedOptions(t, ledger)).Check(t.Context(), request(line)).Effect == rules.Allow)
		}
		return out
	}
	var of [16][]bool
	for subset := 1; subset < 16; subset++ {
		of[subset] = answers(subset)
	}
	for subset := 1; subset < 16; subset++ {
		for i := range all {
			more := subset | 1<<i
			for k, line := range requests {
				if of[subset][k] && !of[more][k] {
					t.Errorf("%s: allowed by rules %04b and denied by %04b", line, subset, more)
				}
			}
		}
	}
}

// TestCollectionsCannotBeCounted: a rule that limits objects does not load where a line
// brings it to a collection.
func TestCollectionsCannotBeCounted(t *testing.T) {
	for name, c := range map[string]struct {
		line, to, limit string
		want            string
	}{
		"objects of a collection": {"GET /orders/mine?owner={o} -> list order[owner={o}]", "[read, list]", "{ objects: 2, per: 1h }", "shop.yaml:17:99: the objects of a collection cannot be counted"},
		"any action":              {"GET /orders/mine?owner={o} -> list order[owner={o}]", `["*"], because: b, owner: o, review_by: 2027-12-31`, "{ objects: 2, per: 1h }", "cannot be counted"},
		"another action":          {"GET /orders/mine?owner={o} -> list order[owner={o}]", "[read]", "{ objects: 2, per: 1h }", ""},
		"writes of a collection":  {"DELETE /orders/mine?owner={o} -> delete order[owner={o}]", "[read, delete]", "{ writes: 2, per: 1h }", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(limited, "      - GET /notes/{id}", "      - "+c.line+"\n      - GET /notes/{id}", 1)
			text = strings.Replace(text, "to: [read], on: order, up_to: internal, own: owner, limit: { objects: 2, per: 1h }", "to: "+c.to+", on: order, up_to: internal, own: owner, limit: "+c.limit, 1)
			_, _, err := Load(fstest.MapFS{"shop.yaml": {Data: []byte(text)}}, limitedOptions(t, nil))
			if got := fmt.Sprint(err); c.want == "" && err != nil || !strings.Contains(got, c.want) && c.want != "" {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestNoLimitAllocatesNoMore: a decision that spends nothing pays nothing for limits of
// others.
func TestNoLimitAllocatesNoMore(t *testing.T) {
	d := rules.Decision{Effect: rules.Allow}
	p := new(Policy)
	if n := testing.AllocsPerRun(100, func() { p.charge(&d, now) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
