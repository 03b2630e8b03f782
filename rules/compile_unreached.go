package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// unreached warns of rules that no request ever asks for: no map line has an action of
// theirs on a type of theirs. Where some line could not be read it says nothing.
func (c *compiler) unreached() {
	if c.unseen || len(c.lines) == 0 {
		return
	}
	types := make(map[string]bool)
	for at := range c.lines {
		types[at.typ], types[anything] = true, true
	}
	for _, r := range c.set.rules {
		switch pairs, reached := c.pairs(r, types); {
		case reached || len(pairs) == 0:
		case slices.Contains(r.to, anything):
			c.warnings.AddHint(r.decl.On[0].Pos, "write the line that is about it, or remove the rule",
				"the rule never applies: no map line is about %s", strings.Join(r.decl.On.Values(), " or "))
		default:
			c.warnings.AddHint(r.decl.To[0].Pos, "write the line that does it, or remove the rule",
				"the rule never applies: no map line has %s", strings.Join(pairs, " or "))
		}
	}
}

// maxPairs is how many actions on types are named.
const maxPairs = 4

// pairs lists what a rule is about as map lines say it, and whether one does.
func (c *compiler) pairs(r *rule, types map[string]bool) (out []string, reached bool) {
	for _, cl := range r.clauses {
		typ := anything
		if cl.typ != nil {
			typ = cl.typ.Name
		}
		for _, action := range r.to {
			known := c.lines[place{typ, action}]
			switch {
			case action == anything:
				known = types[typ]
			case typ == anything:
				known = c.mapped[action]
			}
			if known {
				return nil, true
			}
			out = append(out, strconv.Quote(action+" "+typ))
		}
	}
	if n := len(out) - maxPairs; n > 0 {
		out = append(out[:maxPairs], fmt.Sprintf("%d others", n))
	}
	return out, false
}
