package resolver

import (
	"fmt"
	"strings"
	"testing"
)

func TestLinesPrintBack(t *testing.T) {
	for _, c := range []struct{ in, want string }{ // no want: as written
		{"GET /v1/accounts/{id} -> read account/{id}", ""},
		{"GET    /v1/accounts/{id}->read   account/{id}  ", "GET /v1/accounts/{id} -> read account/{id}"},
		{"GET / -> list account", ""},
		{"GET /v1/ -> list account", ""},
		{"GET /v1/Ü -> list account", ""},
		{"ANY /v1/files/{path=**} -> read file/{path}", ""},
		{"GET /v1/files/{path=**}->read file/{path}", "GET /v1/files/{path=**} -> read file/{path}"},
		{"GET /v1/a?x={x}&y.z={y} -> list account[tenant={x},owner={y}]", ""},
		{"GET /v1/a -> list account[ tenant={query.x} , owner={query.y} ] in customer/{header.x-c}", "GET /v1/a -> list account[tenant={query.x},owner={query.y}] in customer/{header.x-c}"},
		{"POST /v1/accounts:batchDelete -> delete account/{body.ids[]}", ""},
		{"POST /v1/a -> debit account/{body.from}, credit account/{body.to.$id?}", ""},
		{"POST /v1/a -> read account/{body.items[].parts[].id}", ""},
		{"POST /v1/a -> read account/{body[].id}", ""},
		{"GET /v1/a -> read account/{query.ids[,]?}", ""},
		{"GET /v1/a -> read customer/{caller.claims.https://x.example/c}", ""},
		{"PUT /v1/a/{id} -> create|update account/{id}", ""},
		{"GET /v1/settings -> read file/settings.json", ""},
		{"GET /healthz -> open", ""},
		{"GET /static/{path=**} -> open", ""},
		{"GET /repos/{o}/{r}/compare/{base}...{head}->read file/{base},read file/{head}", "GET /repos/{o}/{r}/compare/{base}...{head} -> read file/{base}, read file/{head}"},
		{"POST /v1/{name}:cancel -> update file/{name}", ""},
		{"GET /v1/{id=*} -> read account/{id}", ""},
		{"GET /v1/{name=projects/*/secrets/*}:access -> read file/{name}", ""},
		{"GET /v1/{name=projects/*/settings} -> read file/{name}", ""},
		{"DELETE /v1/{name=**}:purge -> delete file/{name}", ""},
		{"GET /v1/{name=documents/*/**}/{collection} -> read file/{name}", ""},
		{"GET /odata/Products(category='{c}')/Default.top(n={n}) -> list file", ""},
		{"PUT|PATCH /v1/a/{id} -> update account/{id}", ""},
		{"GET /repos/{owner}/{repo} -> read file/{owner}/{repo}", ""},
		{"POST /repos/{owner} -> create account in customer/acme/{owner}/{body.name?}", ""},
		{"RPC bank.v1.Accounts/Get -> read account/{message.name}", ""},
		{"RPC bank.v1.Accounts/Get->read account/{message.a.b[].id}", "RPC bank.v1.Accounts/Get -> read account/{message.a.b[].id}"},
		{"RPC grpc.health.v1.Health/Check -> open", ""},
		{"GRAPHQL Query.account->read account/{args.id}", "GRAPHQL Query.account -> read account/{args.id}"},
		{"GRAPHQL Query.accounts -> list account[tenant={args.filter.tenant?}]", ""},
		{"MCP bank.get_account->read account/{args.id}", "MCP bank.get_account -> read account/{args.id}"},
		{"MCP my-bank.get-account -> read account/{args.ids[]}", ""},
		{"MCP bank initialize -> read file/bank", ""},
		{"MCP bank   tools/list->read file/bank", "MCP bank tools/list -> read file/bank"},
		{"MCP bank prompts/get summary -> read account/{args.id}", ""},
		{"MCP bank resources/read account://accounts/{id}.json -> read account/{id}", ""},
		{"MCP bank resources/read account://all -> list account", ""},
	} {
		want := c.want
		if want == "" {
			want = c.in
		}
		l, f := parseLine(c.in)
		if f != nil {
			t.Errorf("%q: at %d: %s", c.in, f.at, f.text)
		} else if l.String() != want {
			t.Errorf("%q prints as %q, want %q", c.in, l.String(), want)
		}
	}
}

// Each line has one fault, where the caret of the next string stands.
func TestFaultsOfLines(t *testing.T) {
	for _, c := range [][3]string{
		{"",
			"^", "want a method, found the end of the line (a line is METHOD /path -> action type/{id})"},
		{"get /v1/a -> list account",
			"^", `unknown method "get"`},
		{"GTE /v1/a -> list account",
			"^", `unknown method "GTE" (did you mean "GET"?)`},
		{"HEAD /v1/a -> list account",
			"^", "HEAD requests match GET lines (write GET)"},
		{"CONNECT /v1/a -> list account",
			"^", "CONNECT requests are always denied"},
		{"GRAPHQ Query.account -> read account/{id}",
			"^", `unknown method "GRAPHQ" (did you mean "GRAPHQL"?)`},
		{"RPC Get -> read account/{message.name}",
			"    ^", `want a service and its method, found "Get" (write RPC package.Service/Method)`},
		{"RPC bank.Accounts/Get/Twice -> read account/{message.name}",
			"    ^", `want a service and its method, found "bank.Accounts/Get/Twice" (write RPC package.Service/Method)`},
		{"RPC /Get -> read account/{message.name}",
			"    ^", `want a service and its method, found "/Get" (write RPC package.Service/Method)`},
		{"GRAPHQL account -> read account/{args.id}",
			"        ^", `want a type and its field, found "account" (write GRAPHQL Query.field)`},
		{"GRAPHQL Query.account.id -> read account/{args.id}",
			"        ^", `want a type and its field, found "Query.account.id" (write GRAPHQL Query.field)`},
		{"MCP -> read account/{args.id}",
			"    ^", "want the name of a server, found '-' (write MCP server.tool, or MCP server method name)"},
		{"MCP bank. -> read account/{args.id}",
			"         ^", "want the name of a tool, found ' ' (write MCP server.tool, or MCP server method name)"},
		{"MCP bank tools/call get -> read account/{args.id}",
			"         ^", "a tool is written with a dot: bank.tool (write MCP server.tool, or MCP server method name)"},
		{"MCP bank prompts/get -> read account/{args.id}",
			"                     ^", "want the name of a prompt, found '-' (write MCP server prompts/get name)"},
		{"MCP bank resources/read {id} -> read account/{id}",
			"                        ^", `want the URI of a resource, found "" (write MCP server resources/read scheme://{id})`},
		{"MCP bank resources/read account://{a}/{b} -> read account/{a}",
			"                                      ^", "several captures in one URI are not supported yet"},
		{"GET v1/a -> list account",
			"    ^", `want a path that starts with /, found 'v' (a line is METHOD /path -> action type/{id})`},
		{"GET /v1//a -> list account",
			"        ^", "an empty segment"},
		{"GET /v1/../a -> list account",
			"        ^", `a path with the segment ".." is always denied`},
		{"GET /v1/* -> list account",
			"        ^", "no wildcard is called * (write {name=**} for any number of segments)"},
		{"GET /v1/%61 -> list account",
			"        ^", "a template has no percent escapes (write the character itself)"},
		{"GET /v1/{id}/{ -> read account/{id}",
			"              ^", "want the name of a capture, found ' ' (a name is letters, digits and _)"},
		{"GET /v1/{1d} -> read account/{id}",
			"         ^", `the name "1d" starts with a digit`},
		{"GET /v1/{body} -> read account/{body}",
			"         ^", `the name "body" is reserved`},
		{"GET /v1/{id -> read account/{id}",
			"           ^", "want }, found ' '"},
		{"GET /v1/{id?} -> read account/{id}",
			"           ^", "a path capture is always present, it takes no ?"},
		{"GET /v1/{a}{b} -> read account/{a}",
			"           ^", "two captures with nothing between them (write text or a slash between them)"},
		{"GET /v1/{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}-{i} -> open",
			"                                         ^", "more than 8 captures in one segment"},
		{"GET /v1/é{a} -> read account/{a}",
			"        ^", "text beside a capture is not supported yet where it is not ASCII"},
		{"GET /v1/{a=**}é -> read account/{a}",
			"              ^", "text beside a capture is not supported yet where it is not ASCII"},
		{"GET /v1/{a=**}/{b=**} -> read account/{a}",
			"                  ^", "a template has one ** at most"},
		{"GET /v1/{a=x/**/y/**} -> read account/{a}",
			"                  ^", "a template has one ** at most"},
		{"GET /v1/x{a=**} -> read account/{a}",
			"         ^", "{a=…} stands for several segments, so nothing stands in front of it in the first"},
		{"GET /v1/{a}-{b=x/*} -> read account/{a}",
			"            ^", "{b=…} stands for several segments, so nothing stands in front of it in the first"},
		{"GET /v1/{a=x/*}-{b} -> read account/{a}",
			"                ^", "a second capture behind {a=…} in its last segment is not supported yet"},
		{"GET /v1/{a=x//y} -> read account/{a}",
			"             ^", "want a segment, * or **, found '/' (write {name=**}, or {name=projects/*})"},
		{"GET /v1/{a=} -> read account/{a}",
			"           ^", "want a segment, * or **, found '}' (write {name=**}, or {name=projects/*})"},
		{"GET /v1/{a=../*} -> read account/{a}",
			"           ^", `a path with the segment ".." is always denied`},
		{"GET /v1/{a=*b} -> read account/{a}",
			"            ^", "want }, found 'b'"},
		{"GET /v1/{a}* -> read account/{a}",
			"           ^", "no wildcard is called * (write {name=**} for any number of segments)"},
		{"GET|POST|GET /v1/a -> list account",
			"         ^", "GET is there twice"},
		{"GET|ANY /v1/a -> list account",
			"    ^", "ANY stands alone, for it is every method"},
		{"GET|HEAD /v1/a -> list account",
			"    ^", "HEAD requests match GET lines (write GET)"},
		{"GET|RPC /v1/a -> list account",
			"    ^", `unknown method "RPC"`},
		{"GET|PUTT /v1/a -> list account",
			"    ^", `unknown method "PUTT" (did you mean "PUT"?)`},
		{"PUT| /v1/a -> list account",
			"    ^", "want a method, found ' ' (a line is METHOD /path -> action type/{id})"},
		{"GET /v1/a?x=1 -> list account",
			"           ^", "a query capture is a name and a capture, found '=' (write x={name})"},
		{"GET /v1/a? -> list account",
			"          ^", "want the name of a query parameter, found ' ' (write ?name={name})"},
		{"GET /v1/a?x={x?} -> list account[tenant={x}]",
			"              ^", "a query capture is no part of the match, it takes no ? here (write {x?} in the target)"},
		{"GET /v1/a list account",
			"          ^", "want ->, found 'l' (a line is METHOD /path -> action type/{id})"},
		{"GET /v1/{a} => list account",
			"            ^", "want ->, found '=' (a line is METHOD /path -> action type/{id})"},
		{"GET /v1/a ->",
			"            ^", "want an action, found the end of the line (a line is METHOD /path -> action type/{id})"},
		{"GET /v1/a -> read",
			"                 ^", `want the type that "read" is about, found the end of the line (a line is METHOD /path -> action type/{id})`},
		{"GET /v1/a -> read account/",
			"                          ^", "want a capture, found the end of the line (write {name})"},
		{"GET /v1/{a}/{b} -> read account/{a}{b}",
			"                                   ^", "a slash stands between the parts of an id (write account/{a}/{b})"},
		{"GET /v1/{a} -> read account/{a}/",
			"                                ^", "want a capture, found the end of the line (write {name})"},
		{"GET /v1/{a} -> read account/{a}/b/c/d/e/f/g/h/i",
			"                                              ^", "more than 8 parts in one id"},
		{"GET /v1/{a} -> read account/{a}/{body.b[]}",
			"                            ^", "a part of an id has one value, one of {a}/{body.b[]} may give several"},
		{"GET /v1/{a} -> read account/{a}/{query.b[,]}",
			"                            ^", "a part of an id has one value, one of {a}/{query.b[,]} may give several"},
		{"GET /v1/a -> update|create account/{query.id}",
			"             ^", "update|create is no action (only create|update is decided by existence)"},
		{"GET /v1/a -> open, read account/{query.id}",
			"                 ^", "want a comma or the end of the line, found ','"},
		{"GET /v1/a -> list account[tenant]",
			"                                ^", "want =, found ']' (write [tenant={capture}])"},
		{"GET /v1/a -> list account[tenant=x",
			"                                  ^", "want ] or a comma, found the end of the line"},
		{"GET /v1/a -> list account in customer",
			"                                     ^", "want the parent of a new object or a collection, found the end of the line (write in type/{id})"},
		{"GET /v1/a -> list account on customer/{c}",
			"                          ^", "want a comma or the end of the line, found 'o'"},
		{"GET /v1/a -> read account/{query.ids[][,]}",
			"                                      ^", "only a query parameter that comes once is a list separated by commas (write {query.name[,]})"},
		{"POST /v1/a -> read account/{form[].id}",
			"                                ^", "a form is no list, its fields may be (write {form.name[]})"},
		{"POST /v1/a -> read account/{form.a[0.b]}",
			"                                    ^", "want a name in brackets, found '.' (write {form.customer[email]})"},
		{"GET /v1/a -> read account/{header.X-Id}",
			"                                  ^", "header names are lower-case (write x-id)"},
		{"GET /v1/a -> read account/{body.ids[,]}",
			"                                   ^", "only a query parameter that comes once is a list separated by commas (write {query.name[,]})"},
		{"GET /v1/a -> read account/{caller.subject}",
			"                           ^", "caller-derived targets other than claims are not supported yet (write {caller.claims.name})"},
		{"GET /v1/a -> read account/{caller.claims.x?}",
			"                                          ^", "a claim of the caller cannot be optional"},
		{"GET /v1/a -> read account/{body}",
			"                           ^", `the name "body" is reserved`},
		{"GET /v1/a -> read account/{body.}",
			"                                ^", "want the name of a member, found '}'"},
		{"GET /v1/ÜÜ -> read account/{id",
			"                              ^", "want }, found the end of the line"},
		{"GET /v1/a -> read account/{body" + strings.Repeat("[]", 33) + "}",
			strings.Repeat(" ", 97) + "^", "deeper than 32 levels, which no accepted body is"},
		{"GET " + strings.Repeat("/a", 65) + " -> list account",
			strings.Repeat(" ", 133) + "^", "more than 64 segments"},
		{"GET /v1/\xff -> list account",
			"^", "the line is not UTF-8"},
	} {
		_, f := parseLine(c[0])
		if f == nil {
			t.Errorf("%q is accepted", c[0])
			continue
		}
		got := f.text
		if f.hint != "" {
			got += " (" + f.hint + ")"
		}
		if col := f.column(c[0], 0); got != c[2] || col != len(c[1])-1 {
			t.Errorf("%q\n got %s\n     %s\nwant %s\n     %s", c[0], strings.Repeat(" ", col)+"^", got, c[1], c[2])
		}
	}
}

func TestColumnsCountFromTheLine(t *testing.T) {
	want := fmt.Sprintf("rules.yaml:2:%d: unknown object type \"acount\" (did you mean \"account\"?)", 3+len("GET /v1/Ü/{id} -> read ")-1)
	if got := mistakes("GET /v1/Ü/{id} -> read acount/{id}"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
