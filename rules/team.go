package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Team is who keeps files of the lower layers, with what the top layer gives to
// it. What none of its lists names is not its own.
type Team struct {
	Name  string
	Pos   Pos // of `owns`
	Owner string

	Types, Hosts, Catalogs, Headers []string
	Actions                         []string // that its rules may allow; nil for all
	UpTo                            Tier     // that its rules may allow
	Open                            bool     // its lines may be open

	files []string
}

// TeamOf returns the team that keeps a file, or nil: the file is the top layer's,
// or nobody's.
func (s *Set) TeamOf(file string) *Team { return teamOf(s.teams, file) }

func teamOf(teams []*Team, file string) *Team {
	for _, t := range teams {
		if slices.ContainsFunc(t.files, func(entry string) bool { return holds(entry, file) }) {
			return t
		}
	}
	return nil
}

// OwnsType reports whether a type is the team's.
func (t *Team) OwnsType(name string) bool { return slices.Contains(t.Types, name) }

// OwnsHost reports whether a host is the team's: by its name, or below a *.name.
func (t *Team) OwnsHost(name string) bool {
	return slices.ContainsFunc(t.Hosts, func(own string) bool { return own == name || covers(own, name) })
}

// Given says what the team has of something, and where that was said.
func (t *Team) Given(what string, list []string) string {
	if len(list) == 0 {
		return fmt.Sprintf("%v gives it no %s", t.Pos, what)
	}
	return fmt.Sprintf("%v gives it the %s %s", t.Pos, what, strings.Join(list, ", "))
}

// covers reports whether a host such as *.example.com stands for another one.
func covers(wide, host string) bool {
	below, ok := strings.CutPrefix(wide, "*")
	return ok && wide != host && strings.HasSuffix(host, below)
}
