package policy

import (
	"fmt"
	"strings"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// linesOfTeams refuses lines of lower layers that are about what their team does
// not own, and those that would take a request from somebody else's line: what the
// top layer maps is decided as the top layer maps it.
func linesOfTeams(set *rules.Set, routes *resolver.Routes) rules.Mistakes {
	var ms rules.Mistakes
	for _, op := range routes.Operations() {
		t := set.TeamOf(op.Pos.File)
		if t == nil {
			continue
		}
		if op.Open && !t.Open {
			ms.AddHint(op.Pos, fmt.Sprintf("owns: { open: true } at %v lets it", t.Pos), "team %q cannot let requests pass without a caller", t.Name)
		}
		for _, touch := range op.Touches {
			if !t.OwnsType(touch.Type) {
				ms.AddHint(op.Pos, t.Given("types", t.Types), "team %q does not own the type %q", t.Name, touch.Type)
			}
		}
	}
	return append(ms, taken(set, routes)...)
}

// taken refuses each line of a team that some server may take for a line of others.
func taken(set *rules.Set, routes *resolver.Routes) rules.Mistakes {
	first := make(map[*resolver.Operation]*resolver.Operation) // of those that a team's line meets
	routes.Meet(func(a, b *resolver.Operation) {
		mine, its := set.TeamOf(a.Pos.File), set.TeamOf(b.Pos.File)
		if mine == its {
			return
		}
		if mine == nil || its != nil && a.Pos.Less(b.Pos) { // the top layer's line was there first
			a, b = b, a
		}
		if other := first[a]; other == nil || b.Pos.Less(other.Pos) {
			first[a] = b
		}
	})
	var ms rules.Mistakes
	for a, b := range first { // sorted with all others
		ms.AddHint(a.Pos, "choose a path that no line of others matches, in whatever case and with or without a slash at its end",
			"team %q cannot map what %q at %v maps", set.TeamOf(a.Pos.File).Name, b.Method+" "+b.Template, b.Pos)
	}
	return ms
}

// setElsewhere refuses a rule of a lower layer that sets headers or parameters of
// requests to hosts which are not its team's: other upstreams would believe them.
func setElsewhere(set *rules.Set, routes *resolver.Routes) rules.Mistakes {
	var ms rules.Mistakes
	told := func(d *rules.RuleDecl) bool {
		return len(d.Then.SetHeaders)+len(d.Then.SetQuery) > 0 && set.TeamOf(d.Pos.File) != nil
	}
	for _, r := range set.RulesWith(told) {
		t := set.TeamOf(r.Pos.File)
		for _, op := range routes.Operations() {
			if touches(op, &r) && !t.OwnsHost(op.Host) {
				ms.AddHint(r.Pos, t.Given("hosts", t.Hosts), "team %q cannot set %s of requests to %q, which the line at %v maps",
					t.Name, strings.Join(append(r.SetHeaders, r.SetQuery...), ", "), op.Host, op.Pos)
				break
			}
		}
	}
	return ms
}

// topAlone compiles the top layer by itself. Nothing in it may need what a lower
// layer declares, or a team could change what the top layer means.
func topAlone(src *rules.Source, o *Options) rules.Mistakes {
	top := src.Top()
	if top == nil {
		return nil
	}
	set, ms := rules.Compile(top, o.Env)
	_, more := resolver.Compile(top.Routes, set.Schema())
	ms = append(ms, more...)
	for i := range ms {
		ms[i].Text += ": the top layer needs none of the layers below it"
	}
	return ms
}
