package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// compiled is a condition that was compiled before, for another rule, or what
// is wrong with it.
type compiled struct {
	condition *condition
	problems  []problem
	text      string // its defines written out
}

// clauses compiles a rule once for each of its types and puts it into the index.
func (c *compiler) clauses(r *rule) {
	types := r.types
	if names(r.decl.On, anything) {
		types = []*Type{nil}
	}
	into, actions := &c.set.deny, r.to
	if r.effect == Allow {
		into = &c.set.allow
	}
	if c.tooWide(r, types) {
		return
	}
	said := len(c.ms)
	counts := !r.shadow && slices.ContainsFunc(r.budgets, func(l limit) bool { return l.Counts == Objects })
	for _, t := range types {
		if len(c.ms) > said {
			break // the same text would be wrong for the next type as well
		}
		cl := &clause{rule: r, typ: t}
		sc := c.scope(r, t)
		c.own(cl, sc)
		c.same(cl, sc)
		c.only(cl, sc)
		c.when(cl, sc)
		c.amounts(cl, sc)
		c.then(cl, sc)
		c.newObjects(cl)
		cl.readsParent()
		r.clauses = append(r.clauses, cl)
		into.add(cl, actions)
		if counts {
			c.set.counted.add(cl, actions)
		}
	}
	if r.effect == Allow {
		c.set.selects.add(&clause{rule: r}, []string{anything})
	}
}

func (c *compiler) scope(r *rule, t *Type) *scope {
	issuers := c.issuersOf(r.selectors)
	sc := &scope{typ: t, actions: r.to, defined: c.defined(r.decl.Pos.File), issuer: issuers, claims: c.claims(issuers), broad: c.set.schema.BroadAbove}
	if t := c.teamOf(r.decl.Pos.File); t != nil {
		sc.team = t.Name
	}
	return sc
}

// own compiles `own: attribute`: subjects are unique within their issuer only,
// so the rule must pin one.
func (c *compiler) own(cl *clause, sc *scope) {
	at := cl.decl.Own
	if !at.given() {
		return
	}
	for i := range cl.selectors {
		if s := &cl.selectors[i]; !s.onlyRegistered() && s.issuer == "" {
			c.ms.AddHint(at.Pos, "name identities of one issuer, or give issuer", "own needs a selector that pins one issuer, %v does not", s)
			return
		}
	}
	if issuers := c.pinned(cl.selectors); len(issuers) > 1 {
		c.ms.Add(at.Pos, "own needs one issuer, the rule selects callers of %s", strings.Join(issuers, " and "))
		return
	}
	attribute := c.attribute("own", at, sc)
	if attribute == nil {
		return
	}
	if attribute.kind != String && attribute.kind != StringList && attribute.kind != NoKind {
		c.ms.Add(at.Pos, "own needs an attribute of kind string or [string], %q is %v", at.V, attribute.kind)
		return
	}
	subject := variableRef{name: "caller.subject", what: callerSubject, kind: String}
	cl.conditions = append(cl.conditions, equalTo("own: "+at.V, *attribute, subject))
}

// pinned returns the issuers that the selectors name, sorted.
func (c *compiler) pinned(selectors []selector) []string {
	var out []string
	for i := range selectors {
		s := &selectors[i]
		if s.issuer != "" {
			out = append(out, s.issuer)
			continue
		}
		of := c.among(s)
		if s.identity != nil {
			of = c.lookAmong(&selector{anyKind: true, identity: s.identity})
		}
		out = append(out, of.issuers...)
		if of.byPeer { // their subjects are SPIFFE IDs, and nobody else's
			out = append(out, "no issuer, by peer")
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// same compiles `same: attribute`.
func (c *compiler) same(cl *clause, sc *scope) {
	at := cl.decl.Same
	if !at.given() {
		return
	}
	attribute := c.attribute("same", at, sc)
	if attribute == nil {
		return
	}
	if attribute.kind == StringList || attribute.kind == IntList {
		c.ms.Add(at.Pos, "same needs an attribute with one value, %q is %v", at.V, attribute.kind)
		return
	}
	for i := range cl.selectors {
		c.pins(cl, &cl.selectors[i], attribute.kind)
	}
	pin := strings.TrimPrefix(at.V, parentPrefix)
	ref := variableRef{name: "caller.fixed." + pin, what: callerPinned, key: pin, kind: attribute.kind}
	if pin == "tenant" {
		ref.name = "caller.tenant"
	}
	cl.conditions = append(cl.conditions, equalTo("same: "+at.V, *attribute, ref))
}

// parentPrefix begins what own and same say of an attribute of the parent.
const parentPrefix = "parent."

// attribute finds the attribute that own or same names.
func (c *compiler) attribute(key string, at At[string], sc *scope) *variableRef {
	if sc.typ == nil {
		c.ms.Add(at.Pos, "%s needs a type, a rule on every type can read no type's attributes", key)
		return nil
	}
	lookup := sc.attribute
	if name, ofParent := strings.CutPrefix(at.V, parentPrefix); ofParent {
		lookup = func(string) (*variableRef, int, string, string) { return sc.parent([]string{"object", "parent", name}) }
	}
	r, _, problem, hint := lookup(at.V)
	if name, whole := strings.CutPrefix(at.V, "object."); whole && problem != "" {
		problem, hint = fmt.Sprintf("%s names an attribute of the object, %q is an expression", key, at.V), "write "+name
	}
	switch {
	case problem != "":
		c.ms.AddHint(at.Pos, strings.ReplaceAll(hint, `"object.`, `"`), "%s", problem)
		return nil
	case r.what == objectParent:
		c.ms.AddHint(at.Pos, "compare it in when, as object.parent.id", "%s needs an attribute, %q is none", key, at.V)
		return nil
	}
	return r
}

// when compiles the condition, once for all rules that have the same one in the
// same scope.
func (c *compiler) when(cl *clause, sc *scope) {
	at := cl.decl.When
	if !at.given() {
		return
	}
	key := sc.key() + "\x01" + at.V
	done, ok := c.conditions[key]
	if !ok {
		done = c.compileCondition(sc, at)
		c.conditions[key] = done
	}
	c.problems(at, ", as rule "+strconv.Quote(cl.decl.ID.V)+" uses it", done.problems)
	cl.written = done.text
	if done.condition != nil {
		cl.conditions = append(cl.conditions, *done.condition)
	} else if len(c.ms) == 0 { // without its condition the rule would be about everything
		c.ms.addCode(CodeCondition, at.Pos, "", "the condition cannot be compiled")
	}
}

// inside is the place of a line and column within a value, where the value
// stands in the file as it was read; else the place of the value.
func (c *compiler) inside(at At[string], line, col int) Pos {
	lines := strings.Split(at.V, "\n")
	if line < 1 || line > len(lines) {
		return at.Pos
	}
	for n := range 1 + len(lines) { // a block begins on the line below its mark
		if got := c.column(at.Pos.File, at.Pos.Line+n, lines[line-1]); got > 0 && n >= line-1 {
			return Pos{File: at.Pos.File, Line: at.Pos.Line + n, Col: got + col}
		}
	}
	return at.Pos
}

// column finds text in a line of a file, as a column in code points from 1; 0 when it is not there.
func (c *compiler) column(file string, line int, text string) int {
	for i := range c.src.Files {
		if c.src.Files[i].Path != file {
			continue
		}
		whole := sourceLine(c.src.Files[i].Text, line)
		if at := strings.Index(whole, text); at >= 0 && text != "" {
			return utf8.RuneCountInString(whole[:at]) + 1
		}
	}
	return 0
}
