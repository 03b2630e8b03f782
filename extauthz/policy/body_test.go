package policy

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// A body that no line needs can end a request before anybody is asked who it is;
// its record says of which operation.
func TestDenialsForBodiesNameTheirOperation(t *testing.T) {
	for _, c := range []struct {
		name, line, contentType, body string
		want                          rules.Reason
	}{
		{"no body", "GET /orders/1", "", "", rules.Allowed},
		{"a GET with a body", "GET /orders/1", "application/json", "{}", rules.MalformedRequest},
		{"JSON", "PUT /orders/1", "application/json", "{}", rules.Allowed},
		{"JSON that is none", "PUT /orders/1", "application/json", "{", rules.BodyMalformed},
	} {
		p := load(t, shop, options(t, stated{v: ada()}, order("1", "ada")))
		raw := request(c.line)
		if c.body != "" {
			raw.Body, raw.Size = []byte(c.body), int64(len(c.body))
			raw.Headers = append(raw.Headers, rules.Header{Name: "content-type", Value: c.contentType})
		}
		got := p.Check(t.Context(), raw)
		if got.Reason != c.want || !strings.Contains(got.Operation, "/orders/{id}") || got.OpPos.Line == 0 {
			t.Errorf("%s: %s %q of %q at %v, want %s", c.name, got.Reason, got.Detail, got.Operation, got.OpPos, c.want)
		}
	}
}

// Of several targets the verdicts end with the first that was not allowed.
func TestTheFirstTargetThatIsDeniedIsNamed(t *testing.T) {
	text := strings.Replace(shop, "    map:\n", "    map:\n      - GET /batch -> read order/{query.id[]}\n", 1)
	rows := options(t, stated{v: ada()}, order("1", "ada"), order("2", "bob"), order("3", "ada"), order("4", "bob"))
	for query, want := range map[string]string{"id=1&id=3": "allow 1 3", "id=1&id=2&id=3&id=4": "deny 1 2", "id=4&id=1": "deny 4"} {
		got := load(t, text, rows).Check(t.Context(), request("GET /batch?"+query))
		said := got.Effect.String()
		for _, v := range got.Targets {
			said += " " + v.ID
		}
		if said != want {
			t.Errorf("%s: got %s, want %s", query, said, want)
		}
	}
}
