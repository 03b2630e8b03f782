package rules

import (
	"cmp"
	"encoding/json"
	"flag"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite what cases in testdata want")

// testNow is the only time that tests know.
var testNow = time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC)

// testEnv is the configuration that every case is compiled with.
func testEnv() Env {
	return Env{
		Issuers: map[string]IssuerEnv{
			"corp": {
				Claims: map[string]Kind{"role": String, "tenant": String, "level": Int, "staff": Bool, "groups": StringList, "ranks": IntList},
				Fixed:  map[string]any{"region": "eu", "zone": int64(7)},
			},
			"acme-idp": {Claims: map[string]Kind{"role": String, "level": String, "tenant": String}, MaxLifetime: 15 * time.Minute, Binds: true},
		},
		Catalogs: []string{"db"},
		Managed:  []string{"x-account-tenant", "x-caller"},
		Now:      testNow,
		Beside: func(req *Request, name string) bool { // the resolver's is tested there
			return slices.ContainsFunc(req.Query, func(p Param) bool { return p.Name != name && strings.EqualFold(p.Name, name) })
		},
	}
}

// testCase is a txtar file as a folder.
type testCase struct {
	path  string
	about string
	files map[string]string
}

func cases(t *testing.T, folder string) map[string]*testCase {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	out := make(map[string]*testCase, len(paths))
	for _, path := range paths {
		ar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c := &testCase{path: path, about: string(ar.Comment), files: make(map[string]string)}
		for _, f := range ar.Files {
			c.files[f.Name] = string(f.Data)
		}
		out[strings.TrimSuffix(filepath.Base(path), ".txtar")] = c
	}
	return out
}

// fsys is the case's rules directory: what stands below rules/. Files below
// platform/ and teams/ are two layers.
func (c *testCase) fsys() fs.FS {
	m := fstest.MapFS{}
	for name, text := range c.files {
		if c.layered() && !strings.HasPrefix(name, "want") {
			m[name] = &fstest.MapFile{Data: []byte(text)}
		} else if name, ok := strings.CutPrefix(name, "rules/"); ok {
			m[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return m
}

func (c *testCase) layered() bool {
	for name := range c.files {
		if strings.HasPrefix(name, "teams/") {
			return true
		}
	}
	return false
}

// beside puts the case's rules beside base.yaml, unless it brings its own.
func (c *testCase) beside(t *testing.T) fs.FS {
	m := c.fsys().(fstest.MapFS)
	base := "base.yaml"
	if c.layered() {
		base = "platform/base.yaml"
	}
	if _, own := m[base]; !own {
		m[base] = &fstest.MapFile{Data: readBase(t)}
	}
	if c.layered() {
		return Layers(m, "platform", "teams")
	}
	return m
}

// expect compares got with a file of the case, or rewrites it.
func (c *testCase) expect(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		c.files[name] = got
		c.write(t)
		return
	}
	if want := c.files[name]; got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// write keeps rules first, then inputs with what they want.
func (c *testCase) write(t *testing.T) {
	t.Helper()
	ar := &txtar.Archive{Comment: []byte(c.about)}
	names := make([]string, 0, len(c.files))
	for name := range c.files {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(fileRank(a), fileRank(b)) })
	for _, name := range names {
		ar.Files = append(ar.Files, txtar.File{Name: name, Data: []byte(c.files[name])})
	}
	if err := os.WriteFile(c.path, txtar.Format(ar), 0o644); err != nil {
		t.Fatal(err)
	}
}

func fileRank(name string) string {
	for i, prefix := range []string{"rules/", "platform/", "teams/", "input", "want.json", "twin", "want-twin"} {
		if strings.HasPrefix(name, prefix) {
			return string(rune('0'+i)) + name
		}
	}
	return "9" + name
}

// load compiles rules on top of testdata/base.yaml.
func load(t testing.TB, texts ...string) *Set {
	t.Helper()
	m := fstest.MapFS{"base.yaml": &fstest.MapFile{Data: readBase(t)}}
	for i, text := range texts {
		m["rules"+string(rune('a'+i))+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return loadFS(t, m)
}

func loadFS(t testing.TB, fsys fs.FS) *Set {
	t.Helper()
	src, ms := Parse(fsys)
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	set, ms := Compile(src, testEnv())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	return set
}

func readBase(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// testInput is one request to decide, as cases write it.
type testInput struct {
	Caller  testCaller
	Request struct {
		Method, Host, Path, IP string
		Query, Headers         [][2]string
	}
	Targets []testTarget
}

type testCaller struct {
	Identity, Issuer, Subject, Client, Peer, Purpose string
	Session                                          string
	Scopes                                           []string
	Details                                          []map[string]any // as verification brings them to plain kinds
	Claims, Fixed                                    map[string]any
	Actor                                            *testCaller
	Bound                                            bool
	ACR                                              string
	AMR                                              []string
	TokenAge                                         string // a minute unless it says so; none has no iat
	AuthAge                                          string
}

type testTarget struct {
	Action, Object, Collection, New string // one of the last three: type/id, type, type
	Parent, Tier, State             string
	Attributes                      map[string]any
	Above                           map[string]any // the parent's attributes; without them its row is not known
	AboveState                      string
	Unbounded                       bool
	Properties                      []string
	Body                            map[string]any // members of the request's body
	Age, ParentAge                  string         // of the rows
}

func parseInput(t testing.TB, text string) *testInput {
	t.Helper()
	in := new(testInput)
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return in
}

func (in *testInput) decide(t testing.TB, s *Set) Decision {
	t.Helper()
	return s.Decide(in.request(t), in.Caller.caller(t, s), in.targets(t, s))
}

func (in *testInput) request(t testing.TB) *Request {
	t.Helper()
	r := &Request{ID: "d1", Now: testNow, Method: cmp.Or(in.Request.Method, "GET"), Path: cmp.Or(in.Request.Path, "/"),
		Host: cmp.Or(in.Request.Host, "accounts.example.com")}
	for _, q := range in.Request.Query {
		r.Query = append(r.Query, Param{q[0], q[1]})
	}
	for _, h := range in.Request.Headers {
		r.Headers = append(r.Headers, Header{h[0], h[1]})
	}
	if in.Request.IP != "" {
		r.ClientIP = netip.MustParseAddr(in.Request.IP)
	}
	return r
}

// caller is anonymous without an issuer or identity, unknown without an identity.
func (c *testCaller) caller(t testing.TB, s *Set) *Caller {
	t.Helper()
	out := &Caller{Peer: c.Peer, Purpose: c.Purpose}
	if c.Bound {
		out.Bound = ByWorkload
	}
	for _, id := range s.Identities() {
		if id.Name == c.Identity {
			out.Identity, out.Kind = id, id.Kind
			c.Issuer = id.Issuer
		}
	}
	if c.Identity != "" && out.Identity == nil {
		t.Fatalf("no identity %q", c.Identity)
	}
	if c.Issuer == "" {
		return out
	}
	if out.Identity == nil {
		out.Kind = Unknown
	}
	v := &Verified{Issuer: c.Issuer, Subject: c.Subject, ClientID: c.Client, Claims: natural(c.Claims), Fixed: natural(c.Fixed)}
	v.Session, v.Scopes, v.Details, v.ACR, v.AMR = c.Session, c.Scopes, c.Details, c.ACR, c.AMR
	if c.Actor != nil {
		out.Actor = c.Actor.caller(t, s)
	}
	v.IssuedAt = before(t, cmp.Or(c.TokenAge, "1m"))
	v.AuthTime = before(t, cmp.Or(c.AuthAge, "none"))
	out.Verified = v
	return out
}

func age(t testing.TB, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(cmp.Or(text, "0s"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func before(t testing.TB, age string) time.Time {
	t.Helper()
	if age == "none" {
		return time.Time{}
	}
	d, err := time.ParseDuration(age)
	if err != nil {
		t.Fatal(err)
	}
	return testNow.Add(-d)
}

// natural turns JSON values into the kinds in which facts are held.
func natural(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for name, v := range in {
		out[name] = naturalValue(v)
	}
	return out
}

func naturalValue(v any) any {
	switch v := v.(type) {
	case float64:
		return int64(v)
	case []any:
		if len(v) > 0 {
			if _, ok := v[0].(float64); ok {
				var out []int64
				for _, item := range v {
					out = append(out, int64(item.(float64)))
				}
				return out
			}
		}
		out := []string{}
		for _, item := range v {
			out = append(out, item.(string))
		}
		return out
	}
	return v
}

func (in *testInput) targets(t testing.TB, s *Set) []Target {
	t.Helper()
	var out []Target
	for _, tt := range in.Targets {
		out = append(out, tt.target(t, s))
	}
	return out
}

func (tt *testTarget) target(t testing.TB, s *Set) Target {
	t.Helper()
	name, id, _ := strings.Cut(cmp.Or(tt.Object, tt.Collection, tt.New), "/")
	typ := s.Schema().Types[name]
	if typ == nil {
		t.Fatalf("no type %q", name)
	}
	o := Object{Type: typ, ID: id, Parent: tt.Parent, RowTier: NoTier, Attributes: make([]any, len(typ.Attributes))}
	for name, v := range natural(tt.Attributes) {
		slot := typ.Slot(name)
		if slot < 0 {
			t.Fatalf("type %s has no attribute %q", typ.Name, name)
		}
		o.Attributes[slot] = v
	}
	if tt.Tier != "" {
		tier, ok := s.Schema().TierByName(tt.Tier)
		if !ok {
			t.Fatalf("no tier %q", tt.Tier)
		}
		o.RowTier = tier
	}
	o.Age, o.ParentAge = age(t, tt.Age), age(t, tt.ParentAge)
	states := map[string]State{"stored": Stored, "absent": Absent, "new": New, "unchecked": Unchecked}
	o.ParentState = states[tt.AboveState]
	if tt.Above != nil {
		o.ParentState, o.ParentAttributes = Stored, make([]any, len(typ.Above.Attributes))
		for name, v := range natural(tt.Above) {
			o.ParentAttributes[typ.Above.Slot(name)] = v
		}
	}
	switch {
	case tt.State != "":
		o.State = states[tt.State]
	case tt.New != "":
		o.State = New
	case tt.Object != "" && typ.Catalog != "":
		o.State = Stored
	}
	body := make([]any, len(typ.Body))
	for name, v := range natural(tt.Body) {
		slot := slices.IndexFunc(typ.Body, func(m Member) bool { return m.Name == name })
		if slot < 0 {
			t.Fatalf("type %s has no %q in a body", typ.Name, name)
		}
		body[slot] = v
	}
	return Target{Action: tt.Action, Object: o, Collection: tt.Collection != "", Unbounded: tt.Unbounded, Properties: tt.Properties, Body: body}
}

// mapOf is testdata/base.yaml with one more file.
func mapOf(text string) fstest.MapFS {
	base, _ := os.ReadFile("testdata/base.yaml") // without it nothing compiles
	return fstest.MapFS{"base.yaml": {Data: base}, "more.yaml": {Data: []byte(text)}}
}
