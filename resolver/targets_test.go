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
	"POST   /v1/account?id={id}        -> close  account/{id}",
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

// show writes a target with all that is known of it, in the form of the language.
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
	if t.Object.State == rules.New {
		b.WriteString(" new")
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
	if len(t.Reads) > 0 {
		b.WriteString(" reads " + strings.Join(t.Reads, "+"))
	}
	for i, v := range t.Body {
		if v != nil {
			fmt.Fprintf(&b, " %s:%#v", t.Object.Type.Body[i].Name, v)
		}
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

const asJSON = "\ncontent-type: application/json\n\n"

func TestTargets(t *testing.T) {
	routes := compile(t, bankLines...)
	ada := &rules.Caller{Verified: &rules.Verified{Claims: map[string]any{"customer": "ada"}}}
	for _, c := range []struct {
		row, request string
		want         string // the targets, or the reason of a denial
	}{
		{"path", "GET /v1/accounts/AC123456", "read account/AC123456"},
		{"path, encoded", "GET /v1/accounts/A%43123456", "read account/AC123456"},
		{"path, no id of the type", "GET /v1/accounts/ac123456", "malformed_id"},
		{"path, id too long for its pattern", "GET /v1/accounts/AC1234567890123", "malformed_id"},
		{"path, more in front of the id", "GET /v1/accounts/xAC123456", "malformed_id"},
		{"path, a line feed behind the id", "GET /v1/accounts/AC123456%0a", "ambiguous_path"},
		{"path name in the query", "GET /v1/accounts/AC123456?id=AC999999", "ambiguous_parameter"},
		{"path name in the query, encoded", "GET /v1/accounts/AC123456?%69d=AC999999", "ambiguous_parameter"},
		{"path name in the query, other case", "GET /v1/accounts/AC123456?ID=AC999999", "ambiguous_parameter"},
		{"path name in the query, as a list", "GET /v1/accounts/AC123456?id%5B%5D=AC999999", "ambiguous_parameter"},
		{"another name in the query", "GET /v1/accounts/AC123456?page=2&idx=1", "read account/AC123456"},
		{"path name in a form", "POST /v1/accounts/AC123456/close\ncontent-type: application/x-www-form-urlencoded\n\nid=AC999999", "ambiguous_parameter"},
		{"path name in a part", "POST /v1/accounts/AC123456/close\ncontent-type: multipart/form-data; boundary=b\n\n--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\nAC999999\r\n--b--", "ambiguous_parameter"},
		{"query name in a form", "POST /v1/account?id=AC123456\ncontent-type: application/x-www-form-urlencoded\n\nid=AC999999", "ambiguous_parameter"},
		{"another name in a form", "POST /v1/accounts/AC123456/close\ncontent-type: application/x-www-form-urlencoded\n\nreason=x", "close account/AC123456"},
		{"K1 id of 1 KiB", "GET /v1/files/" + strings.Repeat("a", 1024), "read file/" + strings.Repeat("a", 1024)},
		{"K1 id over 1 KiB", "GET /v1/files/" + strings.Repeat("a", 1025), "malformed_id"},

		{"query", "GET /v1/account?id=AC123456", "read account/AC123456"},
		{"query absent", "GET /v1/account", "no_target"},
		{"query empty", "GET /v1/account?id=", "no_target"},
		{"query twice", "GET /v1/account?id=AC123456&id=AC999999", "ambiguous_parameter"},
		{"query twice, the same", "GET /v1/account?id=AC123456&id=AC123456", "ambiguous_parameter"},
		{"query twice, encoded", "GET /v1/account?id=AC123456&%69d=AC999999", "ambiguous_parameter"},
		{"query twice, other case", "GET /v1/account?id=AC123456&Id=AC999999", "ambiguous_parameter"},
		{"query in other case only", "GET /v1/account?ID=AC123456", "ambiguous_parameter"},
		{"query as a list", "GET /v1/account?id[]=AC123456", "ambiguous_parameter"},
		{"query encoded twice", "GET /v1/account?id=AC12345%2536", "malformed_id"},
		{"query with an encoded space", "GET /v1/my/accounts?owner=ada%20b", `list account[owner="ada b"] collection`},
		{"query with a plus", "GET /v1/my/accounts?owner=ada+b", "ambiguous_parameter"},
		{"query with an encoded plus", "GET /v1/my/accounts?owner=ada%2Bb", `list account[owner="ada+b"] collection`},
		{"H2 query with an exclamation mark", "GET /v1/my/accounts?owner=ada!", "ambiguous_parameter"},
		{"H2 query with an encoded one", "GET /v1/my/accounts?owner=ada%21", `list account[owner="ada!"] collection`},
		{"query with a space at an end", "GET /v1/my/accounts?owner=ada%20", "malformed_id"},
		{"query with a no-break space at an end", "GET /v1/my/accounts?owner=ada%C2%A0", "malformed_id"},
		{"query with a zero-width space", "GET /v1/my/accounts?owner=a%E2%80%8Bda", "malformed_id"},
		{"body member with a zero-width space", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC\u200b123456"}`, "malformed_id"},
		{"query with a line feed", "GET /v1/my/accounts?owner=ada%0a", "malformed_id"},
		{"a plus elsewhere", "GET /v1/my/accounts?owner=ada&q=a+b!", `list account[owner="ada"] collection`},

		{"list in the query", "GET /v1/many?ids=AC123456,AC123457", "read account/AC123456, read account/AC123457"},
		{"list with an empty id", "GET /v1/many?ids=AC123456,,AC123457", "no_target"},
		{"list with one bad id", "GET /v1/many?ids=AC123456,x", "malformed_id"},
		{"list twice", "GET /v1/many?ids=AC123456&ids=AC123457", "ambiguous_parameter"},
		{"list at its limit", "GET /v1/many?ids=AC123456" + strings.Repeat(",AC123457", 99), "read account/AC123456" + strings.Repeat(", read account/AC123457", 99)},
		{"list over its limit", "GET /v1/many?ids=AC123456" + strings.Repeat(",AC123457", 100), "too_many_targets"},

		{"header", "GET /v1/current\nx-account-id: AC123456", "read account/AC123456"},
		{"header absent", "GET /v1/current", "no_target"},
		{"header empty", "GET /v1/current\nx-account-id: ", "no_target"},
		{"header twice", "GET /v1/current\nx-account-id: AC123456\nx-account-id: AC123456", "ambiguous_parameter"},
		{"header joined", "GET /v1/current\nx-account-id: AC123456,AC123457", "ambiguous_parameter"},
		{"header and its twin", "GET /v1/current\nx-account-id: AC123456\nx_account_id: AC123457", "ambiguous_parameter"},
		{"only the header's twin", "GET /v1/current\nx-account.id: AC123456", "ambiguous_parameter"},
		{"H2 header with a raw byte", "GET /v1/current\nx-account-id: AC123456\xff", "malformed_id"},
		{"H2 header with what the proxy wrote for it", "GET /v1/current\nx-account-id: AC123456!", "malformed_id"},

		{"claim", "GET /v1/me", "read customer/ada"},

		{"body", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456"}`, "read account/AC123456"},
		{"body, charset", "POST /v1/accounts:lookup\ncontent-type: application/json; charset=UTF-8\n\n" + `{"id":"AC123456"}`, "read account/AC123456"},
		{"body member absent", "POST /v1/accounts:lookup" + asJSON + `{}`, "no_target"},
		{"body member null", "POST /v1/accounts:lookup" + asJSON + `{"id":null}`, "no_target"},
		{"body member empty", "POST /v1/accounts:lookup" + asJSON + `{"id":""}`, "no_target"},
		{"body member in other case", "POST /v1/accounts:lookup" + asJSON + `{"ID":"AC123456"}`, "ambiguous_parameter"},
		{"P3 body member with a dotless i", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","ıd":"AC999999"}`, "ambiguous_parameter"},
		{"P3 body member with a dotted I", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","İD":"AC999999"}`, "ambiguous_parameter"},
		{"P3 body member in wide letters", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","ｉｄ":"AC999999"}`, "ambiguous_parameter"},
		{"P3 body member behind a space", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456"," id":"AC999999"}`, "ambiguous_parameter"},
		{"P3 body member before a space", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","id ":"AC999999"}`, "ambiguous_parameter"},
		{"P3 body member behind a byte order mark", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","\ufeffid":"AC999999"}`, "ambiguous_parameter"},
		{"P3 body member with a control byte", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","i\u0001d":"AC999999"}`, "ambiguous_parameter"},
		{"P3 body member with a NUL", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","id\u0000x":"AC999999"}`, "body_malformed"},
		{"P3 body member as a list", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","id[]":"AC999999"}`, "ambiguous_parameter"},
		{"P3 body member as a part", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","id.x":"AC999999"}`, "ambiguous_parameter"},
		{"body member of another name", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","ıdea":1,"x.id":2,"ïd":3}`, "read account/AC123456"},
		{"P3 query name behind a byte order mark", "GET /v1/account?id=AC123456&%ef%bb%bfid=AC999999", "ambiguous_parameter"},
		{"P3 query name with a dotless i", "GET /v1/account?id=AC123456&%c4%b1d=AC999999", "ambiguous_parameter"},
		{"P3 query name as a part", "GET /v1/account?id=AC123456&id.x=AC999999", "ambiguous_parameter"},
		{"P3 query name as a part of nothing", "GET /v1/account?id=AC123456&.id=AC999999", "ambiguous_parameter"},
		{"P3 path name in the query, with a dotted I", "GET /v1/accounts/AC123456?%c4%b0d=AC999999", "ambiguous_parameter"},
		{"P3 path name in the query, as a part", "GET /v1/accounts/AC123456?id.x=AC999999", "ambiguous_parameter"},
		{"another query name", "GET /v1/account?id=AC123456&x.id=1&%c3%afd=2", "read account/AC123456"},
		{"P3 body member twice but for case", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","Id":"AC999999"}`, "ambiguous_parameter"},
		{"P3 body member twice", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","id":"AC999999"}`, "body_malformed"},
		{"P3 body member twice, escaped", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456","\u0069d":"AC999999"}`, "body_malformed"},
		{"body member of another kind", "POST /v1/accounts:lookup" + asJSON + `{"id":["AC123456"]}`, "malformed_id"},
		{"body member true", "POST /v1/accounts:lookup" + asJSON + `{"id":true}`, "malformed_id"},
		{"body is a list", "POST /v1/accounts:lookup" + asJSON + `["AC123456"]`, "body_malformed"},
		{"body is a string", "POST /v1/accounts:lookup" + asJSON + `"AC123456"`, "body_malformed"},
		{"body deeper", "POST /v1/transfers" + asJSON + `{"from":"AC123456","to":{"id":"AC123457"}}`, "debit account/AC123456, credit account/AC123457"},
		{"body deeper, not an object", "POST /v1/transfers" + asJSON + `{"from":"AC123456","to":"AC123457"}`, "malformed_id"},
		{"body deeper, null", "POST /v1/transfers" + asJSON + `{"from":"AC123456","to":null}`, "no_target"},
		{"P3 trailing data", "POST /v1/accounts:lookup" + asJSON + `{"id":"AC123456"} {}`, "body_malformed"},
		{"P3 body not inspected", "POST /v1/accounts:lookup\ncontent-type: application/json", "body_missing"},
		{"P3 empty body", "POST /v1/accounts:lookup" + asJSON, "body_missing"},
		{"P3 no content type", "POST /v1/accounts:lookup\n\n" + `{"id":"AC123456"}`, "body_type"},
		{"P3 JSON as text", "POST /v1/accounts:lookup\ncontent-type: text/plain\n\n" + `{"id":"AC123456"}`, "body_type"},
		{"P3 odd case", "POST /v1/accounts:lookup\ncontent-type: Application/json\n\n" + `{"id":"AC123456"}`, "body_type"},
		{"P3 a suffix", "POST /v1/accounts:lookup\ncontent-type: application/x+json\n\n" + `{"id":"AC123456"}`, "body_type"},
		{"P3 another charset", "POST /v1/accounts:lookup\ncontent-type: application/json; charset=utf-16\n\n" + `{"id":"AC123456"}`, "body_type"},
		{"P3 another parameter", "POST /v1/accounts:lookup\ncontent-type: application/json; charset=utf-8; q=1\n\n" + `{"id":"AC123456"}`, "body_type"},
		{"P3 a form", "POST /v1/accounts:lookup\ncontent-type: application/x-www-form-urlencoded\n\nid=AC123456", "body_type"},
		{"P3 multipart", "POST /v1/accounts:lookup\ncontent-type: multipart/form-data; boundary=b\n\n--b--", "body_type"},
		{"P3 compressed", "POST /v1/accounts:lookup\ncontent-encoding: gzip" + asJSON + `{"id":"AC123456"}`, "body_encoding"},
		{"identity encoding", "POST /v1/accounts:lookup\ncontent-encoding: identity" + asJSON + `{"id":"AC123456"}`, "read account/AC123456"},
		{"P3 partial", "POST /v1/accounts:lookup\ncontent-type: application/json\n" + partialMarker + ": true", "body_too_large"},
		{"P3 partial where it is not needed", "DELETE /v1/accounts/AC123456\ncontent-type: text/plain\n" + partialMarker + ": true", "delete account/AC123456"},
		{"a body where it is not needed", "DELETE /v1/accounts/AC123456\ncontent-type: text/plain\n\nx", "delete account/AC123456"},

		{"batch", "POST /v1/accounts:batchDelete" + asJSON + `{"ids":["AC123456","AC123457"]}`, "delete account/AC123456, delete account/AC123457"},
		{"batch, empty", "POST /v1/accounts:batchDelete" + asJSON + `{"ids":[]}`, "no_target"},
		{"batch, absent", "POST /v1/accounts:batchDelete" + asJSON + `{}`, "no_target"},
		{"batch, one null", "POST /v1/accounts:batchDelete" + asJSON + `{"ids":["AC123456",null]}`, "no_target"},
		{"batch, one bad", "POST /v1/accounts:batchDelete" + asJSON + `{"ids":["AC123456","x"]}`, "malformed_id"},
		{"batch, not a list", "POST /v1/accounts:batchDelete" + asJSON + `{"ids":"AC123456"}`, "malformed_id"},
		{"P3 batch too large", "POST /v1/accounts:batchDelete" + asJSON + `{"ids":["AC123456"` + strings.Repeat(`,"AC123456"`, 100) + `]}`, "too_many_targets"},
		{"batch of objects", "POST /v1/accounts:batchTouch" + asJSON + `{"items":[{"id":"AC123456","n":1},{"id":"AC123457"}]}`, "close account/AC123456, close account/AC123457"},
		{"batch of objects, one without", "POST /v1/accounts:batchTouch" + asJSON + `{"items":[{"id":"AC123456"},{}]}`, "no_target"},

		{"optional, absent", "PATCH /v1/accounts/AC123456" + asJSON + `{"phone":"1"}`, "update account/AC123456 named phone"},
		{"optional, present", "PATCH /v1/accounts/AC123456" + asJSON + `{"phone":"1","owner":"bob"}`, "update account/AC123456 named phone+owner, receive customer/bob"},
		{"optional, null is present", "PATCH /v1/accounts/AC123456" + asJSON + `{"owner":null}`, "no_target"},
		{"optional, empty is present", "PATCH /v1/accounts/AC123456" + asJSON + `{"owner":""}`, "no_target"},
		{"optional, other case is no way around", "PATCH /v1/accounts/AC123456" + asJSON + `{"Owner":"bob"}`, "ambiguous_parameter"},
		{"properties, none named", "PATCH /v1/accounts/AC123456" + asJSON + `{}`, "update account/AC123456"},
		{"properties, other case is no way around", "PATCH /v1/accounts/AC123456" + asJSON + `{"SSN":"1"}`, "ambiguous_parameter"},
		{"properties need a body", "PATCH /v1/accounts/AC123456", "body_missing"},
		{"properties need an object", "PATCH /v1/accounts/AC123456" + asJSON + `[]`, "body_malformed"},

		{"bad id of the parent", "GET /v1/customers/%20/accounts", "ambiguous_path"},
		{"upsert", "PUT /v1/files/a", "update? file/a"},
		{"new object", "POST /v1/customers" + asJSON + `{"tenant":"acme"}`, `create customer[tenant="acme"] new`},
		{"new object without its bound", "POST /v1/customers" + asJSON + `{}`, "no_target"},
		{"collection, bounded by the query", "GET /v1/accounts?tenant=acme", `list account[tenant="acme"] collection`},
		{"collection without its bound", "GET /v1/accounts", "no_target"},
		{"collection, unbounded", "GET /v1/accounts/all", "list account collection unbounded"},
		{"collection in a parent", "GET /v1/customers/ada/accounts", "list account in ada collection"},
		{"bounds have kinds", "GET /v1/branch?b=7&f=true", "list account[frozen=true][branch=7] collection"},
		{"an optional bound, absent", "GET /v1/branch?b=7", "list account[branch=7] collection"},
		{"an optional bound, empty", "GET /v1/branch?b=7&f=", "no_target"},
		{"bound that is no integer", "GET /v1/branch?b=x", "malformed_id"},
		{"bound in an odd spelling", "GET /v1/branch?b=07", "malformed_id"},
		{"bound that is no boolean", "GET /v1/branch?b=7&f=TRUE", "malformed_id"},
		{"bounds in the body", "POST /v1/search" + asJSON + `{"frozen":false,"branch":7}`, "list account[frozen=false][branch=7] collection"},
		{"bound in the body, as text", "POST /v1/search" + asJSON + `{"frozen":"false"}`, "list account[frozen=false] collection"},
		{"bound in the body of another kind", "POST /v1/search" + asJSON + `{"frozen":false,"branch":true}`, "malformed_id"},

		{"rest", "GET /v1/files/a/b%20c/d.txt", "read file/a/b c/d.txt"},
		{"fixed id", "GET /v1/settings", "read file/settings.json"},
		{"ANY", "PATCH /v1/any/k", "update file/k"},
		{"HEAD", "HEAD /v1/accounts/AC123456", "read account/AC123456"},
	} {
		got, err := resolve(routes, raw(c.request), ada)
		s := showTargets(got)
		if err != nil {
			s = string(reason(err))
			if got != nil {
				t.Errorf("%s: both targets and %v", c.row, err)
			}
		}
		if s != c.want {
			t.Errorf("%s\n got %.200s (%v)\nwant %.200s", c.row, s, err, c.want)
		}
	}
}

func TestNumbersAsIDs(t *testing.T) {
	routes := compile(t, "POST /v1/files -> read file/{body.id}")
	for number, want := range map[string]string{
		"7": "read file/7", "-7": "read file/-7", "0": "read file/0",
		"9007199254740991": "read file/9007199254740991", "9007199254740993": "malformed_id",
		"1.0": "malformed_id", "1e3": "malformed_id", "-0": "malformed_id", "1e400": "malformed_id",
		"99999999999999999999": "malformed_id", "07": "body_malformed", "+7": "body_malformed",
	} {
		got, err := resolve(routes, raw("POST /v1/files"+asJSON+`{"id":`+number+`}`), nil)
		s := showTargets(got)
		if err != nil {
			s = string(reason(err))
		}
		if s != want {
			t.Errorf("%s: got %s, want %s", number, s, want)
		}
	}
}

func TestClaimsAsIDs(t *testing.T) {
	routes := compile(t, "GET /v1/me -> read customer/{caller.claims.c}")
	for _, c := range []struct {
		row    string
		caller *rules.Caller
		want   string
	}{
		{"string", &rules.Caller{Verified: &rules.Verified{Claims: map[string]any{"c": "ada"}}}, "read customer/ada"},
		{"integer", &rules.Caller{Verified: &rules.Verified{Claims: map[string]any{"c": int64(7)}}}, "read customer/7"},
		{"absent", &rules.Caller{Verified: &rules.Verified{Claims: map[string]any{"d": "ada"}}}, "no_target"},
		{"empty", &rules.Caller{Verified: &rules.Verified{Claims: map[string]any{"c": ""}}}, "no_target"},
		{"list", &rules.Caller{Verified: &rules.Verified{Claims: map[string]any{"c": []string{"ada"}}}}, "malformed_id"},
		{"boolean", &rules.Caller{Verified: &rules.Verified{Claims: map[string]any{"c": true}}}, "malformed_id"},
		{"anonymous", &rules.Caller{Verified: &rules.Verified{Anonymous: true}}, "credential_missing"},
		{"the zero caller", &rules.Caller{}, "credential_missing"},
		{"nobody", nil, "credential_missing"},
	} {
		got, err := resolve(routes, raw("GET /v1/me"), c.caller)
		s := showTargets(got)
		if err != nil {
			s = string(reason(err))
		}
		if s != c.want {
			t.Errorf("%s: got %s, want %s", c.row, s, c.want)
		}
	}
}

func TestOptionalTargetsAlone(t *testing.T) {
	routes := compile(t,
		"GET /v1/a -> read file/{query.id?}", "GET /v1/b -> read file/{header.x-id?}",
		"GET /v1/c -> list account[tenant={query.t?}] in customer/{query.c?}")
	for text, want := range map[string]string{
		"GET /v1/a?id=x":  "read file/x",
		"GET /v1/a":       "no_target", // nothing to decide is no allow
		"GET /v1/a?id=":   "no_target",
		"GET /v1/b":       "no_target",
		"GET /v1/c?c=ada": "list account in ada collection",
		"GET /v1/c":       "list account collection unbounded", // wider, never smaller
	} {
		got, err := resolve(routes, raw(text), nil)
		s := showTargets(got)
		if err != nil {
			s = string(reason(err))
		}
		if s != want {
			t.Errorf("%s: got %s, want %s", text, s, want)
		}
	}
}

func TestNoOperationNoTargets(t *testing.T) {
	open := &Operation{Open: true}
	for _, m := range []Match{{}, {Preflight: true}, {Op: open}} {
		if got, err := m.Targets(&rules.Request{}, nil); got != nil || reason(err) != rules.NoTarget {
			t.Errorf("%+v: got %v, %v; want %s", m, got, err, rules.NoTarget)
		}
	}
}

func TestSettle(t *testing.T) {
	target := func(state rules.State, upsert bool) rules.Target {
		return rules.Target{Action: "update", Upsert: upsert, Object: rules.Object{Type: &rules.Type{Name: "file"}, ID: "a", State: state}, Properties: []string{"p"}}
	}
	for _, c := range []struct {
		row  string
		in   []rules.Target
		want string
	}{
		{"C4 proven absent", []rules.Target{target(rules.Absent, true)}, "create file/a named p"},
		{"proven present", []rules.Target{target(rules.Stored, true)}, "update file/a named p"},
		{"not proven", []rules.Target{target(rules.Unchecked, true)}, "create file/a named p, update file/a named p"},
		{"an update that is no upsert", []rules.Target{target(rules.Absent, false)}, "update file/a named p"},
		{"each on its own", []rules.Target{target(rules.Stored, false), target(rules.Absent, true), target(rules.Unchecked, true), target(rules.Stored, false)},
			"update file/a named p, create file/a named p, create file/a named p, update file/a named p, update file/a named p"},
		{"none", nil, ""},
	} {
		if got := showTargets(Settle(c.in)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}
