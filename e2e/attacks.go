package e2e

import (
	"time"

	"github.com/tiergate/tiergate/envoy"
)

// Row is one attack and its twin: a request that differs in what makes the
// attack one, and must pass.
type Row struct {
	Name    string
	Profile envoy.Profile // Hardened unless set
	Attack  Call
	Twin    Call
}

// Through is the bootstrap the row is played on.
func (r Row) Through() envoy.Profile {
	if r.Profile == "" {
		return envoy.Hardened
	}
	return r.Profile
}

// Call is one request and what must come of it.
type Call struct {
	Who     Caller
	Request Request
	Object  string // what it is after, as the demo prints it

	Before int    // the status behind jwt_authn; 0 means that it reaches the bank
	Status int    // the status with tiergate; 0 means that it reaches the bank, AnyRefusal a 400 or 403
	Why    string // the rule or the reason that decides; "" means Envoy by itself, "a|b" either

	// Set is what the bank must see of the headers that tiergate owns, besides
	// the decision's id: exactly these, as "name: value".
	Set []string
	// Lie is a header that the client sends and the bank must never see.
	Lie string
	// Stripped: the bootstrap removes the lie by itself, so not even the bank
	// behind jwt_authn sees it.
	Stripped bool
}

// AnyRefusal is the status where Envoy's release decides which one it is.
const AnyRefusal = -1

// Attacks is the attack script: the demo plays it, and the end-to-end tests run
// each row.
func Attacks() []Row {
	var rows []Row
	for _, part := range [][]Row{objectAttacks(), writeAttacks(), routeAttacks(), tokenAttacks(), machineAttacks(), headerAttacks(), pathAttacks()} {
		rows = append(rows, part...)
	}
	return rows
}

const (
	ownAccount   = "/v1/accounts/NO100001"
	bobsAccount  = "/v1/accounts/NO200001"
	setsCustomer = "x-bank-customer: ada"
)

func call(who Caller, method, target, body, object string) Call {
	return Call{Who: who, Request: Request{Method: method, Target: target, Host: Host, Body: body}, Object: object}
}

func (c Call) denied(status int, why string) Call { c.Status, c.Why = status, why; return c }
func (c Call) refusedBefore(status int) Call      { c.Before = status; return c }
func (c Call) allowed(rule string, set ...string) Call {
	c.Why, c.Set = rule, set
	return c
}
func (c Call) header(line string) Call {
	c.Request.Header = append(c.Request.Header, line)
	return c
}

// own is the twin of most attacks by ada.
func own() Call {
	return call(ada, "GET", ownAccount, "", "her own account").allowed("own-accounts", setsCustomer)
}

func objectAttacks() []Row {
	return []Row{
		{Name: "read a neighbour's account by path id",
			Attack: call(ada, "GET", bobsAccount, "", "bob's account").denied(403, "no_rule"),
			Twin:   own()},
		{Name: "read it by query id",
			Attack: call(ada, "GET", "/v1/account?id=NO200001", "", "bob's account").denied(403, "no_rule"),
			Twin:   call(ada, "GET", "/v1/account?id=NO100001", "", "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "read it by body id",
			Attack: call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO200001"}`, "bob's account").denied(403, "no_rule"),
			Twin:   call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "a batch of three with one foreign",
			Attack: call(ada, "POST", "/v1/accounts:batchGet", `{"ids":["NO100001","NO200001","NO100002"]}`, "bob's account, in the middle").denied(403, "no_rule"),
			Twin:   call(ada, "POST", "/v1/accounts:batchGet", `{"ids":["NO100001","NO100002"]}`, "her two accounts").allowed("own-accounts", setsCustomer)},
		{Name: "an empty batch",
			Attack: call(ada, "POST", "/v1/accounts:batchGet", `{"ids":[]}`, "all accounts").denied(400, "no_target"),
			Twin:   call(ada, "POST", "/v1/accounts:batchGet", `{"ids":["NO100001"]}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "the same id twice in one body",
			Attack: call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001","id":"NO200001"}`, "bob's account").denied(400, "body_malformed"),
			Twin:   call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "the same id twice, in capitals once",
			Attack: call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001","ID":"NO200001"}`, "bob's account").denied(400, "body_malformed"),
			Twin:   call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001","note":"mine"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "the same id twice in one query",
			Attack: call(ada, "GET", "/v1/account?id=NO200001&id=NO100001", "", "bob's account").denied(400, "ambiguous_parameter"),
			Twin:   call(ada, "GET", "/v1/account?id=NO100001", "", "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "a list of another tenant",
			Attack: call(partner, "GET", "/v1/accounts?tenant=nord", "", "all accounts of nord").denied(403, "no_rule"),
			Twin:   call(partner, "GET", "/v1/accounts?tenant=acme", "", "acme's accounts").allowed("partner-accounts")},
		{Name: "a list without its bound",
			Attack: call(partner, "GET", "/v1/accounts", "", "all accounts").denied(400, "no_target"),
			Twin:   call(partner, "GET", "/v1/accounts?tenant=acme", "", "acme's accounts").allowed("partner-accounts")},
		{Name: "an unbounded list",
			Attack: call(ada, "GET", "/v1/accounts/all", "", "all accounts").denied(403, "no_rule"),
			Twin:   call(ada, "GET", "/v1/my/accounts?owner=ada", "", "her own accounts").allowed("own-accounts", setsCustomer)},
		{Name: "a record above the reader's tier",
			Attack: call(auditor, "GET", "/v1/accounts/NO300001", "", "a restricted account").denied(403, "no_rule"),
			Twin:   call(auditor, "GET", bobsAccount, "", "an ordinary account").allowed("auditors-read")},
	}
}

func writeAttacks() []Row {
	return []Row{
		{Name: "create an account under another customer",
			Attack: call(ada, "POST", "/v1/customers/bob/accounts", `{"nickname":"mine"}`, "customer bob").denied(403, "no_rule"),
			Twin:   call(ada, "POST", "/v1/customers/ada/accounts", `{"nickname":"mine"}`, "customer ada").allowed("accounts-under-own-name")},
		{Name: "move an account to another owner",
			Attack: call(ada, "PATCH", ownAccount, `{"owner":"bob"}`, "customer bob receives").denied(403, "no_rule"),
			Twin:   call(ada, "PATCH", ownAccount, `{"nickname":"savings"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "change a neighbour's card",
			Attack: call(ada, "PATCH", "/v1/cards/card-21", `{"limit":"9999"}`, "bob's card").denied(403, "no_rule"),
			Twin:   call(ada, "PATCH", "/v1/cards/card-11", `{"limit":"500"}`, "her own card").allowed("own-cards")},
		{Name: "mass assignment of a protected property",
			Attack: call(ada, "PATCH", ownAccount, `{"nickname":"savings","credit_limit":1000000}`, "her credit limit").denied(403, "property_not_allowed"),
			Twin:   call(ada, "PATCH", ownAccount, `{"nickname":"savings"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "pay from a neighbour's account",
			Attack: call(ada, "POST", "/v1/transfers", `{"from":"NO200001","to":"NO100001","amount":10}`, "bob's account").denied(403, "no_rule"),
			Twin:   call(ada, "POST", "/v1/transfers", `{"from":"NO100001","to":"NO200001","amount":10}`, "her own, to bob's").allowed("own-accounts", setsCustomer)},
		{Name: "pay from a frozen account",
			Attack: call(ada, "POST", "/v1/transfers", `{"from":"NO100002","to":"NO100001","amount":10}`, "her frozen account").denied(403, "frozen-is-frozen"),
			Twin:   call(ada, "POST", "/v1/transfers", `{"from":"NO100001","to":"NO100002","amount":10}`, "her other account").allowed("own-accounts", setsCustomer)},
		{Name: "delete a batch with one foreign",
			Attack: call(ada, "POST", "/v1/accounts:batchDelete", `{"ids":["NO100001","NO200001"]}`, "bob's account").denied(403, "no_rule"),
			Twin:   call(ada, "POST", "/v1/accounts:batchDelete", `{"ids":["NO100001"]}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "a delete with a read-only identity",
			Attack: call(reports, "DELETE", "/v1/transfers/t-1001", "", "a transfer").denied(403, "no_rule"),
			Twin:   call(reports, "GET", "/v1/transfers/t-1001", "", "the same transfer").allowed("reports-read-transfers")},
	}
}

func routeAttacks() []Row {
	elsewhere := call(ada, "GET", "/v1/customers/ada", "", "another service").denied(403, "host_not_served")
	elsewhere.Request.Host = "payroll.example.com"
	return []Row{
		{Name: "an undocumented route",
			Attack: call(ada, "GET", "/debug/dump", "", "the whole database").denied(403, "no_route"),
			Twin:   own()},
		{Name: "an admin route",
			Attack: call(ada, "GET", "/v1/admin/users", "", "the admin area").denied(403, "no_rule"),
			Twin:   call(admin, "GET", "/v1/admin/users", "", "the admin area").allowed("admins-run-the-console")},
		{Name: "another service's host",
			Attack: elsewhere,
			Twin:   call(ada, "GET", "/v1/customers/ada", "", "her own record").allowed("own-record")},
	}
}

func tokenAttacks() []Row {
	read := func(c Caller) Call { return call(c, "GET", ownAccount, "", "her own account") }
	aged := ada.aged(10 * time.Minute)
	return []Row{
		{Name: "no token", Attack: read(nobody).denied(401, "credential_missing").refusedBefore(401), Twin: own()},
		{Name: "a token for another audience", Attack: read(ada.flawed(WrongAudience)).denied(401, "token_audience").refusedBefore(403), Twin: own()},
		{Name: "an expired token", Attack: read(ada.aged(2*time.Hour)).denied(401, "token_expired").refusedBefore(401), Twin: own()},
		{Name: "signed by an unknown key", Attack: read(ada.flawed(UnknownKey)).denied(401, "token_key_unknown").refusedBefore(401), Twin: own()},
		{Name: "another key under a real kid", Attack: read(ada.flawed(StolenKid)).denied(401, "token_signature").refusedBefore(401), Twin: own()},
		{Name: "alg none", Attack: read(ada.flawed(AlgNone)).denied(401, "token_algorithm|token_malformed").refusedBefore(401), Twin: own()},
		{Name: "HS256 with the public key", Attack: read(ada.flawed(HMACPublicKey)).denied(401, "token_algorithm").refusedBefore(401), Twin: own()},
		{Name: "a token too old for a restricted record",
			Attack: call(aged, "GET", "/v1/cards/card-11", "", "her own card").denied(403, "token_too_old"),
			Twin:   call(aged, "GET", "/v1/customers/ada", "", "an internal record").allowed("own-record")},
		{Name: "a partner's token that claims our tenant",
			Attack: call(partner.claiming("tenant", "nord"), "GET", bobsAccount, "", "bob's account").denied(403, "no_rule"),
			Twin:   call(partner.claiming("tenant", "nord"), "GET", "/v1/accounts/AC400001", "", "acme's account").allowed("partner-accounts")},
	}
}

func machineAttacks() []Row {
	payer := func(c Caller) Call { return call(c, "GET", bobsAccount, "", "a payer's account") }
	fine := payer(billing).allowed("billing-reads-payers", "x-bank-tenant: nord")
	return []Row{
		{Name: "a machine outside its purpose",
			Attack: call(billing, "GET", "/v1/marketing/audience?tenant=nord", "", "all customers, for marketing").denied(403, "purpose_not_allowed"),
			Twin:   call(billing, "GET", "/v1/customers?tenant=nord", "", "all customers, for invoices").allowed("billing-lists-customers")},
		{Name: "a stolen machine token, from another workload",
			Attack: payer(billing.from("stolen svc-billing at reports", reportsWorkload)).denied(401, "binding_mismatch"), Twin: fine},
		{Name: "a stolen machine token, from a laptop",
			Attack: payer(billing.from("stolen svc-billing, no peer", "")).denied(401, "binding_mismatch"), Twin: fine},
	}
}

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
		} {
			attack := lie(l.header, l.value)
			attack.Stripped = profile == envoy.Hardened
			rows = append(rows, Row{Name: l.name, Profile: profile, Attack: attack, Twin: harmless})
		}
	}
	under := lie("x_bank_customer", "bob")
	under.Lie = "X_bank_customer"
	strict := under
	strict.Status, strict.Why, strict.Before, strict.Set, strict.Lie = 400, "", 400, nil, ""
	return append(rows,
		Row{Name: "its underscore twin", Profile: envoy.Hardened, Attack: strict, Twin: harmless},
		Row{Name: "its underscore twin", Profile: envoy.Base, Attack: under, Twin: harmless})
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
		{"; behind an id", hardened, ambiguous(bob(bobsAccount + ";v=1")), own()},
		{"; behind an id", base, ambiguous(bob(bobsAccount + ";v=1")), own()},
		{"/..;/ out of an allowed path", hardened, either(bob(ownAccount + "/..;/NO200001")), own()},
		{"/..;/ out of an allowed path", base, either(bob(ownAccount + "/..;/NO200001")), own()},
		{"/%2e%2e;/ out of an allowed path", hardened, ambiguous(bob(ownAccount + "/%2e%2e;/NO200001")), own()},
		{"/%2e%2e;/ out of an allowed path", base, ambiguous(bob(ownAccount + "/%2e%2e;/NO200001")), own()},
	}
}
