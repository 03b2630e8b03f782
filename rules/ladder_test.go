package rules

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// A tier demands at least what those below it do, each demand by itself.
func TestLadder(t *testing.T) {
	for _, row := range []struct{ low, high, want string }{
		{"max_token_age: 1h", "max_token_age: 1h", ""},
		{"max_token_age: 1h", "max_token_age: 5m", ""},
		{"max_token_age: 1h", "max_token_age: 2h", "max_token_age"},
		{"max_token_age: 1h", "purpose: true", "max_token_age"},
		{"max_auth_age: 1h", "max_auth_age: 59m, purpose: true", ""},
		{"max_auth_age: 1h", "max_auth_age: 61m", "max_auth_age"},
		{"bound_token: true", "bound_token: true, mtls: true", ""},
		{"bound_token: true", "mtls: true", "bound_token"},
		{"purpose: true", "purpose: true", ""},
		{"purpose: true", "mtls: true", "purpose"},
		{"mtls: true", "mtls: true", ""},
		{"mtls: true", "purpose: true", "mtls"},
		{"network: [10.0.0.0/8]", "network: [10.0.0.0/8]", ""},
		{"network: [10.0.0.0/8, 192.0.2.0/24]", "network: [10.1.0.0/16]", ""},
		{"network: [10.0.0.0/8]", "network: [10.1.0.0/16, 192.0.2.0/24]", "network"},
		{"network: [10.1.0.0/16]", "network: [10.0.0.0/8]", "network"},
		{"network: [10.0.0.0/8]", "purpose: true", "network"},
		{"network: [10.0.0.0/8]", `network: ["::ffff:10.1.0.0/112"]`, ""},
		{"acr: [silver, gold]", "acr: [gold]", ""},
		{"acr: [gold]", "acr: [gold, silver]", "acr"},
		{"acr: [gold]", "purpose: true", "acr"},
		{"amr: [pwd]", "amr: [pwd, hwk]", ""},
		{"amr: [pwd, hwk]", "amr: [pwd]", "amr"},
		{"fresh_catalog: 5s", "fresh_catalog: 1s", ""},
		{"fresh_catalog: 5s", "fresh_catalog: 6s", "fresh_catalog"},
	} {
		t.Run(row.low+" below "+row.high, func(t *testing.T) {
			text := fmt.Sprintf("tiers: [ { name: a }, { name: b, require: { %s } }, { name: c, require: { %s } } ]\n", row.low, row.high)
			src, ms := Parse(fstest.MapFS{"r.yaml": {Data: []byte(text)}})
			if err := ms.Err(); err != nil {
				t.Fatal(err)
			}
			_, ms = Compile(src, Env{Partial: true})
			if row.want == "" {
				if err := ms.Err(); err != nil {
					t.Errorf("it says %v", err)
				}
				return
			}
			if err := ms.Err(); err == nil || !strings.Contains(err.Error(), `tier "c" demands less than "b" below it`) || !strings.Contains(err.Error(), "repeat "+row.want+" here") {
				t.Errorf("it says %v, want %s", err, row.want)
			}
		})
	}
}
