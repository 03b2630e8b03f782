package graphql

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return b.String()
}

// doubling is a document of n fragments, each of which spreads the next one twice.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("{ account(id: 1) { ...f0 } }")
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on Account { owner { accounts { ...f%d } } ...f%d }", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on Account { id }", n)
	return b.String()
}

func TestLimits(t *testing.T) {
	s := bank(t)
	nested := func(depth int) string {
		return strings.Repeat("{ self ", depth-2) + "{ viewer { name } }" + strings.Repeat(" }", depth-2)
	}
	check(t, s, []row{
		{"30 aliases", "{" + repeat(30, "a#: viewer { name } ") + "}", "", strings.TrimSpace(strings.Repeat("Query.viewer() ", 30))},
		{"31 aliases", "{" + repeat(31, "a#: viewer { name } ") + "}", "", "too_many_targets"},
		{"1,000 aliases", "{" + repeat(1000, "a#: __typename ") + "}", "", "too_many_targets"},
		{"aliases within a fragment that is spread often", "{" + repeat(16, "...f ") + "} fragment f on Query { a: viewer { name } b: viewer { name } }", "", "too_many_targets"},
		{"an alias that is the name", "{" + repeat(40, "viewer: viewer { name } ") + "}", "", strings.TrimSpace(strings.Repeat("Query.viewer() ", 40))},
		{"100 calls", "{" + repeat(100, "account(id: 1) { id } ") + "}", "", strings.TrimSpace(strings.Repeat("Query.account(id:'1') ", 100))},
		{"101 calls", "{" + repeat(101, "account(id: 1) { id } ") + "}", "", "too_many_targets"},
		{"15 deep", nested(15), "", strings.Repeat("Query.self() ", 13) + "Query.viewer()"},
		{"16 deep", nested(16), "", "body_malformed"},
		{"16 deep, by fragments", "{ self { ...f } } fragment f on Query { self { ...g } } fragment g on Query " + nested(14), "", "body_malformed"},
		{"nested beyond the parser", strings.Repeat("{ self ", 1200), "", "body_malformed"},
		{"a fragment within itself", "{ ...f } fragment f on Query { viewer { name } ...f }", "", "body_malformed"},
		{"fragments in a circle", "{ ...f } fragment f on Query { ...g } fragment g on Query { viewer { name } ...f }", "", "body_malformed"},
		{"an unknown fragment", "{ ...f }", "", "body_malformed"},
		{"a fragment nobody uses", "{ viewer { name } } fragment f on Query { viewer { name } }", "", "body_malformed"},
		{"a fragment for what cannot be there", "{ account(id: 1) { ... on Person { name } } }", "", "body_malformed"},
		{"a fragment with variables", "{ ...f } fragment f($x: ID = 1) on Query { account(id: $x) { id } }", "", "body_malformed"},
		{"3 fragments doubling", doubling(3), "", "Query.account(id:'1')"},
		{"40 fragments doubling", doubling(40), "", "body_malformed"},
		{"the tokens of a document", "{ viewer { name } #" + strings.Repeat("\n#", 4000) + "\n}", "", "body_malformed"},
		{"257 variables", "query(" + repeat(257, "$v#: ID ") + ") { accounts(ids: [" + repeat(257, "$v# ") + "]) { id } }", "", "body_malformed"},
		{"257 values of variables", "{ viewer { name } }", `{"v":0` + repeat(256, `,"v#":1`) + `}`, "body_malformed"},
		{"a directive of the schema", `{ account(id: 1) @live(id: 2) { id } }`, "", "no_route"},
		{"twin: one that is free", `{ account(id: 1) @loud { id } }`, "", "Query.account(id:'1')"},
		{"a directive of the operation", `query @live { account(id: 1) { id } }`, "", "no_route"},
		{"a directive nobody declares", `{ account(id: 1) @export(as: "x") { id } }`, "", "body_malformed"},
	})
	wide := bank(t, func(o *Options) { o.MaxDepth, o.MaxTokens = 100, 20_000 })
	check(t, wide, []row{
		{"13 fragments doubling, however deep", doubling(13), "", "too_many_targets"},
		{"1,000 aliases of a call", "{" + repeat(1000, "a#: account(id: #) { id } ") + "}", "", "too_many_targets"},
	})
}

// TestBatchLimits: the limits are those of the HTTP request.
func TestBatchLimits(t *testing.T) {
	s := bank(t, batch)
	one := `{"query":"{ account(id: 1) { id } account(id: 2) { id } }"}`
	if is := got(s, send(`[`+one+strings.Repeat(","+one, 49)+`]`)); strings.Count(is, "Query.account") != 100 {
		t.Errorf("50 elements of 2 calls: %s", is)
	}
	if is := got(s, send(`[`+one+strings.Repeat(","+one, 50)+`]`)); is != "too_many_targets" {
		t.Errorf("51 elements of 2 calls: %s", is)
	}
	alias := `{"query":"{ a: viewer { name } }"}`
	if is := got(s, send(`[`+alias+strings.Repeat(","+alias, 30)+`]`)); is != "too_many_targets" {
		t.Errorf("31 elements of an alias: %s", is)
	}
}

// TestCostIsBounded: the worst documents that are known, of 60 KiB, take no
// longer than the slowest machine of a build may need for some milliseconds of work.
func TestCostIsBounded(t *testing.T) {
	s := bank(t)
	for name, document := range hostile() {
		begun := time.Now()
		is := got(s, ask(document, ""))
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: %s after %v", name, is, took)
		}
		if strings.Contains(is, "Query") && len(is) > 1<<20 {
			t.Errorf("%s: %d bytes of calls", name, len(is))
		}
	}
}

func hostile() map[string]string {
	chain := "{ ...f0 }"
	star := "{" + repeat(300, "...f# ") + "}" + repeat(300, " fragment f# on Query { viewer { name } }")
	all := "{ ...f0 }"
	for i := range 480 {
		chain += fmt.Sprintf(" fragment f%d on Query { ...f%d }", i, i+1)
	}
	large := "{ ...f0 }"
	for i := range 150 {
		large += fmt.Sprintf(" fragment f%d on Query { ...f%d }", i, i+1)
	}
	for i := range 40 {
		all += fmt.Sprintf(" fragment f%d on Query { %s viewer { name } }", i, strings.ReplaceAll(repeat(40, "...f# "), "...f"+strconv.Itoa(i)+" ", ""))
	}
	return map[string]string{
		"one field, many times":         "{" + strings.Repeat("viewer{name}", 900) + "}",
		"a chain of fragments":          chain + " fragment f480 on Query { viewer { name } }",
		"many fragments":                star,
		"circles of fragments":          all,
		"fragments around a large one":  large + " fragment f150 on Query { " + repeat(600, "viewer { name } ") + "}",
		"operations around a large one": repeat(150, "query q# { ...f } ") + " fragment f on Query { accounts(ids: [" + repeat(1500, "1 ") + "]) { id } }",
		"fragments doubling":            doubling(200),
		"nested fragments":              strings.Repeat("{ ... ", 900) + "{ viewer { name } }" + strings.Repeat("}", 900),
		"nested lists":                  "{ byMeta(meta: " + strings.Repeat("[", 990) + strings.Repeat("]", 990) + ") { id } }",
		"a long list":                   "{ accounts(ids: [" + strings.Repeat("1,", 3900) + "]) { id } }",
		"unknown fields":                "{" + strings.Repeat("acount ", 3900) + "}",
		"many operations":               repeat(500, "query q#{viewer{name}} "),
		"many variables, each used":     "query(" + repeat(250, "$v#:ID ") + "){" + strings.Repeat("accounts(ids:["+repeat(40, "$v# ")+"]){id}", 30) + "}",
	}
}

func BenchmarkRead(b *testing.B) {
	s := bank(b)
	for name, in := range map[string]Request{
		"one":           ask(`query Account($id: ID!) { account(id: $id) { id ssn owner { name } } }`, `{"id":"AC1"}`),
		"ten fragments": ask("{ account(id: 1) { ...f0 } }"+repeat(10, " fragment f# on Account { id ssn ...g# } fragment g# on Account { owner { name } ...h# }")+repeat(9, " fragment h# on Account { id }"), ""),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.Read(in)
			}
		})
	}
	for name, document := range hostile() {
		in := ask(document, "")
		b.Run("hostile/"+name, func(b *testing.B) {
			for b.Loop() {
				_, _ = s.Read(in)
			}
		})
	}
}
