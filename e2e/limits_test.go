//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// limitRules limit what customers move at once by what the body says of it.
const limitRules = `
rules:
  - { id: small-amounts, deny: customers, to: [debit], on: account, when: "request.body.amount < 1 || request.body.amount > 1000" }
  - { id: known-currencies, deny: customers, to: [debit], on: account, when: 'has(request.body.currency) && !(request.body.currency in ["NOK", "EUR"])' }
`

// A bank's limit on transfers, through a real Envoy: each attack differs from the
// transfer that passes in one thing, and the bank sees none of them.
func TestTransferLimits(t *testing.T) {
	w := world(t, programs(t, true))
	config, err := w.Configure("limits", Settings.requireKeys)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(name, old, now string) {
		text, put := replaced(t, config, "rules", name)
		if !strings.Contains(text, old) {
			t.Fatalf("%s does not hold %q", name, old)
		}
		put(strings.Replace(text, old, now, 1))
	}
	edit("accounts.yaml", "actions: { ", "actions: { debit: { body: { amount: int, currency: string } }, ")
	edit("transfers.yaml", "[from, to, amount]", "[from, to, amount, currency]")
	edit("transfers.yaml", "credit account/{body.to}", "credit account/{body.to}: { reads: body }")
	if err := writeRules(config, "limits.yaml", limitRules); err != nil {
		t.Fatal(err)
	}
	w.serve(t, "limits", config)
	if err := w.Open(t.Context(), Gateways[2]); err != nil {
		t.Fatal(err)
	}
	transfer := func(more string) Call {
		return call(ada, "POST", "/v1/transfers", `{"from":"NO100001","to":"NO200001"`+more+`}`, "her own, to bob's")
	}
	for name, c := range map[string]Call{
		"the most":               transfer(`,"amount":1000`).allowed("transfers-are-booked", setsCustomer),
		"more":                   transfer(`,"amount":1001`).denied(403, "small-amounts"),
		"less than nothing":      transfer(`,"amount":-5`).denied(403, "small-amounts"),
		"as a text":              transfer(`,"amount":"5000"`).denied(400, "body_malformed"),
		"in another spelling":    transfer(`,"amount":5e3`).denied(400, "body_malformed"),
		"a fraction":             transfer(`,"amount":10.5`).denied(400, "body_malformed"),
		"beyond what all read":   transfer(`,"amount":9007199254740993`).denied(400, "body_malformed"),
		"none":                   transfer(``).denied(403, "attribute_missing"),
		"null":                   transfer(`,"amount":null`).denied(403, "attribute_missing"),
		"a twin":                 transfer(`,"amount":10,"Amount":5000`).denied(400, "ambiguous_parameter"),
		"twice":                  transfer(`,"amount":10,"amount":5000`).denied(400, "body_malformed"),
		"over what is buffered":  transfer(`,"amount":10`+strings.Repeat(" ", 62_000)).denied(413, "body_too_large"),
		"in the query":           call(ada, "POST", "/v1/transfers?amount=10", `{"from":"NO100001","to":"NO200001","amount":5000}`, "").denied(400, "ambiguous_parameter"),
		"another currency":       transfer(`,"amount":10,"currency":"XXX"`).denied(403, "known-currencies"),
		"a known currency":       transfer(`,"amount":10,"currency":"NOK"`).allowed("transfers-are-booked", setsCustomer),
		"an account of somebody": call(ada, "POST", "/v1/transfers", `{"from":"NO200001","to":"NO100001","amount":10}`, "").denied(403, "no_rule"),
	} {
		t.Run(name, func(t *testing.T) {
			seen, err := w.Play(t.Context(), Gateways[2], c)
			if err != nil {
				t.Fatal(err)
			}
			if problem := c.CheckWith(seen); problem != "" {
				t.Errorf("%s: %s", c.Request.Body[:min(len(c.Request.Body), 80)], problem)
			}
		})
	}
}
