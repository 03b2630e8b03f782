package e2e

import (
	"strings"

	"github.com/tiergate/tiergate/envoy"
)

func headerAttacks() []Row {
	mine := call(ada, "GET", "/v1/my/accounts?owner=ada", "", "her own accounts").allowed("own-accounts", setsCustomer)
	lie := func(name, value string) Call {
		c := mine.header(name + ": " + value)
		c.Lie, c.Object = name, "what a header claims"
		return c
	}
	twin := func(line string) Call {
		c := lie("x-bank-customer", "bob")
		c.Request.Header = []string{line}
		c.Lie, c.Object = "", "her own accounts"
		return c
	}
	harmless := twin("x-request-note: hello")
	rows := []Row{}
	for _, profile := range []envoy.Profile{envoy.Hardened, envoy.Base} {
		for _, l := range []struct{ name, header, value string }{
			{"the client names the customer itself", "x-bank-customer", "bob"},
			{"the client sends a header nobody sets", "x-bank-tenant", "acme"},
			{"the client sends a header of tiergate", "x-tiergate-tier", "public"},
			{"the client says where it came from", "x-forwarded-prefix", "/v1/admin"},
			{"the client says which path it had", "x-original-uri", "/v1/admin/users"},
		} {
			attack := lie(l.header, l.value)
			attack.Stripped = profile == envoy.Hardened
			rows = append(rows, Row{Name: l.name, Profile: profile, Attack: attack, Twin: harmless})
		}
	}
	under := lie("x_bank_customer", "bob")
	under.Lie = "X_bank_customer"
	dotted, mixed, loud := lie("x.bank.customer", "bob"), lie("x-bank_customer", "bob"), lie("X-BANK-CUSTOMER", "bob")
	dotted.Lie, mixed.Lie = "X.bank.customer", "X-Bank_customer"
	stripped := loud
	stripped.Stripped = true
	strict := under
	strict.Status, strict.Why, strict.Before, strict.Set, strict.Lie = 400, "", 400, nil, ""
	return append(rows,
		Row{Name: "its underscore twin", Profile: envoy.Hardened, Attack: strict, Twin: harmless},
		Row{Name: "its underscore twin", Profile: envoy.Base, Attack: under, Twin: harmless},
		Row{Name: "its mixed twin", Profile: envoy.Base, Attack: mixed, Twin: harmless},
		Row{Name: "its dotted twin", Profile: envoy.Hardened, Attack: dotted, Twin: harmless},
		Row{Name: "its dotted twin", Profile: envoy.Base, Attack: dotted, Twin: harmless},
		Row{Name: "its twin in capitals", Profile: envoy.Hardened, Attack: stripped, Twin: harmless},
		Row{Name: "its twin in capitals", Profile: envoy.Base, Attack: loud, Twin: harmless})
}

// queryAttacks name the reader of a paper beside the one that the rule sets. The
// proxy replaces only what comes in the very bytes of the parameter's name.
func queryAttacks() []Row {
	statement := func(query, object string) Call { return call(ada, "GET", "/v1/statements/s-1001"+query, "", object) }
	replaced := func(query, arrives string) Call {
		c := statement(query, "her own statement").allowed("own-papers")
		c.Target = "/v1/statements/s-1001" + arrives
		return c
	}
	forged := func(query string) Call {
		return statement(query, "her statement, as read by bob").denied(400, "ambiguous_parameter")
	}
	const hardened, base = envoy.Hardened, envoy.Base
	return []Row{
		{"a parameter of ours, encoded", hardened, forged("?%72eader=bob"), replaced("?reader=bob", "?reader=ada")},
		{"a parameter of ours, encoded", base, forged("?%72eader=bob"), replaced("?reader=bob", "?reader=ada")},
		{"a parameter of ours, and once encoded", hardened, forged("?reader=ada&rea%64er=bob"), replaced("?reader=ada&reader=bob", "?reader=ada")},
		{"a parameter of ours, in capitals", hardened, forged("?READER=bob"), replaced("?reader", "?reader=ada")},
		{"a parameter of ours, with a space", hardened, forged("?+reader=bob"), replaced("?page=2&reader=bob&reader=eve&a=1", "?a=1&page=2&reader=ada")},
		{"a parameter of ours, as a list", hardened, forged("?reader[]=bob"), replaced("?readers=2", "?reader=ada&readers=2")},
		{"a parameter of ours, in brackets", hardened, forged("?[reader]=bob"), replaced("?[readers]=2", "?[readers]=2&reader=ada")},
		{"a parameter of ours, in brackets that are encoded", base, forged("?%5B%5Breader%5D%5D=bob"), replaced("?reader=bob", "?reader=ada")},
		{"a parameter of ours, before a stray bracket", hardened, forged("?reader]=bob"), replaced("?reader=bob", "?reader=ada")},
		{"a parameter of ours, behind padding", hardened,
			statement("?"+strings.Repeat("&", 1000)+"a=1", "her statement, read by nobody").denied(400, "ambiguous_query"),
			replaced("?"+strings.Repeat("a&", 3)+"a=1", "?a=&a=&a=&a=1&reader=ada")},
		{"a parameter of ours, as an object", hardened, forged("?reader.name=bob"), replaced("?name=bob", "?name=bob&reader=ada")},
	}
}

// pathAttacks reach another object by another spelling of an allowed path.
// The bank cleans paths as lenient frameworks do, so each one works on it.
func pathAttacks() []Row {
	spell := func(target, object string) Call { return call(ada, "GET", target, "", object) }
	bob := func(target string) Call { return spell(target, "bob's account") }
	file := spell("/v1/files/public/terms.pdf", "a public file").allowed("public-files")
	admin := func(target string) Call { return spell(target, "the admin area") }
	const hardened, base = envoy.Hardened, envoy.Base
	normalised := func(c Call) Call { return c.denied(403, "no_rule") }
	ambiguous := func(c Call) Call { return c.denied(400, "ambiguous_path") }
	byEnvoy := func(c Call) Call { return c.denied(400, "").refusedBefore(400) }
	either := func(c Call) Call { return c.denied(AnyRefusal, "no_rule|ambiguous_path") } // newer Envoys resolve it
	return []Row{
		{"// before the path", hardened, normalised(bob("//v1/accounts/NO200001")), own()},
		{"// before the path", base, ambiguous(bob("//v1/accounts/NO200001")), own()},
		{"// inside the path", hardened, normalised(bob("/v1/accounts//NO200001")), own()},
		{"// inside the path", base, ambiguous(bob("/v1/accounts//NO200001")), own()},
		{"/../ out of an allowed path", hardened, normalised(bob(ownAccount + "/../NO200001")), own()},
		{"/../ out of an allowed path", base, normalised(bob(ownAccount + "/../NO200001")), own()},
		{"%2e%2e out of an allowed path", hardened, normalised(bob(ownAccount + "/%2e%2e/NO200001")), own()},
		{"%2e%2e out of an allowed path", base, normalised(bob(ownAccount + "/%2e%2e/NO200001")), own()},
		{"%2f behind an allowed id", hardened, byEnvoy(bob(ownAccount + "%2f..%2fNO200001")), own()},
		{"%2f behind an allowed id", base, ambiguous(bob(ownAccount + "%2f..%2fNO200001")), own()},
		{"%2f out of a rest capture", hardened, byEnvoy(admin("/v1/files/public/..%2f..%2fadmin%2fusers")), file},
		{"%2f out of a rest capture", base, ambiguous(admin("/v1/files/public/..%2f..%2fadmin%2fusers")), file},
		{"%5c out of a rest capture", base, ambiguous(admin(`/v1/files/public/..%5c..%5cadmin%5cusers`)), file},
		{"%252f, encoded twice", base, ambiguous(spell("/v1/files/public/%252e%252e%252fsecret", "a file outside public")), file},
		{"dot leaders out of a rest capture", hardened, ambiguous(admin("/v1/files/public/%E2%80%A4%E2%80%A4/secret")), file},
		{"dot leaders out of a rest capture", base, ambiguous(admin("/v1/files/public/%E2%80%A4%E2%80%A4/secret")), file},
		{"a wide slash out of a rest capture", base, ambiguous(admin("/v1/files/public/..%EF%BC%8Fsecret")), file},
		{"dots around a space out of a rest capture", base, ambiguous(admin("/v1/files/public/.%20./secret")), file},
		{"; behind an id", hardened, ambiguous(bob(bobsAccount + ";v=1")), own()},
		{"; behind an id", base, ambiguous(bob(bobsAccount + ";v=1")), own()},
		{"/..;/ out of an allowed path", hardened, either(bob(ownAccount + "/..;/NO200001")), own()},
		{"/..;/ out of an allowed path", base, either(bob(ownAccount + "/..;/NO200001")), own()},
		{"/%2e%2e;/ out of an allowed path", hardened, ambiguous(bob(ownAccount + "/%2e%2e;/NO200001")), own()},
		{"/%2e%2e;/ out of an allowed path", base, ambiguous(bob(ownAccount + "/%2e%2e;/NO200001")), own()},
	}
}
