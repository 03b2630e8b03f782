package spec

import (
	"strings"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// settle leaves out, by name, what does not load beside the rest: the compiler of
// map lines itself says so. A line that is gone may let another one load, so it is
// asked again until it has nothing to say.
func (p *proposer) settle() {
	sortLines(p.out.Lines)
	for {
		_, ms := p.out.Compile()
		if len(ms) == 0 {
			return
		}
		bad := map[int]string{}
		for _, m := range ms {
			if at := m.Pos.Line - 1; at >= 0 && at < len(p.out.Lines) && bad[at] == "" {
				bad[at] = strings.TrimSuffix(m.Text+": "+m.Hint, ": ")
			}
		}
		if len(bad) == 0 { // of the host or an endpoint: no line is at fault
			for _, m := range ms {
				p.out.Skipped = append(p.out.Skipped, Skipped{p.out.Host, m.Text})
			}
			p.out.Lines = nil
			return
		}
		var kept []Line
		for i := range p.out.Lines {
			if why := bad[i]; why != "" {
				p.skip(p.out.Lines[i].Operation, "%s", why)
			} else {
				kept = append(kept, p.out.Lines[i])
			}
		}
		p.out.Lines = kept
	}
}

// Compile compiles the lines against the types. A mistake's line is the number of
// a proposed line, from 1, or 0 for the host itself.
func (p *Proposal) Compile() (*resolver.Routes, rules.Mistakes) {
	schema := &rules.Schema{Types: map[string]*rules.Type{}, Weights: map[string]int{}}
	for i := range p.Types {
		t := &p.Types[i]
		compiled := &rules.Type{
			Name: t.Name, Parent: t.Parent, Tier: rules.NoTier, MaxRowTier: rules.NoTier,
			Actions: map[string]rules.Tier{}, Properties: map[string]rules.Tier{},
		}
		for _, a := range t.Attributes {
			compiled.Attributes = append(compiled.Attributes, rules.Attribute{Name: a, Kind: rules.String})
		}
		for _, a := range t.Actions {
			compiled.Actions[a] = rules.NoTier
		}
		for _, name := range t.Properties {
			compiled.Properties[name] = rules.NoTier
		}
		schema.Types[t.Name] = compiled
	}
	host := rules.HostDecl{Pos: rules.Pos{Line: 0, Col: 1}, Host: rules.At[string]{Pos: rules.Pos{Col: 1}, V: p.Host}}
	if p.declare != nil {
		p.declare(&host)
	}
	for i := range p.Lines {
		l := &p.Lines[i]
		pos := rules.Pos{Line: i + 1, Col: 1}
		d := rules.LineDecl{Pos: pos, Line: l.Text}
		if l.Stream > 0 {
			d.Stream.Pos, d.Stream.Max.Pos, d.Stream.Max.V = pos, pos, l.Stream
		}
		host.Map = append(host.Map, d)
	}
	return resolver.Compile([]rules.HostDecl{host}, schema)
}
