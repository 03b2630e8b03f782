package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// Tiers is what a rules directory without any begins with.
const Tiers = `tiers: [ { name: public }, { name: internal }, { name: confidential }, { name: restricted } ] # low to high; say what the words mean in your company
unclassified: restricted # what nothing classifies is treated as this tier
broad_above: internal # rights to a whole type above this tier need because, owner and review_by
`

// item is one thing of a proposal that has a line of its own in the file.
type item struct {
	key  string // by which it is known again
	name string // that the rules directory may know it by: a type, or what a line maps
	text string // as it stands in the file, without indent
}

// skeleton is a file without types and lines.
func (p *Proposal) skeleton() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Proposed from %s by tiergate import: a start, to be read and edited. It guesses by names, and says where (guessed).\n"+
		"# When the specification changes, import it again: what somebody edited or deleted here stays so.\n", p.Document.Name)
	b.WriteString("objects:\nroutes:\n")
	fmt.Fprintf(&b, "  - host: %s\n", p.Host)
	for _, line := range p.Protocol {
		b.WriteString("    " + line + "\n")
	}
	b.WriteString("    map:\n")
	return b.String()
}

// objects are the types that lines use, and their parents.
func (p *Proposal) objects() []item {
	needed := map[string]bool{}
	for i := range p.Lines {
		for _, t := range p.Lines[i].types {
			needed[t] = true
		}
	}
	for range p.Types { // parents of parents
		for i := range p.Types {
			if t := &p.Types[i]; needed[t.Name] && t.Parent != "" {
				needed[t.Parent] = true
			}
		}
	}
	var out []item
	for i := range p.Types {
		if t := &p.Types[i]; needed[t.Name] {
			out = append(out, item{t.Key, t.Name, t.text(p.top)})
		}
	}
	return out
}

func (t *Type) text(top string) string {
	parts := []string{"type: " + t.Name}
	if t.Tier != "" {
		parts = append(parts, "tier: "+t.Tier)
	}
	if t.Parent != "" {
		parts = append(parts, "parent: "+t.Parent)
	}
	if len(t.Attributes) > 0 {
		parts = append(parts, "attributes: { "+strings.Join(t.Attributes, ": string, ")+": string }")
	}
	if len(t.Actions) > 0 {
		parts = append(parts, "actions: { "+strings.Join(t.Actions, ": {}, ")+": {} }")
	}
	if names := t.Properties; len(names) > 0 {
		quoted := make([]string, len(names))
		for i := range names {
			quoted[i] = scalar(names[i]) + ": " + top
		}
		parts = append(parts, "properties: { "+strings.Join(quoted, ", ")+" }")
	}
	return "- { " + strings.Join(parts, ", ") + " }" + guessed(t.Guesses)
}

// bare are words that YAML reads as text wherever they stand.
var bare = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// scalar writes a key so that YAML reads it as text.
func scalar(s string) string {
	words := []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
	if bare.MatchString(s) && !slices.Contains(words, strings.ToLower(s)) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func guessed(what []string) string {
	if len(what) == 0 {
		return ""
	}
	return " # guessed: " + strings.Join(what, "; ")
}

// mapped are the lines.
func (p *Proposal) mapped() []item {
	out := make([]item, len(p.Lines))
	for i := range p.Lines {
		l := &p.Lines[i]
		text := "- " + l.Text
		if l.Stream > 0 {
			text += fmt.Sprintf(": { stream: { max: %s } }", strings.TrimSuffix(l.Stream.String(), "0s"))
		}
		out[i] = item{l.Key, l.Key, text + guessed(l.Guesses)}
	}
	return out
}

// lineKeys are the keys of the operations that a line of a rules file maps.
func lineKeys(line string) []string {
	left, _, _ := strings.Cut(line, "->")
	word, rest, _ := strings.Cut(strings.TrimSpace(left), " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "RPC", "GRAPHQL", "MCP":
		return []string{word + " " + shapeOf(strings.Join(strings.Fields(rest), " "))}
	}
	path, _, _ := strings.Cut(rest, "?")
	var out []string
	for method := range strings.SplitSeq(word, "|") {
		out = append(out, method+" "+shapeOf(path))
	}
	return out
}

// Existing is what a rules directory says already.
type Existing struct {
	types map[string]*rules.ObjectDecl
	lines map[string]bool // by key, of the proposal's host
	Tiers []string
}

// Known notes what a directory holds for a host.
func Known(src *rules.Source, host string) *Existing {
	e := &Existing{types: map[string]*rules.ObjectDecl{}, lines: map[string]bool{}}
	for i := range src.Objects {
		e.types[src.Objects[i].Type.V] = &src.Objects[i]
	}
	for i := range src.Routes {
		if src.Routes[i].Host.V != host {
			continue
		}
		for _, l := range src.Routes[i].Map {
			for _, key := range lineKeys(l.Line) {
				e.lines[key] = true
			}
		}
	}
	for _, t := range src.Tiers {
		e.Tiers = append(e.Tiers, t.Name.V)
	}
	return e
}
