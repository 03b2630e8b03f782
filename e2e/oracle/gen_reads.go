package oracle

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// currencies are what bodies say of money.
var currencies = []string{"EUR", "NOK", "XXX"}

// reads gives one type a body that conditions read, and adds lines that have it in
// every place, and rules about it.
func (g *generator) reads() {
	others := len(g.w.Rules)
	g = &generator{w: g.w, r: rand.New(rand.NewPCG(g.w.Seed, 0x7265616473))} // what else is drawn stays as it is
	t := g.w.Types[1]
	t.Bodies = []ActionBody{{"debit", []Attribute{{"amount", "int"}, {"codes", "[int]"}, {"currency", "string"}, {"customer.tier", "string"}, {"tags", "[string]"}, {"urgent", "bool"}}}}
	h := g.w.Hosts[1]
	wrapped := line("POST", "/v1/wrapped/"+t.Name, object("debit", t.Name, inBody("transfer.from")), object("credit", t.Name, optional(inBody("to"))))
	form := line("POST", "/v1/forms/"+t.Name+":debit", object("debit", t.Name, inForm("from")))
	form.Form = true
	sweep := line("POST", "/v1/sweep/"+t.Name, TargetSpec{Actions: []string{"debit"}, Type: t.Name, Bounds: []Bound{{"tenant", inBody("tenant")}}})
	h.Lines = append(h.Lines, wrapped, form, sweep)
	wrapped.Reads, form.Reads, sweep.Reads = "body.transfer", pick(g, []string{"form", "form.order"}), "body"
	for _, host := range g.w.named() {
		for _, l := range host.Lines {
			if l.Reads == "" && !l.Open && g.w.reads(l) {
				l.Reads = "body"
			}
		}
	}
	people := []Selector{{Kind: "human"}, {Kind: "service"}, {Issuer: "third"}, {Kind: "third-party"}}
	said := func(name string) Operand { return ref("request.body." + name) }
	allow := func(when *Cond) {
		g.add(Rule{Who: people, To: []string{"debit"}, On: []string{t.Name}, UpTo: g.tierAt(-1), When: when})
	}
	deny := func(when *Cond) {
		g.add(Rule{Deny: true, Who: []Selector{pick(g, people), {Kind: "agent"}}, To: []string{"debit"}, On: []string{t.Name}, When: when})
	}
	both := func(a, b *Cond) *Cond { return &Cond{Op: "and", Kids: []*Cond{a, b}} }
	allow(&Cond{Op: "<=", A: said("amount"), B: number(int64(g.between(2, 4)))})
	allow(both(&Cond{Op: "in", A: said("currency"), B: strs(currencies[:2]...)}, &Cond{Op: "not", Kids: []*Cond{{Op: "ref", A: said("urgent")}}}))
	allow(both(&Cond{Op: "==", A: ref("object.owner"), B: ref("caller.subject")}, &Cond{Op: "==", A: said("customer.tier"), B: str("gold")}))
	allow(&Cond{Op: "all", A: said("tags"), B: strs("a")})
	deny(both(&Cond{Op: "has", A: said("currency")}, &Cond{Op: "==", A: said("currency"), B: str("XXX")}))
	deny(&Cond{Op: "in", A: number(7), B: said("codes")})
	g.w.Rules[len(g.w.Rules)-1].Status = 404 // what is not there is hidden, too
	if _, ok := t.attribute("level"); ok {
		deny(&Cond{Op: "<", A: ref("object.level"), B: said("amount")})
	}
	for i, r := range g.w.Rules[others:] {
		r.ID, r.File = fmt.Sprintf("read-%d", i+1), ruleFiles[len(ruleFiles)-1]
	}
}

// brings adds what conditions read of the body, where the line has it.
func (f *filler) brings() {
	for i := range f.line.Targets {
		spec := &f.line.Targets[i]
		for _, m := range f.w.typ(spec.Type).bodyOf(spec.Actions) {
			at, steps := f.body, append(f.line.readsFrom(), strings.Split(m.Name, ".")...)
			for _, step := range steps[:len(steps)-1] {
				if _, ok := at[step].(map[string]any); !ok {
					at[step] = map[string]any{}
				}
				at = at[step].(map[string]any)
			}
			if f.chance(0.12) {
				continue
			}
			name := steps[len(steps)-1]
			at[name] = f.said(m.Kind)
			if !f.plain && f.chance(0.01) {
				at[strings.ToUpper(name)] = f.said(m.Kind)
			}
		}
	}
}

// said draws a value of a kind, and now and then one that is none.
func (f *filler) said(kind string) any {
	if !f.plain && f.chance(0.03) {
		return pick(&f.generator, []any{nil, "", "7", true, json.Number("1.5"), json.Number("1e0"), json.Number("-0"), json.Number("9007199254740992"), json.Number("-9007199254740991"),
			[]any{}, []any{nil}, []any{"a", json.Number("1")}, []any{[]any{"a"}}, map[string]any{"x": "y"}})
	}
	switch kind {
	case "int":
		return json.Number(fmt.Sprint(f.r.IntN(7)))
	case "bool":
		return f.chance(0.3)
	case "[int]":
		return []any{json.Number(fmt.Sprint(f.r.IntN(4) * 7)), json.Number("2")}[:f.between(1, 2)]
	case "[string]":
		return []any{pick(&f.generator, []string{"a", "b"}), "c"}[:f.between(1, 2)]
	}
	return pick(&f.generator, append([]string{"gold", "tin"}, currencies...))
}
