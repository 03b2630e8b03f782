package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/e2e/bank"
)

// Pair is one object and one action on it.
type Pair struct{ Type, ID, Action string }

// Reach is a set of pairs, each with the tier of the action on the object.
type Reach map[Pair]string

// Exposure is what a running tiergate lets callers do.
type Exposure struct {
	All Reach            // every action that the map has on every object: what any valid token reaches without object rules
	By  map[string]Reach // with the rules, by caller
}

// probe is a request that, if its target is allowed, proves the pair.
type probe struct {
	pair    Pair
	request Request
	whole   bool // the target is a collection: the whole request has to be allowed
}

// BruteForce asks the running tiergate, as each caller, about every action on
// every object of the catalog, by every request that the map has for it. It
// knows nothing of the rules.
func (w *World) BruteForce(ctx context.Context, callers []Caller) (*Exposure, error) {
	probes, err := w.probes()
	if err != nil {
		return nil, err
	}
	c, err := NewChecker(w.Tiergate.GRPC)
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // every answer is in
	x := &Exposure{All: Reach{}, By: map[string]Reach{}}
	for _, caller := range callers {
		if x.By[caller.Name], err = w.probe(ctx, c, caller, probes, x.All); err != nil {
			return nil, err
		}
	}
	x.settle()
	return x, nil
}

// probe asks all probes as one caller, returns what is allowed, and raises the
// tiers of all to those of the records.
func (w *World) probe(ctx context.Context, c *Checker, caller Caller, probes []probe, all Reach) (Reach, error) {
	token, err := w.Mint(*caller.Token)
	if err != nil {
		return nil, err
	}
	asked := map[string]probe{} // by decision id
	var last string
	for _, p := range probes {
		p.request.Header = []string{"Authorization: Bearer " + token}
		answer, err := c.Check(ctx, caller.Peer, p.request)
		if err != nil {
			return nil, err
		}
		if answer.Decision == "" || answer.Status == 503 {
			return nil, fmt.Errorf("%v: %s %s: got %d with decision %q, want a decision", caller, p.request.Method, p.request.Target, answer.Status, answer.Decision)
		}
		asked[answer.Decision] = p
		last = answer.Decision
	}
	if _, err := w.Tiergate.Decision(ctx, last); err != nil { // records are written in order
		return nil, err
	}
	records, err := w.Tiergate.Decisions()
	if err != nil {
		return nil, err
	}
	reach := Reach{}
	for id, p := range asked {
		d := records[id]
		if d == nil {
			return nil, fmt.Errorf("%v: decision %s has no record", caller, id)
		}
		allowed, tier := p.verdict(d)
		all[p.pair] = higher(all[p.pair], tier)
		if allowed {
			reach[p.pair] = tier
		}
	}
	return reach, nil
}

// verdict finds the pair's target in the record. Nothing was looked up for a
// caller that no rule fits, so the tier may be too low: the highest that any
// caller's record shows is the right one.
func (p probe) verdict(d *Decision) (allowed bool, tier string) {
	if p.whole { // the collection has a tier, not the object
		return d.Effect == "allow", ""
	}
	for _, t := range d.Targets {
		if t.Type == p.pair.Type && t.Action == p.pair.Action && t.ID == p.pair.ID {
			return t.Effect == "allow", t.Tier
		}
	}
	return false, ""
}

// settle gives every pair its tier, once all records were seen. In a list an
// object is what it is when it is read.
func (x *Exposure) settle() {
	for pair := range x.All {
		if pair.Action == "list" {
			x.All[pair] = x.All[Pair{pair.Type, pair.ID, "read"}]
		}
	}
	for _, reach := range x.By {
		for pair := range reach {
			reach[pair] = x.All[pair]
		}
	}
}

// Tiers are those of the bank example, low to high.
var Tiers = []string{"public", "internal", "confidential", "restricted"}

func higher(a, b string) string {
	if slices.Index(Tiers, a) > slices.Index(Tiers, b) {
		return a
	}
	return b
}

// probes are the requests of the bank's map, filled with each object.
func (w *World) probes() ([]probe, error) {
	catalog, err := fs.Sub(w.example, "catalog")
	if err != nil {
		return nil, err
	}
	rows := map[string][]bank.Record{}
	for _, table := range []string{"customers", "accounts", "cards", "transfers", "statements"} {
		if rows[table], err = bank.Load(catalog, table+".csv"); err != nil {
			return nil, err
		}
	}
	b := &prober{}
	for _, row := range rows["accounts"] {
		b.account(row, rows["accounts"])
	}
	for _, row := range rows["customers"] {
		b.customer(row, rows["accounts"])
	}
	for _, row := range rows["cards"] {
		b.add("card", row, "read", "GET", "/v1/cards/{id}", "")
		b.add("card", row, "update", "PATCH", "/v1/cards/{id}", "{}")
	}
	for _, row := range rows["transfers"] {
		b.add("transfer", row, "read", "GET", "/v1/transfers/{id}", "")
		b.add("transfer", row, "delete", "DELETE", "/v1/transfers/{id}", "")
	}
	for _, row := range rows["statements"] {
		b.add("statement", row, "read", "GET", "/v1/statements/{id}", "")
	}
	return b.probes, nil
}

type prober struct{ probes []probe }

// add fills a row's columns into target and body.
func (b *prober) add(kind string, row bank.Record, action, method, target, body string) {
	var pairs []string
	for column, value := range row {
		pairs = append(pairs, "{"+column+"}", fmt.Sprint(value))
	}
	fill := strings.NewReplacer(pairs...)
	b.probes = append(b.probes, probe{
		pair:    Pair{kind, fmt.Sprint(row["id"]), action},
		request: Request{Method: method, Target: fill.Replace(target), Host: Host, Body: fill.Replace(body)},
		whole:   action == "list",
	})
}

func (b *prober) account(row bank.Record, all []bank.Record) {
	b.add("account", row, "read", "GET", "/v1/accounts/{id}", "")
	b.add("account", row, "update", "PATCH", "/v1/accounts/{id}", "{}")
	b.add("account", row, "delete", "DELETE", "/v1/accounts/{id}", "")
	b.add("account", row, "close", "POST", "/v1/accounts/{id}/close", "")
	b.add("account", row, "debit", "POST", "/v1/transfers", `{"from":"{id}","to":"{id}"}`)
	for _, from := range all { // from whichever account the caller may pay
		b.add("account", row, "credit", "POST", "/v1/transfers", fmt.Sprintf(`{"from":%q,"to":"{id}"}`, from["id"]))
	}
	b.add("account", row, "list", "GET", "/v1/accounts/all", "")
	b.add("account", row, "list", "GET", "/v1/accounts?tenant={tenant}", "")
	b.add("account", row, "list", "GET", "/v1/my/accounts?owner={owner}", "")
	b.add("account", row, "list", "GET", "/v1/customers/{parent}/accounts", "")
}

func (b *prober) customer(row bank.Record, accounts []bank.Record) {
	b.add("customer", row, "read", "GET", "/v1/customers/{id}", "")
	b.add("customer", row, "update", "PATCH", "/v1/customers/{id}", "{}")
	b.add("customer", row, "list", "GET", "/v1/customers?tenant={tenant}", "")
	for _, a := range accounts { // of whichever account the caller may change
		b.add("customer", row, "receive", "PATCH", fmt.Sprintf("/v1/accounts/%v", a["id"]), `{"owner":"{id}"}`)
	}
}
