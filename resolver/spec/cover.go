package spec

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// Gap is what an operation lacks.
type Gap string

// The gaps. An operation is covered unless it has one of the first four.
const (
	NoRoute    Gap = "no_route"    // no line is for it: it is denied
	NoRule     Gap = "no_rule"     // no rule can allow what its line does
	OnlyShadow Gap = "only_shadow" // those that could are in shadow
	NoTier     Gap = "no_tier"     // nobody said how sensitive its object is
	OnlyBroad  Gap = "only_broad"  // every rule that can allow it has broad rights
	Unbounded  Gap = "unbounded"   // a collection that nothing bounds
)

// Finding is one gap of one operation.
type Finding struct {
	Operation string `json:"operation"`
	Gap       Gap    `json:"gap"`
	Detail    string `json:"detail,omitempty"` // the line's target, or why there is no line
}

// Coverage is what rules say of the operations of specifications.
type Coverage struct {
	Operations int       `json:"operations"`
	Covered    int       `json:"covered"`
	Findings   []Finding `json:"findings"`
	Unknown    []Route   `json:"unknown_routes"` // in order of their places
}

// Route is a map line that no specification knows.
type Route struct {
	Pos  string `json:"pos"`
	Line string `json:"line"`
}

// Percent is the share of covered operations. Of none it is 100.
func (c *Coverage) Percent() float64 {
	if c.Operations == 0 {
		return 100
	}
	return 100 * float64(c.Covered) / float64(c.Operations)
}

// Cover holds the operations of specifications against routes and rules. A
// specification without a host, or whose host the routes do not have, is held
// against every host; so is each if host is "*".
func Cover(docs []*Document, routes *resolver.Routes, set *rules.Set, host string) *Coverage {
	c := &coverer{
		out: &Coverage{Findings: []Finding{}, Unknown: []Route{}}, routes: routes, schema: set.Schema(), known: map[*resolver.Operation]bool{},
		byName: map[string]*resolver.Operation{},
	}
	for _, r := range set.Rules() {
		if r.Effect == rules.Allow {
			c.allows = append(c.allows, r)
		}
	}
	for _, op := range routes.Operations() {
		if !slices.Contains(c.hosts, op.Host) {
			c.hosts = append(c.hosts, op.Host)
		}
		if op.Protocol != "" {
			c.byName[op.Host+" "+op.Protocol+" "+strings.TrimPrefix(op.Template, "/")] = op
		}
	}
	for _, d := range docs {
		hosts := c.hosts
		if own := cmp.Or(host, d.Host); slices.Contains(c.hosts, own) {
			hosts = []string{own}
		}
		for i := range d.Operations {
			at := hosts
			if other := d.Operations[i].Host; slices.Contains(c.hosts, other) {
				at = []string{other}
			}
			c.operation(&d.Operations[i], at)
		}
	}
	c.unknown(docs)
	return c.out
}

type coverer struct {
	out    *Coverage
	routes *resolver.Routes
	schema *rules.Schema
	allows []rules.RuleInfo
	hosts  []string
	known  map[*resolver.Operation]bool
	byName map[string]*resolver.Operation
}

// operation finds the line of one operation and what that lacks.
func (c *coverer) operation(op *Operation, hosts []string) {
	c.out.Operations++
	line, why := c.line(op, hosts)
	if line == nil {
		c.find(op, NoRoute, why)
		return
	}
	c.known[line] = true
	before := len(c.out.Findings)
	for i := range line.Touches {
		c.touch(op, &line.Touches[i])
	}
	if !slices.ContainsFunc(c.out.Findings[before:], func(f Finding) bool { return f.Gap != OnlyBroad && f.Gap != Unbounded }) {
		c.out.Covered++
	}
}

func (c *coverer) find(op *Operation, gap Gap, detail string) {
	f := Finding{op.Name, gap, detail}
	if !slices.Contains(c.out.Findings, f) {
		c.out.Findings = append(c.out.Findings, f)
	}
}

// line is the map line of an operation, or why there is none.
func (c *coverer) line(op *Operation, hosts []string) (*resolver.Operation, string) {
	if op.Method != "RPC" && op.Method != "GRAPHQL" && op.Method != "MCP" {
		return c.rest(op, hosts)
	}
	for _, host := range hosts {
		if op.Method != "MCP" {
			if line := c.byName[host+" "+op.Method+" "+op.Path]; line != nil {
				return line, ""
			}
			continue
		}
		for _, line := range c.routes.Operations() { // whatever the lines call the server
			if _, tool, ok := strings.Cut(line.Template, "."); ok && line.Protocol == "MCP" && line.Host == host && tool == op.Path {
				return line, ""
			}
		}
	}
	return nil, ""
}

func (c *coverer) rest(op *Operation, hosts []string) (*resolver.Operation, string) {
	path, _, err := Fill(op.Path, sample)
	if err != nil {
		return nil, err.Error()
	}
	why := ""
	for _, host := range hosts {
		line, _, err := c.routes.Find(host, op.Method, path)
		if err == nil {
			return line, ""
		}
		why = err.Error()
	}
	return nil, why
}

// sample is an id that no template has as text.
func sample(i int) string { return fmt.Sprintf("0sample%d", i) }

// Fill puts ids into a specification's path, each encoded as one segment, and
// returns also the value of each capture that Propose makes of it.
func Fill(path string, id func(i int) string) (filled string, captures map[string]string, err error) {
	segs, _, err := divide(path)
	if err != nil {
		return "", nil, err
	}
	captures = map[string]string{}
	var b strings.Builder
	for _, s := range segs {
		b.WriteByte('/')
		for i, text := range s.text {
			writeText(&b, text)
			if i < len(s.params) {
				value := id(len(captures))
				captures[s.params[i]] = value
				b.WriteString(url.PathEscape(value))
			}
		}
	}
	return b.String(), captures, nil
}

// writeText writes a path's own text as clients send it: of what a template can say,
// only what is no ASCII is escaped. More escapes would make it another text to some.
func writeText(b *strings.Builder, text string) {
	for _, r := range text {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			b.WriteString(url.PathEscape(string(r)))
		}
	}
}

// touch finds what one target of a line lacks.
func (c *coverer) touch(op *Operation, t *resolver.Touch) {
	typ := c.schema.Types[t.Type]
	if typ == nil {
		return
	}
	detail := t.Action + " " + t.Type
	if typ.Tier == rules.NoTier && c.actionTier(typ, t.Action) == rules.NoTier {
		c.find(op, NoTier, detail)
	}
	unbounded := t.Collection && (t.Unbounded || !slices.ContainsFunc(t.Bounds, func(b resolver.Bound) bool { return !b.Optional }))
	if unbounded {
		c.find(op, Unbounded, detail)
	}
	can, inForce, narrow := false, false, false
	for i := range c.allows {
		r := &c.allows[i]
		if !c.fits(r, t, typ) || unbounded && t.Unbounded && !r.Unbounded {
			continue
		}
		can = true
		inForce = inForce || !r.Shadow
		narrow = narrow || !r.Shadow && len(r.Broad) == 0
	}
	switch {
	case !can:
		c.find(op, NoRule, detail)
	case !inForce:
		c.find(op, OnlyShadow, detail)
	case !narrow:
		c.find(op, OnlyBroad, detail)
	}
}

func (c *coverer) actionTier(t *rules.Type, action string) rules.Tier {
	if tier, ok := t.Actions[action]; ok {
		return tier
	}
	return rules.NoTier
}

// fits reports whether a rule speaks of the action and the type, and reaches the
// lowest tier that the target can have.
func (c *coverer) fits(r *rules.RuleInfo, t *resolver.Touch, typ *rules.Type) bool {
	has := func(list []string, word string) bool {
		return slices.Contains(list, word) || slices.Contains(list, "*")
	}
	if !has(r.To, t.Action) || !has(r.On, t.Type) {
		return false
	}
	floor := max(typ.Tier, c.actionTier(typ, t.Action))
	if floor == rules.NoTier {
		floor = c.schema.Unclassified
	}
	upTo, known := c.schema.TierByName(r.UpTo)
	return !known || upTo >= floor
}

// unknown lists the lines that are for no operation of the specifications.
func (c *coverer) unknown(docs []*Document) {
	var patterns []*regexp.Regexp
	for _, d := range docs {
		for i := range d.Operations {
			if p := pattern(&d.Operations[i]); p != nil {
				patterns = append(patterns, p)
			}
		}
	}
	for _, line := range c.routes.Operations() {
		if c.known[line] || line.Protocol == "MCP" && !strings.Contains(line.Template, ".") || strings.Contains(line.Template, ".__") {
			continue
		}
		if path, _, err := Fill(line.Template, sample); err == nil && line.Protocol == "" {
			if slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(line.Method + " " + path) }) {
				continue
			}
		}
		c.out.Unknown = append(c.out.Unknown, Route{line.Pos.String(), line.Line})
	}
}

// pattern matches the requests of an operation of HTTP, or is nil.
func pattern(op *Operation) *regexp.Regexp {
	segs, _, err := divide(op.Path)
	if err != nil || op.Method == "MCP" {
		return nil
	}
	var b strings.Builder
	b.WriteString("^" + regexp.QuoteMeta(op.Method) + " ")
	for _, s := range segs {
		b.WriteByte('/')
		for i, text := range s.text {
			b.WriteString(regexp.QuoteMeta(url.PathEscape(text)))
			switch {
			case i == len(s.params):
			case s.rest:
				b.WriteString(".+")
			default:
				b.WriteString("[^/]+")
			}
		}
	}
	p, err := regexp.Compile(b.String() + "$")
	if err != nil {
		return nil
	}
	return p
}

// Change is what a new version of a specification does to an operation.
type Change struct {
	Operation string `json:"operation"`
	What      string `json:"what"` // added, removed or changed
}

// Against compares two versions of a specification, by what requests look like.
func (d *Document) Against(old *Document) []Change {
	was := map[string]*Operation{}
	for i := range old.Operations {
		was[old.Operations[i].Key] = &old.Operations[i]
	}
	out := []Change{}
	for i := range d.Operations {
		op := &d.Operations[i]
		switch before := was[op.Key]; {
		case before == nil:
			out = append(out, Change{op.Name, "added"})
		case before.shape != op.shape:
			out = append(out, Change{op.Name, "changed"})
		}
		delete(was, op.Key)
	}
	for i := range old.Operations {
		if op := &old.Operations[i]; was[op.Key] != nil {
			out = append(out, Change{op.Name, "removed"})
		}
	}
	return out
}
