package rules

import (
	"regexp"
	"strings"
)

// A rule may name an action that is usual, has a weight or is declared by a type.
// Package resolver reads map lines, and refuses other actions there; this file
// only glances at them, to know what they create and which actions are in use.

// glance is what one `action type` of a map line says.
type glance struct {
	pos    Pos
	text   string
	action string
	typ    string
	hasID  bool
	parent bool
	bounds []string // names of the attributes
}

// glanceTarget takes brackets within braces for a part of the capture: {body.ids[]}.
var glanceTarget = regexp.MustCompile(`^\s*([\w.-]+(?:\|[\w.-]+)?)\s+([\w.-]+)(/(?:\{[^}]*\}|[^\[\s{}])*)?(?:\[((?:\{[^}]*\}|[^\]{}])*)\])?(\s+in\s+\S.*)?\s*$`)

// glances reads the targets of every map line that has the usual form. What
// does not is package resolver's to report.
func (c *compiler) glances() []glance {
	var out []glance
	for i := range c.src.Routes {
		for _, line := range c.src.Routes[i].Map {
			_, right, ok := strings.Cut(line.Line, "->")
			if !ok {
				c.unseen = true
				continue
			}
			for _, text := range splitTargets(right) {
				m := glanceTarget.FindStringSubmatch(text)
				if m == nil {
					c.unseen = c.unseen || strings.TrimSpace(text) != "open"
					continue
				}
				g := glance{pos: line.Pos, text: strings.TrimSpace(text), typ: m[2], hasID: m[3] != "", parent: m[5] != ""}
				for bound := range strings.SplitSeq(m[4], ",") {
					if name, _, ok := strings.Cut(bound, "="); ok {
						g.bounds = append(g.bounds, strings.TrimSpace(name))
					}
				}
				for action := range strings.SplitSeq(m[1], "|") {
					g.action = action
					out = append(out, g)
				}
			}
		}
	}
	return out
}

// splitTargets splits at the commas that stand outside of braces and brackets.
func splitTargets(text string) []string {
	var out []string
	depth, start := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth == 0 {
				out, start = append(out, text[start:i]), i+1
			}
		}
	}
	return append(out, text[start:])
}

// glanceAtRoutes collects the actions and purposes that rules may name, the
// actions of map lines, and those lines that create objects.
func (c *compiler) glanceAtRoutes() {
	c.actions, c.mapped, c.lines = make(map[string]bool), make(map[string]bool), make(map[place]bool)
	for action := range c.set.schema.Weights {
		c.actions[action] = true
	}
	for _, t := range c.set.schema.Types {
		for action := range t.Actions {
			c.actions[action] = true
		}
	}
	for _, g := range c.glances() {
		c.mapped[g.action], c.lines[place{g.typ, g.action}] = true, true
		if g.action == "create" {
			c.creates = append(c.creates, g)
		}
	}
	for _, id := range c.set.identities {
		c.purposes = append(c.purposes, id.Purposes...)
	}
	for i := range c.src.Routes {
		for _, line := range c.src.Routes[i].Map {
			if line.Purpose.given() {
				c.purposes = append(c.purposes, line.Purpose.V)
			}
		}
	}
}
