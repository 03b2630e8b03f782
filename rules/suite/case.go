package suite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// testCase is one test, ready to run.
type testCase struct {
	decl     *testDecl
	raw      rules.RawRequest
	before   []rules.RawRequest // sent first: they spend what the rules limit
	verified *rules.Verified
	peer     string
	bound    rules.Binding
	actor    *rules.Identity          // who acts for the caller, where the test names it
	as       *rules.Identity          // whom the caller must turn out to be; nil when that is open
	facts    map[string][]catalog.Row // by source
	headers  []wantHeader
	cell     *cell    // of a matrix; nil for a test of its own
	shot     []string // the answer that was kept, where the test wants a snapshot
}

// wantHeader is a header that the upstream must get, or must not get from us.
type wantHeader struct {
	name, value string
	absent      bool
}

// compiler turns declarations into cases and collects their mistakes.
type compiler struct {
	set    *rules.Set
	serves *rules.HostSet
	o      *Options
	names  map[string]rules.Pos
	ms     rules.Mistakes
}

func (c *compiler) test(d *testDecl) *testCase {
	if d.Name.V == "" {
		c.ms.Add(d.Pos, "the test has no name")
	}
	c.unique(d.Name)
	t := c.build(d, nil)
	for _, p := range d.Objects.pairs(&c.ms, "objects") {
		c.object(t.facts, p)
	}
	c.want(t)
	return t
}

// unique takes the name of a test or a matrix.
func (c *compiler) unique(name rules.At[string]) {
	if first, dup := c.names[name.V]; dup {
		c.ms.Add(name.Pos, "a test at %v has this name", first)
	}
	c.names[name.V] = name.Pos
}

// build makes everything of a test but its objects and what it wants. Of known,
// what is known of objects already, it changes nothing.
func (c *compiler) build(d *testDecl, known map[string][]catalog.Row) *testCase {
	t := &testCase{decl: d, facts: make(map[string][]catalog.Row)}
	for source, rows := range known {
		t.facts[source] = slices.Clip(rows)
	}
	now := c.o.Now
	if d.At.Pos != (rules.Pos{}) {
		now = d.At.V
	}
	t.raw = rules.RawRequest{ID: "test", Now: now, Serves: c.serves}
	t.peer = d.Peer.V
	c.who(t, now)
	c.actor(t)
	c.bound(t)
	c.source(t)
	blank := t.raw
	c.request(t, "send")
	c.earlier(t, blank)
	c.subjects(t)
	return t
}

// request reads `METHOD URL` without repairing anything: what is odd about the
// URL is what a test may be about.
func (c *compiler) request(t *testCase, key string) {
	d := t.decl
	method, url, ok := strings.Cut(d.Send.V, " ")
	scheme, rest, isURL := strings.Cut(url, "://")
	if !ok || !isURL || scheme != "https" && scheme != "http" {
		pos := d.Send.Pos
		if pos == (rules.Pos{}) {
			pos = d.Pos
		}
		c.ms.AddHint(pos, key+`: "GET https://host/path"`, "want a method and an absolute URL in %s, found %q", key, d.Send.V)
		return
	}
	r := &t.raw
	r.Method, r.Host, r.Path = method, rest, "/"
	if at := strings.IndexAny(rest, "/?"); at >= 0 {
		r.Host, r.Path = rest[:at], rest[at:]
	}
	r.RawPath, r.Exact = r.Path, true
	for _, p := range d.Headers.pairs(&c.ms, "headers") {
		name := strings.ToLower(p.key.Value)
		values := []*rules.Node{p.value}
		if p.value.Kind == rules.Sequence {
			values = p.value.Items
		}
		for _, v := range values {
			r.Headers = append(r.Headers, rules.Header{Name: name, Value: word(&c.ms, v)})
		}
	}
	c.body(t)
}

// earlier reads the requests that are sent before the test's own, and are like it but
// for method and URL.
func (c *compiler) earlier(t *testCase, blank rules.RawRequest) {
	for _, line := range t.decl.After {
		d := *t.decl
		d.Send = line
		other := testCase{decl: &d, raw: blank}
		c.request(&other, "after")
		t.before = append(t.before, other.raw)
	}
}

// body adds what the proxy would send for a buffered body.
func (c *compiler) body(t *testCase) {
	n := t.decl.Body.Node
	if n == nil {
		return
	}
	if n.Kind == rules.Scalar {
		t.raw.Body = []byte(word(&c.ms, n))
	} else {
		var b strings.Builder
		asJSON(&c.ms, &b, n)
		t.raw.Body = []byte(b.String())
	}
	t.raw.Size = int64(len(t.raw.Body))
	header := func(name, value string) {
		if !slices.ContainsFunc(t.raw.Headers, func(h rules.Header) bool { return h.Name == name }) {
			t.raw.Headers = append(t.raw.Headers, rules.Header{Name: name, Value: value})
		}
	}
	header("content-type", "application/json")
	header("content-length", strconv.Itoa(len(t.raw.Body)))
	header("x-envoy-auth-partial-body", "false") // Envoy says so of every body that it buffered whole
}

// object reads `type/id: { attribute: value, … }`.
func (c *compiler) object(facts map[string][]catalog.Row, p pair) {
	typeName, id, _ := strings.Cut(p.key.Value, "/")
	typ := c.set.Schema().Types[typeName]
	switch {
	case typ == nil:
		c.ms.AddHint(p.key.Pos, rules.DidYouMean(typeName, c.types()), "no type is named %q", typeName)
		return
	case id == "":
		c.ms.AddHint(p.key.Pos, typeName+"/ID", "want a type and an id, found %q", p.key.Value)
		return
	case typ.Catalog == "":
		c.ms.Add(p.key.Pos, "type %s has no catalog, so nothing is known of its objects", typeName)
		return
	}
	row := catalog.Row{Key: catalog.Key{Type: typeName, ID: id}, Columns: make(map[string]any), Pos: p.key.Pos}
	for _, m := range (node{p.value}).pairs(&c.ms, "an object's facts") {
		switch m.key.Value {
		case "tier":
			row.Tier = word(&c.ms, m.value)
		case "parent":
			row.Parent = word(&c.ms, m.value)
		default:
			if typ.Slot(m.key.Value) < 0 {
				c.ms.AddHint(m.key.Pos, rules.DidYouMean(m.key.Value, attributes(typ)), "type %s declares no attribute %q", typeName, m.key.Value)
				continue
			}
			row.Columns[m.key.Value] = natural(&c.ms, m.value)
		}
	}
	facts[typ.Catalog] = append(facts[typ.Catalog], row)
}

func (c *compiler) types() []string {
	var out []string
	for name := range c.set.Schema().Types {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func attributes(t *rules.Type) []string {
	var out []string
	for _, a := range t.Attributes {
		out = append(out, a.Name)
	}
	return append(out, "tier", "parent")
}

func (c *compiler) want(t *testCase) {
	w := &t.decl.Want
	given := func(p rules.Pos) bool { return p != rules.Pos{} }
	switch {
	case !given(w.Pos):
		c.ms.AddHint(t.decl.Pos, "want: { allow: true }, or want: { deny: no_rule }", "the test wants nothing")
		return
	case w.Snapshot:
		return
	case given(w.Allow.Pos) == given(w.Deny.Pos):
		c.ms.Add(w.Pos, "want either allow or deny")
	case given(w.Allow.Pos) && w.Allow.V == "false":
		c.ms.AddHint(w.Allow.Pos, "deny: REASON", "allow is true or the id of a rule")
		return
	case given(w.Allow.Pos) && w.Allow.V != "true" && given(w.Rule.Pos):
		c.ms.Add(w.Rule.Pos, "the rule is already named in allow")
	case given(w.Deny.Pos) && given(w.Headers.at()):
		c.ms.Add(w.Headers.at(), "a denied request has no headers for the upstream")
	case given(w.Deny.Pos):
		c.reason(w)
	}
	rule := w.Rule
	if given(w.Allow.Pos) && w.Allow.V != "true" {
		rule = w.Allow
	}
	if given(rule.Pos) && !slices.Contains(c.o.ruleIDs, rule.V) {
		c.ms.AddHint(rule.Pos, rules.DidYouMean(rule.V, c.o.ruleIDs), "no rule is named %q", rule.V)
	}
	for _, p := range w.Headers.pairs(&c.ms, "headers") {
		h := wantHeader{name: strings.ToLower(p.key.Value), absent: isNull(p.value)}
		if !h.absent {
			h.value = word(&c.ms, p.value)
		}
		t.headers = append(t.headers, h)
	}
}

func (k node) at() rules.Pos {
	if k.Node == nil {
		return rules.Pos{}
	}
	return k.Pos
}

// reason checks that a denial can have the reason and the status.
func (c *compiler) reason(w *wantDecl) {
	var known []string
	for _, r := range rules.Reasons() {
		if r.Status() >= 400 {
			known = append(known, string(r))
		}
	}
	slices.Sort(known)
	if !slices.Contains(known, w.Deny.V) {
		c.ms.AddHint(w.Deny.Pos, rules.DidYouMean(w.Deny.V, known), "no denial has the reason %q", w.Deny.V)
		return
	}
	if want := rules.Reason(w.Deny.V).Status(); w.Status.Pos != (rules.Pos{}) && w.Status.V != want && !rules.Reason(w.Deny.V).Answered(w.Status.V) {
		c.ms.Add(w.Status.Pos, "%s is always %d, never %d", w.Deny.V, want, w.Status.V)
	}
}

// String names the test and its place.
func (t *testCase) String() string { return fmt.Sprintf("%v: %s", t.decl.Pos, t.decl.Name.V) }
