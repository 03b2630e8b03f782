package resolver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// bankLines are the map lines of the bank, as users write them.
var bankLines = []string{
	"GET    /v1/accounts?tenant={t}    -> list   account[tenant={t}]",
	"GET    /v1/accounts/all           -> list   account",
	"GET    /v1/my/accounts?owner={o}  -> list   account[owner={o}]",
	"GET    /v1/accounts/{id}          -> read   account/{id}",
	"GET    /v1/account?id={id}        -> read   account/{id}",
	"GET    /v1/many                   -> read   account/{query.ids[,]}",
	"GET    /v1/current                -> read   account/{header.x-account-id}",
	"GET    /v1/me                     -> read   customer/{caller.claims.customer}",
	"POST   /v1/accounts:lookup        -> read   account/{body.id}",
	"POST   /v1/accounts:batchDelete   -> delete account/{body.ids[]}",
	"POST   /v1/accounts:batchTouch    -> close  account/{body.items[].id}",
	"PATCH  /v1/accounts/{id}          -> update account/{id}, receive customer/{body.owner?}",
	"PUT    /v1/files/{name}           -> create|update file/{name}",
	"DELETE /v1/accounts/{id}          -> delete account/{id}",
	"POST   /v1/accounts/{id}/close    -> close  account/{id}",
	"GET    /v1/customers/{c}/accounts -> list   account in customer/{c}",
	"POST   /v1/customers              -> create customer[tenant={body.tenant}]",
	"POST   /v1/transfers              -> debit  account/{body.from}, credit account/{body.to.id}",
	"GET    /v1/files/{path=**}        -> read   file/{path}",
	"GET    /v1/branch                 -> list   account[branch={query.b},frozen={query.f?}]",
	"POST   /v1/search                 -> list   account[frozen={body.frozen},branch={body.branch?}]",
	"GET    /v1/settings               -> read   file/settings.json",
	"ANY    /v1/any/{key}              -> update file/{key}",
}

// show is a target in the form of the language, with what is known of it.
func showTarget(t *rules.Target) string {
	var b strings.Builder
	b.WriteString(t.Action)
	if t.Upsert {
		b.WriteString("?")
	}
	b.WriteString(" " + t.Object.Type.Name)
	if t.Object.ID != "" {
		b.WriteString("/" + t.Object.ID)
	}
	for i, v := range t.Object.Attributes {
		if v != nil {
			fmt.Fprintf(&b, "[%s=%#v]", t.Object.Type.Attributes[i].Name, v)
		}
	}
	if t.Object.Parent != "" {
		b.WriteString(" in " + t.Object.Parent)
	}
	for name, on := range map[string]bool{"new": t.Object.State == rules.New} {
		if on {
			b.WriteString(" " + name)
		}
	}
	if t.Collection {
		b.WriteString(" collection")
	}
	if t.Unbounded {
		b.WriteString(" unbounded")
	}
	if len(t.Properties) > 0 {
		b.WriteString(" named " + strings.Join(t.Properties, "+"))
	}
	return b.String()
}

func showTargets(ts []rules.Target) string {
	out := make([]string, len(ts))
	for i := range ts {
		out[i] = showTarget(&ts[i])
	}
	return strings.Join(out, ", ")
}

func TestTargetsOfTheBank(t *testing.T) {
	routes := compile(t, bankLines...)
	got, err := resolve(routes, raw("PATCH /v1/accounts/AC123456\ncontent-type: application/json\n\n"+`{"phone":"1","owner":"bob"}`), nil)
	if want := "update account/AC123456 named phone+owner, receive customer/bob"; err != nil || showTargets(got) != want {
		t.Errorf("got %s, %v; want %s", showTargets(got), err, want)
	}
}
