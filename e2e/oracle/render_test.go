package oracle

import "testing"

// The map lines of the documentation, written from their structures.
func TestLineRender(t *testing.T) {
	receive := object("receive", "customer", inBody("owner"))
	receive.ID.Optional = true
	upsert := object("create", "account", inPath("id"))
	upsert.Actions = []string{"create", "update"}
	batch := line("POST", "/v1/accounts:batchDelete", object("delete", "account", Capture{In: "body", Body: []string{"ids"}, Each: 0}))
	batch.Max, batch.Purpose = 5, "audit"
	within := TargetSpec{Actions: []string{"create"}, Type: "account", ParentType: "customer", Parent: new(inPath("c"))}
	rest := line("GET", "/v1/files", object("read", "file", inPath("path")))
	rest.Path = append(rest.Path, Segment{Capture: "path", Rest: true})
	for _, row := range []struct {
		line *Line
		want string
	}{
		{line("GET", "/v1/accounts", collection("account", Bound{"tenant", inQuery("t")}), query("t")), `"GET /v1/accounts?t={t} -> list account[tenant={t}]"`},
		{line("PATCH", "/v1/accounts/{id}", object("update", "account", inPath("id")), receive), `"PATCH /v1/accounts/{id} -> update account/{id}, receive customer/{body.owner?}"`},
		{line("PUT", "/v1/accounts/{id}", upsert), `"PUT /v1/accounts/{id} -> create|update account/{id}"`},
		{batch, `"POST /v1/accounts:batchDelete -> delete account/{body.ids[]}": { max: 5, purpose: "audit" }`},
		{line("POST", "/v1/customers/{c}/accounts", within), `"POST /v1/customers/{c}/accounts -> create account in customer/{c}"`},
		{line("GET", "/x", object("read", "a", Capture{In: "query", Name: "ids", Comma: true, Each: -1})), `"GET /x -> read a/{query.ids[,]}"`},
		{line("GET", "/x", object("read", "a", Capture{In: "header", Name: "x-id", Each: -1})), `"GET /x -> read a/{header.x-id}"`},
		{line("POST", "/x", object("read", "a", Capture{In: "body", Body: []string{"items", "id"}, Each: 0})), `"POST /x -> read a/{body.items[].id}"`},
		{rest, `"GET /v1/files/{path=**} -> read file/{path}"`},
		{&Line{Method: "GET", Path: path("/healthz"), Open: true}, `"GET /healthz -> open": { because: liveness probe, owner: platform }`},
	} {
		if got := row.line.render(); got != row.want {
			t.Errorf("got  %s\nwant %s", got, row.want)
		}
	}
}

// What the proxy makes of a path, as its reference measured.
func TestFront(t *testing.T) {
	for _, row := range []struct {
		target, hardened, base string
		refused                int // by the hardened one
	}{
		{"/a/b?x=%zz&y=/../", "/a/b?x=%zz&y=/../", "/a/b?x=%zz&y=/../", 0},
		{"//admin", "/admin", "//admin", 0},
		{"/a//b", "/a/b", "/a//b", 0},
		{"/a/../b", "/b", "/b", 0},
		{"/%2e%2E/b", "/b", "/b", 0},
		{`/a\..\b`, "/b", "/b", 0},
		{"/a/./b", "/a/b", "/a/b", 0},
		{"/a//../b", "/a/b", "/a/b", 0},
		{"/%61dmin", "/admin", "/admin", 0},
		{"/a;x/b", "/a;x/b", "/a;x/b", 0},
		{"/%252e", "/%252e", "/%252e", 0},
		{"/a%2fb", "/a%2fb", "/a%2fb", 400},
		{"/a%5Cb", "/a%5Cb", "/a%5Cb", 400},
		{"/a/..", "/", "/", 0},
	} {
		if got := hardened.path(row.target); got != row.hardened {
			t.Errorf("hardened makes %s of %s, want %s", got, row.target, row.hardened)
		}
		if got := base.path(row.target); got != row.base {
			t.Errorf("base makes %s of %s, want %s", got, row.target, row.base)
		}
		if got := hardened.refuses(&Request{Target: row.target}); got != row.refused {
			t.Errorf("hardened answers %s with %d, want %d", row.target, got, row.refused)
		}
	}
	long := string(make([]byte, proxyBody+1))
	for name, row := range map[string]struct {
		front front
		req   Request
		want  int
	}{
		"NUL":                      {base, Request{Target: "/a%00"}, 400},
		"an escaped slash on base": {base, Request{Target: "/a%2fb"}, 0},
		"an underscore":            {hardened, Request{Target: "/", Headers: []Header{{"x_a", "1"}}}, 400},
		"an underscore on base":    {base, Request{Target: "/", Headers: []Header{{"x_a", "1"}}}, 0},
		"a long body":              {base, Request{Target: "/", Body: &long}, 413},
	} {
		if got := row.front.refuses(&row.req); got != row.want {
			t.Errorf("%s: got %d, want %d", name, got, row.want)
		}
	}
}
