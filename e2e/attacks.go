package e2e

import (
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
	// Target is what the bank must see of path and query; "" where that is not
	// asked.
	Target string
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
	for _, part := range [][]Row{objectAttacks(), writeAttacks(), routeAttacks(), tokenAttacks(), machineAttacks(), headerAttacks(), queryAttacks(), pathAttacks()} {
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
			Attack: call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001","ID":"NO200001"}`, "bob's account").denied(400, "ambiguous_parameter"),
			Twin:   call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001","note":"mine"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "the same id twice, without a dot once",
			Attack: call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001","ıd":"NO200001"}`, "bob's account").denied(400, "ambiguous_parameter"),
			Twin:   call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001","idea":"mine"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "another method in the body",
			Attack: call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001","_method":"DELETE"}`, "her own account, deleted").denied(400, "method_override"),
			Twin:   call(ada, "POST", "/v1/accounts:lookup", `{"id":"NO100001","method":"DELETE"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "another method in a header",
			Attack: own().header("x-forwarded-method: DELETE").denied(400, "method_override"),
			Twin:   own().header("x-forwarded-port: 443")},
		{Name: "the same id twice in one query",
			Attack: call(ada, "GET", "/v1/account?id=NO200001&id=NO100001", "", "bob's account").denied(400, "ambiguous_parameter"),
			Twin:   call(ada, "GET", "/v1/account?id=NO100001", "", "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "a part of the id in one query",
			Attack: call(ada, "GET", "/v1/account?id=NO100001&id.x=NO200001", "", "bob's account").denied(400, "ambiguous_parameter"),
			Twin:   call(ada, "GET", "/v1/account?id=NO100001&x.id=NO200001", "", "her own account").allowed("own-accounts", setsCustomer)},
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
		{Name: "move an account to another owner by the query",
			Attack: call(ada, "PATCH", ownAccount+"?owner=bob", `{"nickname":"savings"}`, "customer bob receives").denied(400, "ambiguous_parameter"),
			Twin:   call(ada, "PATCH", ownAccount+"?reason=bob", `{"nickname":"savings"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "pay from a neighbour's account by the query",
			Attack: call(ada, "POST", "/v1/transfers?from=NO200001", `{"from":"NO100001","to":"NO200001","amount":10}`, "bob's account").denied(400, "ambiguous_parameter"),
			Twin:   call(ada, "POST", "/v1/transfers?note=NO200001", `{"from":"NO100001","to":"NO200001","amount":10}`, "her own, to bob's").allowed("transfers-are-booked", setsCustomer)},
		{Name: "delete a foreign account by the query",
			Attack: call(ada, "POST", "/v1/accounts:batchDelete?ids[]=NO200001", `{"ids":["NO100002"]}`, "bob's account").denied(400, "ambiguous_parameter"),
			Twin:   call(ada, "POST", "/v1/accounts:batchDelete?page[]=NO200001", `{"ids":["NO100002"]}`, "her other account").allowed("own-accounts", setsCustomer)},
		{Name: "move an account to another owner by PUT",
			Attack: call(ada, "PUT", ownAccount, `{"owner":"bob"}`, "customer bob receives").denied(403, "no_rule"),
			Twin:   call(ada, "PUT", ownAccount, `{"owner":"ada"}`, "customer ada receives").allowed("own-accounts", setsCustomer)},
		{Name: "write a transfer into another customer's books",
			Attack: call(ada, "POST", "/v1/transfers", `{"from":"NO100001","to":"NO200001","amount":10,"owner":"bob","tenant":"acme"}`, "bob's transfers").denied(403, "property_not_allowed"),
			Twin:   call(ada, "POST", "/v1/transfers", `{"from":"NO100001","to":"NO200001","amount":10}`, "her own, to bob's").allowed("transfers-are-booked", setsCustomer)},
		{Name: "change a neighbour's card",
			Attack: call(ada, "PATCH", "/v1/cards/card-21", `{"limit":"9999"}`, "bob's card").denied(403, "no_rule"),
			Twin:   call(ada, "PATCH", "/v1/cards/card-11", `{"limit":"500"}`, "her own card").allowed("own-cards")},
		{Name: "mass assignment of a protected property",
			Attack: call(ada, "PATCH", ownAccount, `{"nickname":"savings","credit_limit":1000000}`, "her credit limit").denied(403, "property_not_allowed"),
			Twin:   call(ada, "PATCH", ownAccount, `{"nickname":"savings"}`, "her own account").allowed("own-accounts", setsCustomer)},
		{Name: "pay from a neighbour's account",
			Attack: call(ada, "POST", "/v1/transfers", `{"from":"NO200001","to":"NO100001","amount":10}`, "bob's account").denied(403, "no_rule"),
			Twin:   call(ada, "POST", "/v1/transfers", `{"from":"NO100001","to":"NO200001","amount":10}`, "her own, to bob's").allowed("transfers-are-booked", setsCustomer)},
		{Name: "pay from a frozen account",
			Attack: call(ada, "POST", "/v1/transfers", `{"from":"NO100002","to":"NO100001","amount":10}`, "her frozen account").denied(403, "frozen-is-frozen"),
			Twin:   call(ada, "POST", "/v1/transfers", `{"from":"NO100001","to":"NO100002","amount":10}`, "her other account").allowed("transfers-are-booked", setsCustomer)},
		{Name: "delete a batch with one foreign",
			Attack: call(ada, "POST", "/v1/accounts:batchDelete", `{"ids":["NO100001","NO200001"]}`, "bob's account").denied(403, "no_rule"),
			Twin:   call(ada, "POST", "/v1/accounts:batchDelete", `{"ids":["NO100002"]}`, "her other account").allowed("own-accounts", setsCustomer)}, // the demo's curl lines read NO100001 later
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
