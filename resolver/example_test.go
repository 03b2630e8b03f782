package resolver_test

import (
	"fmt"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

func Example() {
	schema := &rules.Schema{
		Types: map[string]*rules.Type{
			"account":  {Name: "account", Parent: "customer", Attributes: []rules.Attribute{{Name: "tenant", Kind: rules.String}}},
			"customer": {Name: "customer"},
		},
		Weights: map[string]int{"debit": 4, "credit": 2},
	}
	routes, mistakes := resolver.Compile([]rules.HostDecl{{
		Host: rules.At[string]{V: "api.example.com"},
		Map: []rules.LineDecl{
			{Line: "GET  /v1/accounts/{id} -> read account/{id}"},
			{Line: "POST /v1/transfers     -> debit account/{body.from}, credit account/{body.to}"},
		},
	}}, schema)
	if err := mistakes.Err(); err != nil {
		fmt.Println(err)
		return
	}

	raw := &rules.RawRequest{
		Serves: rules.NewHostSet("api.example.com"),
		Method: "POST", Host: "API.example.com:443", Path: "/v1/transfers",
		Headers: []rules.Header{{Name: "content-type", Value: "application/json"}, {Name: "x-envoy-auth-partial-body", Value: "false"}},
		Body:    []byte(`{"from": "AC1", "to": "AC2", "amount": 10}`),
	}
	req, err := resolver.Canonical(raw, &resolver.Options{MaxBody: 60 << 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	match, err := routes.Match(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(match.Op)
	targets, err := match.Targets(req, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range targets {
		fmt.Println(t.Action, t.Object.Type.Name, t.Object.ID)
	}
	// Output:
	// api.example.com: POST /v1/transfers -> debit account/{body.from}, credit account/{body.to}
	// debit account AC1
	// credit account AC2
}

func ExampleCanonical() {
	for _, path := range []string{"/v1/accounts/AC1", "/v1/accounts/%41C1", "/v1/accounts/AC1/../AC2", "/v1/accounts/AC1%5cx", "//v1/accounts/AC1"} {
		raw := &rules.RawRequest{Serves: rules.NewHostSet("api.example.com"), Method: "GET", Host: "api.example.com", Path: path}
		req, err := resolver.Canonical(raw, nil)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(req.Segs)
	}
	// Output:
	// [v1 accounts AC1]
	// [v1 accounts AC1]
	// ambiguous_path: the path has a dot segment at segment 4
	// ambiguous_path: the path has an encoded backslash at segment 3
	// ambiguous_path: the path has an empty segment at segment 1
}

// Two lines that overlap without a winner do not load: the report names both,
// a request that both match, and the line that would settle it.
func ExampleCompile() {
	schema := &rules.Schema{Types: map[string]*rules.Type{"account": {Name: "account"}, "export": {Name: "export"}}}
	at := func(line int) rules.Pos { return rules.Pos{File: "accounts.yaml", Line: line, Col: 9} }
	_, mistakes := resolver.Compile([]rules.HostDecl{{
		Host: rules.At[string]{V: "api.example.com"},
		Map: []rules.LineDecl{
			{Pos: at(4), Line: "GET /v1/{kind}/export -> read export/{kind}"},
			{Pos: at(5), Line: "GET /v1/accounts/{id} -> read account/{id}"},
			{Pos: at(6), Line: "GET /v1/accounts/{id}/close -> raed acount/{id}"},
		},
	}}, schema)
	for _, m := range mistakes {
		fmt.Printf("%v: %s\n  %s\n", m.Pos, m.Text, m.Hint)
	}
	// Output:
	// accounts.yaml:6:45: unknown object type "acount"
	//   did you mean "account"?
	// accounts.yaml:5:9: "GET /v1/accounts/{id}" overlaps "GET /v1/{kind}/export" (accounts.yaml:4:9)
	//   both match GET /v1/accounts/export, neither is narrower: add a line for GET /v1/accounts/export
}

func ExampleSettle() {
	file := &rules.Type{Name: "file"}
	upsert := func(id string, s rules.State) rules.Target {
		return rules.Target{Action: "update", Upsert: true, Object: rules.Object{Type: file, ID: id, State: s}}
	}
	for _, t := range resolver.Settle([]rules.Target{upsert("there", rules.Stored), upsert("gone", rules.Absent), upsert("unknown", rules.Unchecked)}) {
		fmt.Println(t.Action, t.Object.ID)
	}
	// Output:
	// update there
	// create gone
	// create unknown
	// update unknown
}
