package resolver

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Each line makes the mistakes below it, columns counted in the file.
func TestMistakesAgainstTheSchema(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{"GET /v1/{id} -> read acount/{id}",
			[]string{`:24: unknown object type "acount" (did you mean "account"?)`}},
		{"GET /v1/{id} -> raed account/{id}",
			[]string{`:19: unknown action "raed" on account (did you mean "read"?)`}},
		{"GET /v1/{id} -> inspect account/{id}",
			[]string{`:19: unknown action "inspect" on account (give it a weight: weights: { inspect: 4 })`}},
		{"POST /v1/{id} -> close customer/{id}", // declared on account only
			[]string{`:20: unknown action "close" on customer (give it a weight: weights: { close: 4 })`}},
		{"GET /v1/{id} -> read account/{ids}",
			[]string{":12: nothing uses the capture {id} (use it in a target)", `:33: the capture {ids} is not defined (did you mean "id"?)`}},
		{"GET /v1 -> read account/{number}",
			[]string{":28: the capture {number} is not defined (write {number} in the path, or {query.number}, {header.number}, {body.number})"}},
		{"GET /v1/{c}/{id}?x={x} -> read account/{id}",
			[]string{":12: nothing uses the capture {c} (use it in a target)", ":23: nothing uses the capture {x} (use it in a target)"}},
		{"GET /v1/{id}/{id} -> read account/{id}",
			[]string{":17: the capture {id} is already defined (give it another name)"}},
		{"GET /v1/{id}?x={id} -> read account/{id}",
			[]string{":19: the capture {id} is already defined (give it another name)"}},
		{"GET /v1?x={a}&x={b} -> read account/{a}, read account/{b}",
			[]string{`:17: the query parameter "x" is captured twice`}},
		{"GET /v1/{id} -> read account/{id?}",
			[]string{":33: a path capture is always present, it takes no ?"}},
		{"GET /v1 -> list account[tennant={query.t}]",
			[]string{`:27: account has no attribute "tennant" (did you mean "tenant"?)`}},
		{"GET /v1 -> list account[xyz={query.t}]",
			[]string{`:27: account has no attribute "xyz" (it has tenant, owner, frozen, branch, tags)`}},
		{"GET /v1 -> list file[xyz={query.t}]",
			[]string{`:24: file has no attribute "xyz"`}},
		{"GET /v1 -> list account[tags={query.t}]",
			[]string{":27: the attribute tags is a list, it cannot bound"}},
		{"GET /v1 -> list account[tenant={query.t},tenant={query.u}]",
			[]string{":44: the attribute tenant is bound twice"}},
		{"GET /v1 -> list account[tenant={query.t[,]}]",
			[]string{":34: a bound has one value, {query.t[,]} may give several"}},
		{"GET /v1 -> list account[frozen=maybe]",
			[]string{`:34: the attribute frozen is bool, "maybe" is not`}},
		{"GET /v1 -> list account[branch=007]",
			[]string{`:34: the attribute branch is int, "007" is not`}},
		{"GET /v1 -> read account/main",
			[]string{`:27: "main" is no id of account, which are [A-Z]{2}[0-9]{6,12}`}},
		{"PUT /v1 -> create|update account",
			[]string{":28: create|update needs the id that decides between them (write account/{id})"}},
		{"PUT /v1/{id} -> create account/{id}[tenant={query.t}]",
			[]string{":39: bounds on an object with an id are not supported yet"}},
		{"PUT /v1/{id} -> create account/{id} in customer/{query.c}",
			[]string{":42: a parent of an object with an id is not supported yet"}},
		{"GET /v1 -> list customer in account/{query.a}",
			[]string{":31: customer has no parent (declare it with the type: parent: account)"}},
		{"GET /v1 -> list account in file/{query.a}",
			[]string{":30: the parent of account is customer, not file (write in customer/{…})"}},
		{"GET /v1 -> list account in custmer/{query.a}",
			[]string{`:30: unknown object type "custmer" (did you mean "customer"?)`}},
		{"POST /v1 -> create account in customer/{body.c[]}",
			[]string{":42: a parent has one id, {body.c[]} may give several"}},
		{"GET /v1 -> read account/{header.authorization}",
			[]string{":35: the header authorization cannot name an object"}},
		{"GET /v1 -> read account/{header.x-forwarded-host}",
			[]string{":35: the header x-forwarded-host is the proxy's or ours, not the client's"}},
		{"GET /v1 -> read account/{header.x_id}",
			[]string{":35: the header x_id is not a plain header name"}},
		{"GET /v1 -> open",
			[]string{":3: an open line needs because and owner (write -> open: { because: …, owner: … })"}},
		{"GET /v1?x={x} -> open",
			[]string{":3: an open line needs because and owner (write -> open: { because: …, owner: … })", ":14: nothing uses the capture {x} (use it in a target)"}},
		{"GET /v1/{id} -> raed acount/{id}, read account/{ix}",
			[]string{`:24: unknown object type "acount" (did you mean "account"?)`, `:51: the capture {ix} is not defined (did you mean "id"?)`}},
	} {
		want := "rules.yaml:2" + strings.Join(c.want, "\nrules.yaml:2")
		if got := mistakes(c.line); got != want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, want)
		}
	}
}

func at(line, col int) rules.Pos { return rules.Pos{File: "rules.yaml", Line: line, Col: col} }

func given1[T any](v T) rules.At[T] { return rules.At[T]{Pos: at(2, 40), V: v} }

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		row  string
		line rules.LineDecl
		want string
	}{
		{"none", rules.LineDecl{Line: "GET /v1/{id} -> read account/{id}"}, ""},
		{"max and purpose", rules.LineDecl{Line: "GET /v1/{id} -> read account/{id}", Max: given1(5), Purpose: given1("billing")}, ""},
		{"open", rules.LineDecl{Line: "GET /v1 -> open", Because: given1("probe"), Owner: given1("platform")}, ""},
		{"open without owner", rules.LineDecl{Line: "GET /v1 -> open", Because: given1("probe")}, "rules.yaml:2:3: an open line needs because and owner (write -> open: { because: …, owner: … })"},
		{"open without because", rules.LineDecl{Line: "GET /v1 -> open", Because: given1(" "), Owner: given1("platform")}, "rules.yaml:2:3: an open line needs because and owner (write -> open: { because: …, owner: … })"},
		{"open with max", rules.LineDecl{Line: "GET /v1 -> open", Because: given1("probe"), Owner: given1("platform"), Max: given1(1)}, "rules.yaml:2:40: an open line has no max"},
		{"open with purpose", rules.LineDecl{Line: "GET /v1 -> open", Because: given1("probe"), Owner: given1("platform"), Purpose: given1("x")}, "rules.yaml:2:40: an open line has no purpose"},
		{"because", rules.LineDecl{Line: "GET /v1/{id} -> read account/{id}", Because: given1("x")}, "rules.yaml:2:40: only an open line has because: say it on the rule that allows"},
		{"owner", rules.LineDecl{Line: "GET /v1/{id} -> read account/{id}", Owner: given1("x")}, "rules.yaml:2:40: only an open line has an owner: say it on the rule that allows"},
		{"max of zero", rules.LineDecl{Line: "GET /v1/{id} -> read account/{id}", Max: given1(0)}, "rules.yaml:2:40: max is 0, want 1 to 1000"},
		{"max too high", rules.LineDecl{Line: "GET /v1/{id} -> read account/{id}", Max: given1(1001)}, "rules.yaml:2:40: max is 1001, want 1 to 1000"},
		{"empty purpose", rules.LineDecl{Line: "GET /v1/{id} -> read account/{id}", Purpose: given1("")}, "rules.yaml:2:40: an empty purpose"},
	} {
		c.line.Pos = at(2, 3)
		d := declare()
		d.Map = []rules.LineDecl{c.line}
		r, ms := Compile([]rules.HostDecl{d}, bank())
		got := ""
		if err := ms.Err(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
		if (got == "") != (len(r.Operations()) == 1) {
			t.Errorf("%s: %d operations", c.row, len(r.Operations()))
		}
	}
}

func TestOneHostInTwoFiles(t *testing.T) {
	until := func(day int) rules.At[time.Time] { return given1(time.Date(2027, 1, day, 0, 0, 0, 0, time.UTC)) }
	first, second := declare("GET /v1/{id} -> read account/{id}"), declare("GET /v2/{id} -> read account/{id}")
	second.Map[0].Pos.File = "second.yaml"
	second.Shadow = []rules.ShadowDecl{{Pos: at(9, 5), Until: rules.EndDate{At: until(1)}}, {Pos: at(10, 5), Until: rules.EndDate{At: until(2)}}}
	second.CORS = rules.At[bool]{Pos: at(8, 5), V: true}
	r, ms := Compile([]rules.HostDecl{first, second}, bank())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	if len(r.Operations()) != 2 || len(r.Operations()[0].Shadow) != 2 || r.Operations()[0].Shadow[0].Host != testHost {
		t.Errorf("the second file's shadow entries are missing from the first's lines: %+v", r.Operations()[0].Shadow)
	}

	third := declare()
	third.CORS = rules.At[bool]{Pos: at(20, 5), V: false}
	third.Shadow = []rules.ShadowDecl{{Pos: at(21, 5), Until: rules.EndDate{At: until(3)}}}
	_, ms = Compile([]rules.HostDecl{second, first, third}, bank())
	want := `rules.yaml:20:5: host "api.example.com" has cors: true at rules.yaml:8:5` + "\n" +
		`rules.yaml:21:5: host "api.example.com" has shadow entries at rules.yaml:9:5 already (keep one of them)`
	if err := ms.Err(); err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestHostNames(t *testing.T) {
	for host, want := range map[string]string{
		"api.example.com":   "",
		"[2001:db8::1]":     "",
		"API.example.com":   `rules.yaml:1:9: host "API.example.com" is not in the form that requests are compared in (write api.example.com)`,
		"a.example.com:80":  `rules.yaml:1:9: host "a.example.com:80" is not in the form that requests are compared in (write a.example.com)`,
		"a.example.com.":    `rules.yaml:1:9: host "a.example.com." is not in the form that requests are compared in (write a.example.com)`,
		"*.example.com":     "",
		"*.com":             "",
		"*.Example.com":     `rules.yaml:1:9: host "*.Example.com" is not in the form that requests are compared in (write *.example.com)`,
		"*":                 `rules.yaml:1:9: "*" is not a host (write *.example.com for all names below example.com)`,
		"*.":                `rules.yaml:1:9: "*." is not a host (write *.example.com for all names below example.com)`,
		"api.*.com":         `rules.yaml:1:9: "api.*.com" is not a host (write *.example.com for all names below example.com)`,
		"*-api.example.com": `rules.yaml:1:9: "*-api.example.com" is not a host (write *.example.com for all names below example.com)`,
		"*.2.3":             `rules.yaml:1:9: "*.2.3" is not a host (write *.example.com for all names below example.com)`,
		"*.[::1]":           `rules.yaml:1:9: "*.[::1]" is not a host (write *.example.com for all names below example.com)`,
		"https://x":         `rules.yaml:1:9: "https://x" is not a host (write a name such as api.example.com)`,
		"":                  `rules.yaml:1:1: routes without host`,
	} {
		d := declare()
		d.Host.V = host
		_, ms := Compile([]rules.HostDecl{d}, bank())
		got := ""
		if err := ms.Err(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("host %q: got %s, want %s", host, got, want)
		}
	}
}

func TestWhatAnOperationTells(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"GET /v1/{id} -> read account/{id}", "read account"},
		{"GET /v1 -> list account", "list account collection unbounded"},
		{"GET /v1 -> list account in customer/{query.c}", "list account collection [parent]"},
		{"GET /v1 -> list account[tenant={query.t?},owner=eu]", "list account collection [tenant?] [owner=eu]"},
		{"POST /v1 -> create customer[tenant=eu]", "create customer new [tenant=eu]"},
		{"GET /v1 -> read file/main, read file/{query.f?}", "read file/main; read file optional"},
		{"POST /v1 -> read account/{body.id}", "read account; needs the body"},
		{"DELETE /v1/{id} -> delete account/{id}", "delete account"},
		{"PATCH /v1/{id} -> update account/{id}", "update account; needs the body"}, // for properties and writable
		{"PATCH /v1/{id} -> read customer/{id}, update account/{id}", "read customer; update account"},
		{"PATCH /v1/{id} -> update customer/{id}", "update customer"},
		{"PUT /v1/{id} -> create|update account/{id}", "create account upsert; update account upsert; needs the body"},
		{"GET /me -> read customer/{caller.claims.c}", "read customer; read customer takes caller.claims.c at rules.yaml:2:28"},
		{"GET /me -> list account[tenant={caller.claims.t}] in customer/{caller.claims.c}",
			"list account collection [parent] [tenant]; list account takes caller.claims.c at rules.yaml:2:65; list account takes caller.claims.t at rules.yaml:2:34"},
	} {
		op := compile(t, c.line).Operations()[0]
		if got := strings.Join(told(op), "; "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.line, got, c.want)
		}
		if op.String() != testHost+": "+op.Line || op.Max != 100 {
			t.Errorf("%s: prints as %q, max %d", c.line, op, op.Max)
		}
	}
}

// told is what an operation tells of its targets, in words.
func told(op *Operation) []string {
	var out []string
	for _, x := range op.Touches {
		s := x.Action + " " + x.Type
		if x.FixedID != "" {
			s += "/" + x.FixedID
		}
		for _, flag := range []struct {
			on   bool
			name string
		}{{x.New, "new"}, {x.Upsert, "upsert"}, {x.Optional, "optional"}, {x.Collection, "collection"}, {x.Unbounded, "unbounded"}} {
			if flag.on {
				s += " " + flag.name
			}
		}
		for _, b := range x.Bounds {
			s += " [" + b.Attribute
			if b.Fixed != "" {
				s += "=" + b.Fixed
			}
			if b.Optional {
				s += "?"
			}
			s += "]"
		}
		out = append(out, s)
	}
	for _, d := range op.CallerDerived {
		out = append(out, fmt.Sprintf("%s %s takes %s at %v", d.Action, d.Type, d.Expr, d.Pos))
	}
	if op.NeedsBody {
		out = append(out, "needs the body")
	}
	return out
}

func TestOverlaps(t *testing.T) {
	for _, c := range []struct {
		row   string
		lines []string // paths and methods; what they do is of no interest
		want  string   // in the report; "" for none
	}{
		{"a literal is narrower", []string{"GET /v1/{id}", "GET /v1/all"}, ""},
		{"a rest capture is widest", []string{"GET /v1/{p=**}", "GET /v1/{id}", "GET /v1/a/{id}", "GET /v1/a/b"}, ""},
		{"a method is narrower than ANY", []string{"ANY /v1/{id}", "GET /v1/{id}"}, ""},
		{"other methods", []string{"GET /v1/{id}", "POST /v1/{x}"}, ""},
		{"a trailing slash", []string{"GET /v1/{id}", "GET /v1/{id}/", "GET /v1/"}, ""},
		{"other lengths", []string{"GET /v1/{kind}/export", "GET /v1/accounts/{id}/full"}, ""},
		{"the same line twice", []string{"GET /v1/{id}", "GET /v1/{id}"},
			`rules.yaml:3:3: "GET /v1/{id}" is already mapped at rules.yaml:2:3 (both match /v1/x: names of captures and the query are no part of the match)`},
		{"names of captures", []string{"GET /v1/{id}", "GET /v1/{name}"},
			`rules.yaml:3:3: "GET /v1/{name}" is already mapped at rules.yaml:2:3`},
		{"query captures", []string{"GET /v1/a?x={x}", "GET /v1/a?y={y}"},
			`rules.yaml:3:3: "GET /v1/a" is already mapped at rules.yaml:2:3`},
		{"neither wins", []string{"GET /v1/{kind}/export", "GET /v1/accounts/{id}"},
			`rules.yaml:3:3: "GET /v1/accounts/{id}" overlaps "GET /v1/{kind}/export" (rules.yaml:2:3) (both match GET /v1/accounts/export, neither is narrower: add a line for GET /v1/accounts/export)`},
		{"neither wins, the other way round", []string{"GET /v1/accounts/{id}", "GET /v1/{kind}/export"},
			`rules.yaml:3:3: "GET /v1/{kind}/export" overlaps "GET /v1/accounts/{id}" (rules.yaml:2:3)`},
		{"a third line settles it", []string{"GET /v1/{kind}/export", "GET /v1/accounts/{id}", "GET /v1/accounts/export"}, ""},
		{"a third line for another method does not", []string{"GET /v1/{kind}/export", "GET /v1/accounts/{id}", "POST /v1/accounts/export"},
			`rules.yaml:3:3: "GET /v1/accounts/{id}" overlaps`},
		{"the narrower path has the wider method", []string{"ANY /v1/all", "GET /v1/{id}"},
			`rules.yaml:3:3: "GET /v1/{id}" overlaps "ANY /v1/all" (rules.yaml:2:3) (both match GET /v1/all, neither is narrower: add a line for GET /v1/all)`},
		{"and a line settles it", []string{"ANY /v1/all", "GET /v1/{id}", "GET /v1/all"}, ""},
		{"rest against a capture in front", []string{"GET /v1/{p=**}", "GET /{v}/a"},
			`rules.yaml:3:3: "GET /{v}/a" overlaps "GET /v1/{p=**}" (rules.yaml:2:3) (both match GET /v1/a, neither is narrower: add a line for GET /v1/a)`},
		{"two rests", []string{"GET /v1/{p=**}", "GET /{v}/a/{p=**}"},
			`both match GET /v1/a/x, neither is narrower: add a line for GET /v1/a/{p=**}`},
		{"nested rests", []string{"GET /{p=**}", "GET /v1/{p=**}", "GET /v1/{x}/{p=**}", "ANY /{p=**}"}, ""},
		{"rest and a trailing slash", []string{"GET /{v}/a/", "GET /v1/{p=**}"}, ""},
		{"rest below the later line", []string{"GET /{v}/a", "GET /v1/{p=**}"},
			`rules.yaml:3:3: "GET /v1/{p=**}" overlaps "GET /{v}/a"`},
	} {
		t.Run(c.row, func(t *testing.T) {
			got := mistakes(withTargets(c.lines)...)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
			reversed := slices.Clone(c.lines)
			slices.Reverse(reversed)
			if again := mistakes(withTargets(reversed)...); (again == "") != (got == "") {
				t.Errorf("the order of lines matters: %q, reversed %q", got, again)
			}
		})
	}
}

// withTargets gives each `METHOD template` a target that uses its captures.
func withTargets(operations []string) []string {
	out := make([]string, len(operations))
	for i, op := range operations {
		var targets []string
		for _, part := range strings.Split(op, "{")[1:] {
			name, _, _ := strings.Cut(part, "}")
			name, _, _ = strings.Cut(name, "=")
			targets = append(targets, "read file/{"+name+"}")
		}
		if targets == nil {
			targets = []string{"list file"}
		}
		out[i] = op + " -> " + strings.Join(targets, ", ")
	}
	return out
}

func TestOverlapsAcrossFiles(t *testing.T) {
	a, b := declare(withTargets([]string{"GET /v1/{kind}/export", "GET /v1/{kind}/import"})...), declare(withTargets([]string{"GET /v1/accounts/{id}"})...)
	a.Map[0].Pos.File, a.Map[1].Pos.File, b.Map[0].Pos.File = "a.yaml", "a.yaml", "b.yaml"
	want := `b.yaml:2:3: "GET /v1/accounts/{id}" overlaps "GET /v1/{kind}/export" (a.yaml:2:3)`
	for _, hosts := range [][]rules.HostDecl{{a, b}, {b, a}} {
		_, ms := Compile(hosts, bank())
		if len(ms) != 1 || !strings.HasPrefix(ms[0].Error(), want) { // one of two: the line to change is the same
			t.Errorf("got %v, want one mistake: %s", ms, want)
		}
	}
}

func TestShadowOfAHost(t *testing.T) {
	d := declare("GET /v1/{id} -> read account/{id}")
	d.Shadow = []rules.ShadowDecl{{Pos: at(9, 5), Until: rules.EndDate{At: given1(time.Unix(9, 0))}}}
	r, ms := Compile([]rules.HostDecl{d}, bank())
	if got := r.Shadow(testHost); len(ms) > 0 || len(got) != 1 || got[0] != (rules.Shadow{Host: testHost, Until: time.Unix(9, 0)}) {
		t.Errorf("got %v, %v", got, ms)
	}
	if got := r.Shadow("other.example.com"); got != nil {
		t.Errorf("another host: got %v", got)
	}
}
