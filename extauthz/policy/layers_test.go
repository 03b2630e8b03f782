package policy

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// layersOf is the base and the teams of the random test, with more.
func layersOf(platform, billing string) fstest.MapFS {
	m := fstest.MapFS{"platform/base.yaml": {Data: []byte(baseOfTest)}, "platform/teams.yaml": {Data: []byte(teamsOfTest)}}
	for name, text := range map[string]string{"platform/more.yaml": platform, "teams/billing/all.yaml": billing} {
		if text != "" {
			m[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return m
}

func report(files fstest.MapFS, o Options) string {
	_, _, err := Load(rules.Layers(files, "platform", "teams"), o)
	if err == nil {
		return ""
	}
	return err.Error()
}

// Each of these differs in one thing from layers that load, and is refused in the
// file of the team, or where the top layer leans on it.
func TestLowerLayersAreHeldToWhatTheyOwn(t *testing.T) {
	o := options(t, stated{v: ada()})
	const docs = "routes: [{ host: shop.example.com, map: [\"GET /docs/{id} -> read doc/{id}\"] }]\n"
	route := func(line string) string {
		return "objects: [{ type: card, tier: public }]\nroutes:\n  - host: shop.example.com\n    map:\n      - " + line + "\n"
	}
	for name, row := range map[string]struct{ platform, billing, want string }{
		"lines beside":      {docs, route("GET /cards/{id} -> read card/{id}"), ""},
		"a method beside":   {docs, route("DELETE /docs/{id} -> delete card/{id}"), ""},
		"a type of others":  {docs, route("GET /cards/{id} -> read doc/{id}"), `teams/billing/all.yaml:5:9: team "billing" does not own the type "doc" (platform/teams.yaml:5:11 gives it the types account, card)`},
		"one of two types":  {docs, route("POST /cards/{id} -> update card/{id}, read doc/{id}"), `does not own the type "doc"`},
		"a narrower line":   {docs, route("GET /docs/x -> read card/x"), `teams/billing/all.yaml:5:9: team "billing" cannot map what "GET /docs/{id}" at platform/more.yaml:1:42 maps`},
		"a wider line":      {docs, route(`GET /{id=**} -> read card/{id}`), `team "billing" cannot map what "GET /docs/{id}"`},
		"more methods":      {docs, route("ANY /docs/{id} -> read card/{id}"), `team "billing" cannot map what "GET /docs/{id}"`},
		"another case":      {docs, route("GET /DOCS/x -> read card/x"), `team "billing" cannot map what "GET /docs/{id}"`},
		"case alone":        {docs, route("GET /DOCS/{id} -> read card/{id}"), `team "billing" cannot map what "GET /docs/{id}"`},
		"a slash behind":    {docs, route("GET /docs/{id}/ -> read card/{id}"), `team "billing" cannot map what "GET /docs/{id}"`},
		"a slash of theirs": {strings.Replace(docs, "{id} ", "{id}/ ", 1), route("GET /Docs/{id} -> read card/{id}"), `team "billing" cannot map what "GET /docs/{id}/"`},
		"the same line":     {docs, route("GET /docs/{x} -> read card/{x}"), `teams/billing/all.yaml:5:9: "GET /docs/{x}" is already mapped at platform/more.yaml:1:42`},
		"an open line":      {docs, route("GET /cards -> open: { because: x, owner: billing }"), `teams/billing/all.yaml:5:9: team "billing" cannot let requests pass without a caller (owns: { open: true } at platform/teams.yaml:5:11 lets it)`},
		"a purpose":         {docs, route(`{ "GET /cards/{id} -> read card/{id}": { purpose: audit } }`), `teams/billing/all.yaml:5:59: team "billing" cannot say what requests are for: rules and tiers of the top layer believe it`},
		"a type from below": {"rules: [{ id: p, allow: customers, to: [read], on: card, up_to: public }]", route("GET /cards/{id} -> read card/{id}"), `platform/more.yaml:1:52: unknown type "card": the top layer needs none of the layers below it`},
		"a line from below": {"routes: [{ host: shop.example.com, map: [\"GET /c/{id} -> read card/{id}\"] }]", route("GET /cards/{id} -> read card/{id}"), `platform/more.yaml:1:62: unknown object type "card": the top layer needs none`},
		"headers elsewhere": {"routes: [{ host: doc.example.com, map: [\"GET /a/{id} -> read account/{id}\"] }]",
			"rules: [{ id: b, allow: customers, to: [read], on: account, up_to: internal, then: { set_headers: { x-note: b } } }]",
			`teams/billing/all.yaml:1:9: team "billing" cannot set x-note of requests to "doc.example.com", which the line at platform/more.yaml:1:41 maps`},
		"a query elsewhere": {"routes: [{ host: doc.example.com, map: [\"GET /a/{id} -> read account/{id}\"] }]",
			"rules: [{ id: b, allow: customers, to: [read], on: account, up_to: internal, then: { set_query: { by: b } } }]", `cannot set by of requests to "doc.example.com"`},
		"headers at home": {"routes: [{ host: pay.example.com, map: [\"GET /a/{id} -> read account/{id}\"] }]",
			"rules: [{ id: b, allow: customers, to: [read], on: account, up_to: internal, then: { set_headers: { x-note: b }, set_query: { by: b } } }]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := report(layersOf(row.platform, row.billing), o)
			if row.want == "" && got != "" || !strings.Contains(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// Nothing holds a file to what its team owns where there is one directory alone: it
// must not look as if something did. The top layer by itself has no such files.
func TestTeamsNeedLayers(t *testing.T) {
	o := options(t, stated{v: ada()})
	files := layersOf("", "rules: [{ id: b, allow: customers, to: [read], on: doc, up_to: internal }]")
	_, _, err := Load(files, o)
	if want := `platform/teams.yaml:4:12: "teams/billing/" is in the only directory: without layers nothing holds team "billing" to what it owns`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	delete(files, "teams/billing/all.yaml")
	if _, _, err := Load(files, o); err != nil {
		t.Errorf("the top layer by itself: %v", err)
	}
}

// Two teams on one host: neither takes the other's requests, whoever comes first.
func TestTeamsShareAHostByLines(t *testing.T) {
	o := options(t, stated{v: ada()})
	const billing = "objects: [{ type: card, tier: public }]\nroutes: [{ host: shop.example.com, map: [\"GET /x/{id} -> read card/{id}\"] }]\n"
	const memos = "objects: [{ type: memo, tier: public }]\nroutes: [{ host: shop.example.com, map: [\"GET /PATH -> read memo/1\"] }]\n"
	for path, want := range map[string]string{"/y/{id}": "", "/x/1": `teams/memos.yaml:2:42: team "memos" cannot map what "GET /x/{id}" at teams/billing/all.yaml:2:42 maps`} {
		m := layersOf("", billing)
		text := strings.Replace(strings.Replace(memos, "/PATH", path, 1), "memo/1", map[bool]string{true: "memo/{id}", false: "memo/1"}[strings.Contains(path, "{")], 1)
		m["teams/memos.yaml"] = &fstest.MapFile{Data: []byte(text)}
		if got := report(m, o); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// What decides with layers is another version than the same files as one, and what
// is kept of it comes back with its layers.
func TestLastGoodKeepsLayers(t *testing.T) {
	o := options(t, stated{v: ada()})
	files := layersOf("", "rules: [{ id: b, allow: customers, to: [read], on: account, up_to: internal }]")
	p, _, err := Load(rules.Layers(files, "platform", "teams"), o)
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	if err := KeepLastGood(state, p); err != nil {
		t.Fatal(err)
	}
	loader := func(fsys fs.FS) (*Policy, *rules.Source, error) { return Load(fsys, o) }
	got, err := LastGood(state, loader)
	if err != nil || got.Hash != p.Hash || got.Set().TeamOf("teams/billing/all.yaml") == nil {
		t.Fatalf("%v, %v; want the layers of %s", got, err, p.Hash)
	}
	current := state + "/rules/current"
	text, err := os.ReadFile(current)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{strings.Fields(string(text))[0] + "\n", strings.Replace(string(text), "platform/teams", "teams/platform", 1)} {
		if err := os.WriteFile(current, []byte(other), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := LastGood(state, loader); err == nil {
			t.Errorf("%q: policy %s came back with other layers", other, got.Hash)
		}
	}
}

var layerFile = regexp.MustCompile("(?ms)^```(?:yaml\n# ((?:platform|teams)/[a-z/]+\\.yaml)|console)\n(.*?)^```$")

// TestLayersPage loads the layers of docs/reference/rules.md, and the file that is wrong.
func TestLayersPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, stated{v: ada()}, catalog.Row{})
	o.Env.Catalogs, o.Env.Managed = []string{"accounts"}, []string{"x-account-tenant"}
	files := fstest.MapFS{}
	want := ""
	for _, m := range layerFile.FindAllStringSubmatch(string(page), -1) {
		if m[1] == "" {
			want = m[2]
		} else {
			files[m[1]] = &fstest.MapFile{Data: []byte("# " + m[1] + "\n" + m[2])}
		}
	}
	wrong := files["teams/billing/wrong.yaml"]
	delete(files, "teams/billing/wrong.yaml")
	if got := report(files, o); got != "" || len(files) != 4 {
		t.Fatalf("%d files: %s", len(files), got)
	}
	files["teams/billing/wrong.yaml"] = wrong
	_, _, err = Load(rules.Layers(files, "platform", "teams"), o)
	ms, _ := err.(rules.Mistakes) //nolint:errorlint // Load gives nothing else
	if got := ms.Report(func(file string) string { return string(files[file].Data) }); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
