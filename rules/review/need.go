package review

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// Surplus is what an identity was granted beyond what its task needs, before any
// request came.
type Surplus struct {
	Identity  string            `json:"identity"`
	Claims    map[string]string `json:"claims,omitempty"` // with these, as in Row
	Scopes    []string          `json:"scopes,omitempty"`
	Peer      string            `json:"peer,omitempty"`
	Pos       string            `json:"pos"`
	Task      string            `json:"task,omitempty"`
	Stated    bool              `json:"stated"` // it says what it needs; else nothing is surplus, and nothing needed
	Unusable  string            `json:"unusable,omitempty"`
	Granted   int               `json:"granted"` // pairs
	Needs     []Needed          `json:"needs"`
	Surplus   Reach             `json:"surplus"`
	Creates   []string          `json:"creates,omitempty"`   // types of which it may make objects, and needs none
	Uncounted []string          `json:"uncounted,omitempty"` // actions on objects that nobody can list, beyond what it needs
}

// Needed is a stated need and how many of the granted pairs it covers.
type Needed struct {
	Need      string `json:"need"`
	Pos       string `json:"pos"`
	Granted   int    `json:"granted"`
	Uncounted string `json:"uncounted,omitempty"` // why its objects could not be counted
}

// None reports whether nothing is granted beyond what is needed.
func (s *Surplus) None() bool {
	return s.Surplus.Pairs == 0 && len(s.Creates) == 0 && len(s.Uncounted) == 0
}

// need tells needed pairs from surplus: actions on an object that the identity reaches.
func (s *survey) need(o *rules.Object, actions map[string]bool) {
	more := false
	for action := range actions {
		covered := false
		for i := range s.identity.Needs {
			if s.identity.Needs[i].Covers(action, o) {
				s.needed[i]++
				covered = true
			}
		}
		if !covered {
			s.surplus[s.r.cell(o, action)]++
			more = true
		}
	}
	if more {
		s.surplus[s.r.cell(o, "")]++
	}
}

// beyond is what the survey found.
func (s *survey) beyond(w *Weights) Surplus {
	out := Surplus{
		Identity: s.identity.Name, Claims: s.asked.Claims, Scopes: s.asked.Scopes, Peer: s.asked.Peer, Pos: s.place(),
		Task: s.identity.Task, Stated: len(s.identity.Needs) > 0, Unusable: unusable(s.identity, s.r.o.Now), Granted: w.reach(s.r.schema, s.union).Pairs, Needs: []Needed{},
		Surplus: w.reach(s.r.schema, tally{}),
	}
	if !out.Stated {
		return out
	}
	out.Surplus = w.reach(s.r.schema, s.surplus)
	for i := range s.identity.Needs {
		n := &s.identity.Needs[i]
		out.Needs = append(out.Needs, Needed{n.Text, n.Pos.String(), s.needed[i], s.r.uncounted[n.Type.Name]})
	}
	for _, typ := range s.creates {
		if !s.needs("create", typ) {
			out.Creates = append(out.Creates, typ)
		}
	}
	for _, what := range s.mayToo() { // action type: why
		action, rest, _ := strings.Cut(what, " ")
		typ, _, _ := strings.Cut(rest, ": ")
		if !s.needs(action, typ) {
			out.Uncounted = append(out.Uncounted, what)
		}
	}
	return out
}

// needs reports whether any need is about an action on objects of a type.
func (s *survey) needs(action, typ string) bool {
	return slices.ContainsFunc(s.identity.Needs, func(n rules.Need) bool { return n.Action == action && n.Type.Name == typ })
}

// WriteSurplusJSON writes what identities have and do not need.
func (r *Report) WriteSurplusJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r.Surplus)
}

// WriteSurplusText writes a part for each identity that says what it needs, and
// names the others.
func (r *Report) WriteSurplusText(w io.Writer) error {
	p := printer{w: w}
	var silent []string
	for i := range r.Surplus {
		s := &r.Surplus[i]
		if !s.Stated {
			if s.Granted > 0 {
				silent = append(silent, fmt.Sprintf("%s (%d)", s.name(), s.Granted))
			}
			continue
		}
		s.text(&p)
	}
	if len(silent) > 0 {
		p.printf("says nothing of what it needs (granted pairs): %s\n", strings.Join(silent, ", "))
	}
	return p.err
}

func (s *Surplus) name() string {
	row := Row{Identity: s.Identity, Claims: s.Claims, Scopes: s.Scopes, Peer: s.Peer}
	return row.Name()
}

func (s *Surplus) text(p *printer) {
	p.printf("%s (%s): %s\n", s.name(), s.Pos, s.Task)
	if s.Unusable != "" {
		p.printf("  cannot be used now: %s\n", s.Unusable)
	}
	for _, n := range s.Needs {
		switch {
		case n.Uncounted != "":
			p.printf("  needs    %-40s not counted: %s\n", n.Need, n.Uncounted)
		case n.Granted == 0:
			p.printf("  needs    %-40s NOT GRANTED: no such object, or no rule allows it\n", n.Need)
		default:
			p.printf("  needs    %-40s %8d granted\n", n.Need, n.Granted)
		}
	}
	for _, c := range s.Surplus.By {
		p.printf("  surplus  %-40s %8d x %d\n", fmt.Sprintf("%s %s, %s", c.Action, c.Type, c.Tier), c.Count, c.Weight)
	}
	for _, typ := range s.Creates {
		p.printf("  surplus  create %s\n", typ)
	}
	for _, what := range s.Uncounted {
		p.printf("  surplus  %s\n", what)
	}
	if s.None() {
		p.printf("  no surplus\n")
	} else if s.Surplus.Pairs > 0 {
		p.printf("  %d of %d pairs are surplus, blast radius %d\n", s.Surplus.Pairs, s.Granted, s.Surplus.BlastRadius)
	}
}
