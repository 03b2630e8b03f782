package oracle

import (
	"strings"
	"testing"
	"time"
)

// bank is a world of one type, small enough to see each answer.
func bank() *World {
	account := &Type{Name: "account", Tier: "low", Parent: "customer", IDPattern: "[0-9]+", Attributes: []Attribute{{"tenant", "string"}, {"owner", "string"}, {"members", "[string]"}, {"level", "int"}},
		Actions: []ActionTier{{"close", "high"}}, Properties: []Property{{Member: "ssn", Tier: "high"}}, Writable: []Writable{{"update", []string{"phone", "ssn"}}},
		Source: &Source{Name: "accounts", Rows: []*Row{
			{ID: "1", Parent: "c1", Values: map[string]any{"tenant": "eu", "owner": "ada", "members": []string{"bob"}, "level": int64(0)}},
			{ID: "2", Tier: "high", Values: map[string]any{"tenant": "us"}},
			{ID: "3", Bad: "tier", Values: map[string]any{}},
		}}}
	upsert := object("create", "account", inPath("id"))
	upsert.Actions = []string{"create", "update"}
	within := collection("account")
	within.ParentType, within.Parent = "customer", new(inPath("c"))
	return &World{
		Tiers: []Tier{{Name: "low"}, {Name: "mid"}, {Name: "high", Require: Require{MaxTokenAge: time.Hour}}}, Unclassified: "mid", BodyLimit: 100,
		Types: []*Type{account, {Name: "customer"}, {Name: "file"}},
		Hosts: []*Host{{Name: "a.example", Served: true, CORS: true, Lines: []*Line{
			line("GET", "/accounts/{id}", object("read", "account", inPath("id"))),
			line("GET", "/accounts/all", collection("account")),
			line("GET", "/tenants/{t}/accounts", collection("account", Bound{"tenant", inPath("t")})),
			line("GET", "/customers/{c}/accounts", within),
			line("PATCH", "/accounts/{id}", object("update", "account", inPath("id"))),
			line("PUT", "/accounts/{id}", upsert),
			line("POST", "/accounts/{id}/close", object("close", "account", inPath("id"))),
			line("POST", "/batch", object("delete", "account", Capture{In: "body", Body: []string{"ids"}, Each: 0})),
			line("GET", "/find", object("read", "account", inQuery("id")), query("id")),
			line("PUT", "/files/{name}", TargetSpec{Actions: []string{"create", "update"}, Type: "file", ID: new(inPath("name"))}),
			{Method: "GET", Path: []Segment{{Literal: "tree"}, {Capture: "p", Rest: true}}, Targets: []TargetSpec{object("read", "file", inPath("p"))}},
			{Method: "GET", Path: path("/health"), Open: true},
		}}},
		Issuers:    []*Issuer{{Name: "corp", MayAssert: []Attribute{{"role", "string"}}, Fixed: []FixedClaim{{"region", "eu"}}}, {Name: "dead", JWKS: "dead"}},
		Identities: []*Identity{{Name: "ada", Kind: "human", Issuer: "corp", Subject: "ada", Tenant: "eu"}},
		Tokens:     []*Token{{Issuer: "corp", Subject: "ada", Client: "web", Claims: map[string]any{"role": "clerk", "tenant": "us"}, Age: time.Minute}},
		Rules:      []*Rule{{ID: "r1", Who: []Selector{{Identity: "ada"}}, To: []string{"*"}, On: []string{"account"}, UpTo: "high"}},
	}
}

// Each row is a sentence of docs/reference/decisions.md; it changes one thing.
func TestEvaluate(t *testing.T) {
	get := func(target string) func(*World, *Request) {
		return func(_ *World, r *Request) { r.Target = target }
	}
	body := func(method, target, text string) func(*World, *Request) {
		return func(_ *World, r *Request) {
			r.Method, r.Target, r.Body = method, target, &text
			r.Headers = []Header{{"content-type", "application/json"}}
		}
	}
	form := func(text string) func(*World, *Request) {
		return func(_ *World, r *Request) {
			r.Method, r.Target, r.Body = "POST", "/batch", &text
			r.Headers = []Header{{"content-type", "application/x-www-form-urlencoded"}}
		}
	}
	all := func(changes ...func(*World, *Request)) func(*World, *Request) {
		return func(w *World, r *Request) {
			for _, c := range changes {
				c(w, r)
			}
		}
	}
	rule := func(change func(*Rule)) func(*World, *Request) {
		return func(w *World, _ *Request) { change(w.Rules[0]) }
	}
	token := func(change func(*Token)) func(*World, *Request) {
		return func(w *World, _ *Request) { change(w.Tokens[0]) }
	}
	identity := func(change func(*Identity)) func(*World, *Request) {
		return func(w *World, _ *Request) { change(w.Identities[0]) }
	}
	anonymous := func(_ *World, r *Request) { r.Token = -1 }
	deny := func(d Rule) func(*World, *Request) {
		d.Deny, d.Who, d.To, d.On = true, []Selector{{Kind: "human"}}, []string{"*"}, []string{"*"}
		return func(w *World, _ *Request) { w.Rules = append(w.Rules, &d) }
	}
	when := func(c *Cond) func(*World, *Request) { return rule(func(r *Rule) { r.When = c }) }
	eu := &Cond{Op: "==", A: ref("object.tenant"), B: str("eu")}
	for _, row := range []struct {
		name   string
		change func(*World, *Request)
		want   string
	}{
		{"a rule applies", get("/accounts/1"), "allowed"},
		// 2. Match
		{"the host is lower-cased, port and one dot removed", func(_ *World, r *Request) { r.Host = "A.Example.:80" }, "allowed"},
		{"a host that is not served", func(_ *World, r *Request) { r.Host = "b.example" }, "host_not_served"},
		{"a preflight where cors is true", func(_ *World, r *Request) {
			r.Method, r.Headers = "OPTIONS", []Header{{"origin", "x"}, {"access-control-request-method", "GET"}}
		}, "preflight"},
		{"OPTIONS without its headers is no preflight", func(_ *World, r *Request) { r.Method = "OPTIONS" }, "no_route"},
		{"HEAD matches GET lines", func(_ *World, r *Request) { r.Method = "HEAD" }, "allowed"},
		{"and no other", func(_ *World, r *Request) { r.Method, r.Target = "HEAD", "/batch" }, "no_route"},
		{"a literal beats a capture", get("/accounts/all"), "no_rule"}, // the unbounded list, not the id "all"
		{"a literal in another case is no id", get("/accounts/ALL"), "ambiguous_path"},
		{"nor is one that no line has", get("/Accounts/1"), "no_route"},
		{"segments are compared decoded", get("/%61ccounts/1"), "allowed"},
		{"a trailing slash matches only a template with one", get("/accounts/1/"), "no_route"},
		{"a rest capture needs a segment", get("/tree/"), "no_route"},
		{"a rest capture takes several", get("/tree/a/b"), "no_rule"},
		{"an open operation reads no credential", all(get("/health"), token(func(t *Token) { t.Fault = "forged" })), "open_route"},
		// 3. Identify
		{"no credential is the anonymous caller", anonymous, "credential_missing"},
		{"who has no claim to name an object by", all(anonymous, func(w *World, _ *Request) {
			w.Hosts[0].Lines[0].Targets[0].ID = &Capture{In: "claim", Name: "role", Each: -1}
			w.Rules[0].Who = []Selector{{Kind: "anonymous"}}
		}), "credential_missing"},
		{"a bad credential is its reason", token(func(t *Token) { t.Fault = "expired" }), "token_expired"},
		{"before anything about the object", all(get("/accounts/x"), token(func(t *Token) { t.Fault = "expired" })), "token_expired"},
		{"an issuer without keys", token(func(t *Token) { t.Issuer = "dead" }), "jwks_unavailable"},
		{"a subject beats classes", func(w *World, _ *Request) {
			w.Identities = append(w.Identities, &Identity{Name: "all", Kind: "human", Issuer: "corp"}, &Identity{Name: "web", Issuer: "corp", Clients: []string{"web"}})
		}, "allowed"},
		{"two classes are ambiguous", func(w *World, _ *Request) {
			w.Identities = []*Identity{{Name: "all", Issuer: "corp"}, {Name: "web", Issuer: "corp", Clients: []string{"web"}}}
		}, "identity_ambiguous"},
		{"no identity, and no rule selects it", func(w *World, _ *Request) { w.Identities = nil }, "unknown_identity"},
		{"no identity, and a rule selects it by issuer", func(w *World, _ *Request) {
			w.Identities, w.Rules[0].Who = nil, []Selector{{Issuer: "corp"}}
		}, "allowed"},
		{"no kind selects the unknown", func(w *World, _ *Request) { w.Identities, w.Rules[0].Who = nil, []Selector{{Kind: "human"}} }, "unknown_identity"},
		{"a workload wants its peer", identity(func(i *Identity) { i.Workload = "spiffe://x/a" }), "binding_mismatch"},
		{"and takes it", func(w *World, r *Request) { w.Identities[0].Workload, r.Peer = "spiffe://x/a", "spiffe://x/a" }, "allowed"},
		{"and no other", func(w *World, r *Request) { w.Identities[0].Workload, r.Peer = "spiffe://x/a", "spiffe://x/b" }, "binding_mismatch"},
		{"the line's purpose is not the identity's", func(w *World, _ *Request) { w.Hosts[0].Lines[0].Purpose = "audit" }, "purpose_not_allowed"},
		{"the line's purpose is the identity's", func(w *World, _ *Request) {
			w.Hosts[0].Lines[0].Purpose, w.Identities[0].Purposes = "audit", []string{"audit"}
		}, "allowed"},
		{"a claim's purpose comes before the line's", func(w *World, _ *Request) {
			w.Hosts[0].Lines[0].Purpose, w.Identities[0].Purposes = "audit", []string{"audit"}
			w.Issuers[0].Purpose, w.Tokens[0].Claims["use"] = "use", "fraud"
		}, "purpose_not_allowed"},
		// 4. Resolve
		{"an absent capture", get("/find"), "no_target"},
		{"an empty capture", get("/find?id="), "no_target"},
		{"a repeated parameter", get("/find?id=1&id=1"), "ambiguous_parameter"},
		{"a path capture's name in the query", get("/accounts/1?id=2"), "ambiguous_parameter"},
		{"or one that folds to it", get("/accounts/1?%20Id[]=2"), "ambiguous_parameter"},
		{"one that does not", get("/accounts/1?ids=2"), "allowed"},
		{"or in a form", all(form("ID=2"), func(_ *World, r *Request) { r.Target = "/accounts/1/close" }), "ambiguous_parameter"},
		{"another field of a form", all(form("ids=2"), func(_ *World, r *Request) { r.Target = "/accounts/1/close" }), "allowed"},
		{"or in JSON, with another value", body("POST", "/accounts/1/close", `{"id":"2"}`), "ambiguous_parameter"},
		{"or in JSON, in another spelling", body("POST", "/accounts/1/close", `{"Id":"1"}`), "ambiguous_parameter"},
		{"the same in JSON", body("POST", "/accounts/1/close", `{"id":"1"}`), "allowed"},
		{"the same number in JSON", body("POST", "/accounts/1/close", `{"id":1}`), "allowed"},
		{"a query parameter in another spelling", get("/find?ID=1"), "ambiguous_parameter"},
		{"a query parameter twice, once in another spelling", get("/find?id=1&id.x=2"), "ambiguous_parameter"},
		{"a query parameter with escapes in its name", get("/find?%69d=1"), "allowed"},
		{"a captured member's name in the query", body("POST", "/batch?ids[]=2", `{"ids":[1]}`), "ambiguous_parameter"},
		{"a name of no member in the query", body("POST", "/batch?id=2", `{"ids":[1]}`), "allowed"},
		{"an attribute's name in the query of an update", body("PATCH", "/accounts/1?Owner=bob", `{"phone":1}`), "ambiguous_parameter"},
		{"a writable member's name there", body("PATCH", "/accounts/1?phone=1", `{"phone":1}`), "ambiguous_parameter"},
		{"a property's name there", body("PUT", "/accounts/1?[ssn]=1", `{"phone":1}`), "ambiguous_parameter"},
		{"another name there", body("PATCH", "/accounts/1?owners=bob", `{"phone":1}`), "allowed"},
		{"an attribute's name in the query of a read", get("/accounts/1?owner=bob"), "allowed"},
		{"256 parameters", get("/accounts/1?" + strings.Repeat("&", 255)), "allowed"},
		{"257 parameters", get("/accounts/1?" + strings.Repeat("&", 256)), "ambiguous_query"},
		{"257 fields of a form", all(form(strings.Repeat("&", 256)), func(w *World, r *Request) { w.BodyLimit, r.Target = 1000, "/accounts/1/close" }), "body_malformed"},
		{"a member that folds to the captured one", body("POST", "/batch", `{"ids":[1],"IDs":[2]}`), "ambiguous_parameter"},
		{"a member that folds to a property", body("PATCH", "/accounts/1", `{"SSN":1}`), "ambiguous_parameter"},
		{"an encoded delimiter", get("/accounts/%231"), "ambiguous_path"},
		{"an encoded space at an end", get("/accounts/1%20"), "ambiguous_path"},
		{"an id that does not match as a whole", get("/accounts/1x"), "malformed_id"},
		{"a JSON integer is an id", body("POST", "/batch", `{"ids":[1,"1"]}`), "allowed"},
		{"a JSON fraction is not", body("POST", "/batch", `{"ids":[1.0]}`), "malformed_id"},
		{"null is no target", body("POST", "/batch", `{"ids":[1,null]}`), "no_target"},
		{"an empty list is no target", body("POST", "/batch", `{"ids":[]}`), "no_target"},
		{"more than 100", body("POST", "/batch", `{"ids":[`+strings.Repeat("1,", 100)+`1]}`), "body_too_large"},
		{"more than 100 in a body that is read", all(body("POST", "/batch", `{"ids":[`+strings.Repeat("1,", 100)+`1]}`), func(w *World, _ *Request) { w.BodyLimit = 1000 }), "too_many_targets"},
		{"more than max", all(body("POST", "/batch", `{"ids":[1,1,1]}`), func(w *World, _ *Request) { w.Hosts[0].Lines[7].Max = 2 }), "too_many_targets"},
		{"a body that is needed and absent", func(_ *World, r *Request) { r.Method, r.Target = "POST", "/batch" }, "body_missing"},
		{"not exactly application/json", all(body("POST", "/batch", `{"ids":[1]}`), func(_ *World, r *Request) { r.Headers[0].Value = "application/json2" }), "body_type"},
		{"a form that was cut", form(strings.Repeat("x", 101)), "body_too_large"},
		{"a form of the limit", form(strings.Repeat("x", 100)), "body_too_large"},
		{"a form below it", form(strings.Repeat("x", 99)), "body_type"},
		{"a body of the limit", body("POST", "/batch", `{"ids":[1],"pad":"`+strings.Repeat("x", 80)+`"}`), "body_too_large"},
		{"a body below it", body("POST", "/batch", `{"ids":[1],"pad":"`+strings.Repeat("x", 79)+`"}`), "allowed"},
		{"an empty body", body("POST", "/batch", ""), "body_missing"},
		{"a method in JSON", body("POST", "/batch", `{"ids":[1],"_method":"DELETE"}`), "method_override"},
		{"or in wide letters", body("POST", "/batch", `{"ids":[1],"＿method.x":"DELETE"}`), "method_override"},
		{"a method further in", body("POST", "/batch", `{"ids":[1],"a":{"_method":1}}`), "allowed"},
		{"a method in a form", form("a=1&._method=DELETE"), "method_override"},
		{"a method in a header", all(get("/accounts/1"), func(_ *World, r *Request) { r.Headers = append(r.Headers, Header{"x-forwarded-method", "GET"}) }), "method_override"},
		{"a path in a header", all(get("/accounts/1"), func(_ *World, r *Request) { r.Headers = append(r.Headers, Header{"x-original-uri", "/health"}) }), "allowed"},
		{"JSON that nobody needs", body("POST", "/accounts/1/close", `{"a":1}`), "allowed"},
		{"but cannot search: cut", body("POST", "/accounts/1/close", `{"a":"`+strings.Repeat("x", 100)+`"}`), "body_too_large"},
		{"encoded", all(body("POST", "/accounts/1/close", `{}`), func(_ *World, r *Request) { r.Headers = append(r.Headers, Header{"content-encoding", "gzip"}) }), "body_encoding"},
		{"in another charset", all(body("POST", "/accounts/1/close", `{}`), func(_ *World, r *Request) { r.Headers[0].Value = "application/json; charset=utf-16" }), "body_type"},
		{"not strict", all(body("POST", "/accounts/1/close", `{"a":1,"a":2}`), func(_ *World, r *Request) { r.Strict = "repeated member" }), "body_malformed"},
		{"not strict, without a type", all(body("POST", "/accounts/1/close", `{"a":1,}`), func(_ *World, r *Request) { r.Headers = nil }), "body_malformed"},
		{"a body without a type is a form", all(body("POST", "/accounts/1/close", `ID=2`), func(_ *World, r *Request) { r.Headers = nil }), "ambiguous_parameter"},
		{"dot leaders", get("/x/%E2%80%A4%E2%80%A4/accounts/1"), "ambiguous_path"},
		{"dots around a space", get("/x/.%20./accounts/1"), "ambiguous_path"},
		{"a wide slash", get("/accounts%EF%BC%8F1"), "ambiguous_path"},
		{"a form with a semicolon", form("a=1;b"), "body_malformed"},
		{"a form with a bad escape", form("a=%"), "body_malformed"},
		{"a form", form("a=1"), "body_type"},
		{"an encoding", all(body("POST", "/batch", `{"ids":[1]}`), func(_ *World, r *Request) { r.Headers = append(r.Headers, Header{"content-encoding", "gzip"}) }), "body_encoding"},
		{"not JSON", body("POST", "/batch", `{"ids":[1}`), "body_malformed"},
		{"a bad row", get("/accounts/3"), "catalog_bad_row"},
		{"a type that wants tiers of its rows, and none has one", all(get("/accounts/1"), func(w *World, _ *Request) {
			w.Types[0].Tier, w.Types[0].MaxRowTier, w.Types[0].Source.Rows = "low", "high", w.Types[0].Source.Rows[:1]
		}), "catalog_bad_row"},
		{"a type that wants tiers of its rows, and one has", all(get("/accounts/1"), func(w *World, _ *Request) {
			w.Types[0].Tier, w.Types[0].MaxRowTier = "low", "high"
		}), "allowed"},
		{"a type whose rows are never above its tier", all(get("/accounts/1"), func(w *World, _ *Request) {
			w.Types[0].Tier, w.Types[0].MaxRowTier, w.Types[0].Source.Rows = "low", "low", w.Types[0].Source.Rows[:1]
		}), "allowed"},
		{"a bad row that no rule could need is not read", all(get("/accounts/3"), rule(func(r *Rule) { r.To = []string{"list"} })), "no_rule"},
		{"create|update is update where the row is", body("PUT", "/accounts/1", `{"phone":1}`), "allowed"},
		{"and writable limits it", body("PUT", "/accounts/1", `{"email":1}`), "property_not_allowed"},
		{"create|update is create where it is absent", body("PUT", "/accounts/9", `{"email":1}`), "allowed"},
		{"create|update is both without a catalog: neither may", func(_ *World, r *Request) { r.Method, r.Target = "PUT", "/files/a" }, "no_rule"},
		{"create|update is both without a catalog: one may", func(w *World, r *Request) {
			r.Method, r.Target = "PUT", "/files/a"
			w.Rules = append(w.Rules, &Rule{Who: []Selector{{Identity: "ada"}}, To: []string{"create"}, On: []string{"file"}, UpTo: "high"})
		}, "no_rule"},
		{"create|update is both without a catalog: both may", func(w *World, r *Request) {
			r.Method, r.Target = "PUT", "/files/a"
			w.Rules = append(w.Rules, &Rule{Who: []Selector{{Identity: "ada"}}, To: []string{"create", "update"}, On: []string{"file"}, UpTo: "high"})
		}, "allowed"},
		{"the row raises the tier", all(get("/accounts/2"), rule(func(r *Rule) { r.UpTo = "mid" })), "no_rule"},
		{"a named property raises the tier", all(body("PATCH", "/accounts/1", `{"ssn":1}`), rule(func(r *Rule) { r.UpTo = "mid" })), "no_rule"},
		{"without it the tier stays", all(body("PATCH", "/accounts/1", `{"phone":1}`), rule(func(r *Rule) { r.UpTo = "mid" })), "allowed"},
		{"the action raises the tier", all(func(_ *World, r *Request) { r.Method, r.Target = "POST", "/accounts/1/close" }, rule(func(r *Rule) { r.UpTo = "mid" })), "no_rule"},
		{"what nothing classifies is unclassified", all(get("/tree/a"), rule(func(r *Rule) { r.On, r.UpTo = []string{"file"}, "low" })), "no_rule"},
		{"and allowed up to there", all(get("/tree/a"), rule(func(r *Rule) { r.On, r.UpTo = []string{"file"}, "mid" })), "allowed"},
		{"a collection has the highest row tier", all(get("/tenants/eu/accounts"), rule(func(r *Rule) { r.UpTo = "mid" })), "no_rule"},
		// 5. Decide
		{"no row", get("/accounts/9"), "unknown_object"},
		{"no row and no rule: nothing was looked up", all(get("/accounts/9"), rule(func(r *Rule) { r.To = []string{"list"} })), "no_rule"},
		{"deny beats allow", deny(Rule{}), "denied_by_rule"},
		{"from a tier that is not reached", deny(Rule{FromTier: "mid"}), "allowed"},
		{"a deny rule whose condition is false", deny(Rule{When: not1(eu)}), "allowed"},
		{"a deny rule that errors denies", deny(Rule{When: &Cond{Op: "==", A: ref("caller.claims.team"), B: str("x")}}), "attribute_missing"},
		{"for another reason", deny(Rule{When: &Cond{Op: "div", A: ref("object.level"), B: number(1)}}), "rule_error"},
		{"a deny rule that the bounds do not decide", all(get("/tenants/us/accounts"), deny(Rule{When: &Cond{Op: "==", A: ref("object.owner"), B: str("x")}})), "denied_by_rule"},
		{"a shadow deny has no effect", deny(Rule{Shadow: true}), "allowed"},
		{"a bounded collection", get("/tenants/eu/accounts"), "allowed"},
		{"its bound implies the condition", all(get("/tenants/eu/accounts"), when(eu)), "allowed"},
		{"its bound contradicts the condition", all(get("/tenants/us/accounts"), when(eu)), "no_rule"},
		{"its bound says nothing of the condition", all(get("/customers/c1/accounts"), when(eu)), "no_rule"},
		{"an unbounded collection", all(get("/accounts/all"), rule(func(r *Rule) { r.Unbounded = true })), "allowed"},
		{"an unbounded collection and a condition", all(get("/accounts/all"), rule(func(r *Rule) { r.Unbounded = true }), when(eu)), "no_rule"},
		{"the tier's own require", all(get("/accounts/2"), token(func(t *Token) { t.Age = 2 * time.Hour })), "token_too_old"},
		{"those of other tiers do not add up", token(func(t *Token) { t.Age = 2 * time.Hour }), "allowed"},
		{"for without a purpose", rule(func(r *Rule) { r.For = []string{"audit"} }), "purpose_missing"},
		{"for another purpose", all(rule(func(r *Rule) { r.For = []string{"audit"} }), identity(func(i *Identity) { i.Purposes = []string{"fraud"} })), "purpose_not_allowed"},
		{"an unmet require", rule(func(r *Rule) { r.Require.MaxAuthAge = time.Hour }), "auth_too_old"},
		{"a demand is not named where more is missing", all(rule(func(r *Rule) { r.Require.BoundToken = true }), when(not1(eu))), "no_rule"},
		{"bound_token", rule(func(r *Rule) { r.Require.BoundToken = true }), "token_not_bound"},
		{"own: the owner", rule(func(r *Rule) { r.Own = "owner" }), "allowed"},
		{"own: in a list", rule(func(r *Rule) { r.Own = "members" }), "no_rule"},
		{"own: no owner", all(get("/accounts/2"), rule(func(r *Rule) { r.Own = "owner" })), "attribute_missing"},
		{"same: what is pinned, not what the token says", rule(func(r *Rule) { r.Same = "tenant" }), "allowed"},
		{"same: another tenant", all(get("/accounts/2"), rule(func(r *Rule) { r.Same = "tenant" })), "no_rule"},
		{"same: nothing pinned", all(rule(func(r *Rule) { r.Same = "tenant" }), identity(func(i *Identity) { i.Tenant = "" })), "attribute_missing"},
		// 7. Shadow
		{"a shadow entry excuses a 403", all(get("/accounts/9"), identity(func(i *Identity) { i.Shadow = []Shadow{{Days: 3}} })), "shadow_deny"},
		{"of another host", all(get("/accounts/9"), identity(func(i *Identity) { i.Shadow = []Shadow{{Days: 3, Host: "b.example"}} })), "unknown_object"},
		{"that has passed", all(get("/accounts/9"), identity(func(i *Identity) { i.Shadow = []Shadow{{Days: -3}} })), "unknown_object"},
		{"a shadow entry excuses a 503", all(get("/accounts/3"), func(w *World, _ *Request) { w.Hosts[0].Shadow = []Shadow{{Days: 3}} }), "shadow_deny"},
		{"not by the type where no target was decided", all(get("/accounts/3"), func(w *World, _ *Request) { w.Types[0].Shadow = []Shadow{{Days: 3}} }), "catalog_bad_row"},
		{"not a 400", all(get("/accounts/x"), func(w *World, _ *Request) { w.Hosts[0].Shadow = []Shadow{{Days: 3}} }), "malformed_id"},
		{"not a 401", all(anonymous, func(w *World, _ *Request) { w.Hosts[0].Shadow = []Shadow{{Days: 3}} }), "credential_missing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, r := bank(), &Request{Method: "GET", Host: "a.example", Target: "/accounts/1"}
			row.change(w, r)
			if got := Evaluate(w, base, r); got.Reason != row.want {
				t.Errorf("got %s, want %s", got.Reason, row.want)
			}
		})
	}
}

func not1(c *Cond) *Cond { return &Cond{Op: "not", Kids: []*Cond{c}} }

func TestObligations(t *testing.T) {
	tenant := Mutation{Name: "x-tenant", Value: []TemplatePart{{Text: "t-"}, {Ref: "object.tenant"}}}
	for _, row := range []struct {
		name, ids, want string
		value           string
	}{
		{"one", `[1]`, "allowed", "t-eu"},
		{"one value twice", `[1,"1"]`, "allowed", "t-eu"},
		{"two values", `[1,2]`, "mutation_conflict", ""},
		{"an absent value", `[4]`, "attribute_missing", ""},
		{"a value that no header may have", `[5]`, "mutation_invalid", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := bank()
			w.Rules[0].Set = []Mutation{tenant}
			w.Types[0].Source.Rows = append(w.Types[0].Source.Rows, &Row{ID: "4"}, &Row{ID: "5", Values: map[string]any{"tenant": "a\x07"}})
			text := `{"ids":` + row.ids + `}`
			got := Evaluate(w, base, &Request{Method: "POST", Host: "a.example", Target: "/batch", Headers: []Header{{"content-type", "application/json"}}, Body: &text})
			if got.Reason != row.want || got.Set["x-tenant"] != row.value {
				t.Errorf("got %s with %q, want %s with %q", got.Reason, got.Set["x-tenant"], row.want, row.value)
			}
		})
	}
}

// TestUnfitValues tells the caller's own word from the catalog's: only what no
// caller can choose is a 503.
func TestUnfitValues(t *testing.T) {
	for _, row := range []struct{ ref, want string }{
		{"object.tenant", "mutation_invalid"},
		{"object.id", "mutation_unfit"},
		{"caller.subject", "mutation_unfit"},
	} {
		t.Run(row.ref, func(t *testing.T) {
			w := bank()
			w.Rules[0].Set = []Mutation{{Name: "x-tenant", Value: []TemplatePart{{Text: "a\x07"}, {Ref: row.ref}}}}
			text := `{"ids":[1]}`
			got := Evaluate(w, base, &Request{Method: "POST", Host: "a.example", Target: "/batch", Headers: []Header{{"content-type", "application/json"}}, Body: &text})
			if got.Reason != row.want {
				t.Errorf("got %s, want %s", got.Reason, row.want)
			}
		})
	}
}

// A rule sets the parameter who. What the client sends in those bytes is replaced,
// and nothing else is.
func TestAnotherSpellingOfWhatIsSet(t *testing.T) {
	for query, want := range map[string]string{
		"":                       "allowed",
		"?who=bob&who":           "allowed",
		"?whose=bob&w=ho":        "allowed",
		"?%77ho=bob":             "ambiguous_parameter",
		"?who=bob&WHO=bob":       "ambiguous_parameter",
		"?+who=bob":              "ambiguous_parameter",
		"?who+=bob":              "ambiguous_parameter",
		"?who[0]=bob":            "ambiguous_parameter",
		"?.who=bob":              "ambiguous_parameter",
		"?who.x=bob":             "ambiguous_parameter",
		"?%EF%BD%97ho=bob":       "ambiguous_parameter",
		"?w%E2%80%8Bho=bob":      "ambiguous_parameter",
		"?who=bob&x.who=bob&a=1": "allowed",
	} {
		w := bank()
		w.Rules[0].Set = []Mutation{{Query: true, Name: "who", Value: []TemplatePart{{Ref: "caller.subject"}}}}
		got := Evaluate(w, base, &Request{Method: "GET", Host: "a.example", Target: "/accounts/1" + query})
		if got.Reason != want || want == "allowed" && got.Set["?who"] != "ada" {
			t.Errorf("%s: got %s with %v, want %s", query, got.Reason, got.Set, want)
		}
		w.Rules[0].Set = nil
		if got := Evaluate(w, base, &Request{Method: "GET", Host: "a.example", Target: "/accounts/1" + query}); got.Reason != "allowed" {
			t.Errorf("%s where no rule sets it: got %s", query, got.Reason)
		}
	}
	w, field := bank(), "Who=bob"
	w.Rules[0].Set = []Mutation{{Query: true, Name: "who", Value: []TemplatePart{{Ref: "caller.subject"}}}}
	r := &Request{Method: "POST", Host: "a.example", Target: "/accounts/1/close", Headers: []Header{{"content-type", "application/x-www-form-urlencoded"}}, Body: &field}
	if got := Evaluate(w, base, r); got.Reason != "ambiguous_parameter" {
		t.Errorf("in a form: got %s", got.Reason)
	}
	w.Rules[0].Set = append(w.Rules[0].Set, Mutation{Name: "x-long", Value: []TemplatePart{{Text: strings.Repeat("v", 32<<10)}}})
	if got := Evaluate(w, base, &Request{Method: "GET", Host: "a.example", Target: "/accounts/1"}); got.Reason != "mutation_unfit" {
		t.Errorf("too much: got %s", got.Reason)
	}
}
