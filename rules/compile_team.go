package rules

import (
	"slices"
	"strings"
)

// teams reads who keeps which files: what is said of names depends on it.
func (c *compiler) teams() {
	first := make(map[string]Pos)
	for i := range c.src.Teams {
		d := &c.src.Teams[i]
		c.quiet(d.Pos, func() {
			c.name("team", d.Name, d.Pos, first)
			c.readable("owner", d.Owner)
			t := &Team{Name: d.Name.V, Owner: d.Owner.V, Pos: d.Owns.Pos.or(d.Pos), Open: d.Owns.Open.V}
			t.files = c.teamFiles(d)
			c.set.teams = append(c.set.teams, t)
		})
	}
	for _, f := range c.src.Files {
		if c.src.Lower(f.Path) && IsYAML(f.Path) && c.teamOf(f.Path) == nil {
			c.ms.AddHint(Pos{f.Path, 1, 1}, "add it, or its directory with a slash behind, to the files of a team in "+c.src.Layers[0],
				"no team has the file %s", f.Path)
		}
	}
}

// teamFiles reads `files`: no file is of two teams.
func (c *compiler) teamFiles(d *TeamDecl) (files []string) {
	if len(d.Files) == 0 {
		c.ms.AddHint(d.Pos, "files: teams/billing/", "team %q has no files", d.Name.V)
	}
	for _, at := range d.Files {
		layer, _, _ := strings.Cut(at.V, "/")
		switch layers := c.src.Layers; {
		case !cleanPath(at.V):
			c.ms.AddHint(at.Pos, "as positions show it: teams/billing/ for a directory, teams/billing.yaml for a file", "%q is no path of a layer", at.V)
			continue
		case len(layers) > 0 && layer == layers[0]:
			c.ms.AddHint(at.Pos, "teams keep files of "+strings.Join(layers[1:], ", "), "%q is in the top layer", at.V)
			continue
		case len(layers) > 0 && !slices.Contains(layers, layer):
			c.ms.AddHint(at.Pos, "the layers below are "+strings.Join(layers[1:], ", "), "%q is in no layer", at.V)
			continue
		case len(layers) == 0 && slices.ContainsFunc(c.src.Files, func(f File) bool { return holds(at.V, f.Path) }):
			c.ms.AddHint(at.Pos, "put the files of teams into a directory of their own, and name it behind this one", "%q is in the only directory: without layers nothing holds team %q to what it owns", at.V, d.Name.V)
			continue
		}
		for _, t := range c.set.teams {
			for _, other := range t.files {
				if holds(at.V, other) || holds(other, at.V) {
					c.ms.AddHint(at.Pos, "one team answers for a file", "%q is already with team %s, as %s", at.V, t.Name, other)
				}
			}
		}
		files = append(files, at.V)
	}
	return files
}

// teamOf is Set.TeamOf, which is asked again and again about one file.
func (c *compiler) teamOf(file string) *Team {
	if !c.src.Lower(file) {
		return nil
	}
	t, known := c.teamFor[file]
	if !known {
		t = teamOf(c.set.teams, file)
		c.teamFor[file] = t
	}
	return t
}

// sees reports whether a file may use what is declared in another: a team its own
// words and the top layer's, the top layer none but its own.
func (c *compiler) sees(file, declared string) bool {
	if !c.src.Lower(declared) {
		return true
	}
	t := c.teamOf(declared)
	return t != nil && t == c.teamOf(file)
}

// givenToTeams reads what the top layer gives to each team.
func (c *compiler) givenToTeams() {
	types := make(map[string]string)
	for i := range c.src.Teams {
		d := &c.src.Teams[i]
		c.quiet(d.Pos, func() { c.owns(&d.Owns, c.set.teams[i], types) })
	}
}

func (c *compiler) owns(d *OwnsDecl, t *Team, types map[string]string) {
	if d.Pos == (Pos{}) {
		c.ms.AddHint(t.Pos, "owns: { types: [account], hosts: [api.example.com], up_to: internal }", "team %q owns nothing", t.Name)
		return
	}
	t.Types, t.Catalogs, t.Hosts, t.Headers = d.Types.Values(), d.Catalogs.Values(), d.Hosts.Values(), d.Headers.Values()
	for _, at := range d.Types {
		switch of, taken := types[at.V]; {
		case !word.MatchString(at.V):
			c.ms.AddHint(at.Pos, "name each type", "%q is no name for a type", at.V)
		case taken:
			c.ms.AddHint(at.Pos, "what it is and who may is one team's to say", "type %q is already team %s's", at.V, of)
		default:
			types[at.V] = t.Name
		}
	}
	if t.UpTo = c.tier(c.set.schema, d.UpTo); !d.UpTo.given() {
		if len(d.Types) > 0 {
			c.ms.AddHint(d.Pos, "up_to: the highest tier that its rules may allow", "owns must say up_to")
		}
	}
	if len(d.Actions) > 0 {
		t.Actions = c.toActions(d.Actions)
	}
	if slices.Contains(t.Actions, anything) {
		c.ms.AddHint(d.Actions[0].Pos, "leave actions out", "every action is what a team has without the list")
	}
	for _, at := range d.Catalogs {
		if !c.env.Partial && !slices.Contains(c.env.Catalogs, at.V) {
			c.unknownWord("catalog", at, slices.Clone(c.env.Catalogs))
		}
	}
	for _, at := range d.Headers {
		if !headerName.MatchString(at.V) {
			c.ms.AddHint(at.Pos, "write lower-case letters, digits and -", "%q is no header name for a rule", at.V)
		}
	}
	for _, at := range d.Hosts {
		c.teamHost(at, t)
	}
}

// teamHost refuses a host that stands for others of which another team has one:
// lines of the one would take the other's requests. Both may have the very same.
func (c *compiler) teamHost(at At[string], t *Team) {
	for _, other := range c.set.teams {
		if other == t {
			return // those behind it come later
		}
		for _, host := range other.Hosts {
			if covers(host, at.V) || covers(at.V, host) {
				c.ms.AddHint(at.Pos, "name hosts one by one", "%q and team %s's %q both match some host", at.V, other.Name, host)
			}
		}
	}
}
