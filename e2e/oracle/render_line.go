package oracle

import (
	"fmt"
	"slices"
	"strings"
)

func (l *Line) render() string {
	var text strings.Builder
	text.WriteString(l.Method + " ")
	for _, s := range l.Path {
		switch text.WriteString("/"); {
		case s.Rest:
			text.WriteString("{" + s.Capture + "=**}" + s.Verb)
		case len(s.Names) > 0:
			for i, name := range s.Names {
				text.WriteString(s.Text[i] + "{" + name + "}")
			}
			text.WriteString(s.Text[len(s.Names)])
		case s.Capture != "":
			text.WriteString("{" + s.Capture + "}")
		default:
			text.WriteString(s.Literal)
		}
	}
	for i, q := range l.Query {
		text.WriteString([]string{"?", "&"}[min(i, 1)] + q.Name + "={" + q.Name + "}")
	}
	text.WriteString(" -> ")
	if l.Open {
		return quote(text.String()+"open") + ": { because: liveness probe, owner: platform }"
	}
	for i := range l.Targets {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(l.Targets[i].render(l))
	}
	var options flow
	if l.Max > 0 {
		options.raw("max", fmt.Sprint(l.Max))
	}
	options.str("purpose", l.Purpose)
	if l.Form && !l.readsForm() {
		options.raw("body", "form")
	}
	options.str("reads", l.Reads)
	if l.Fields {
		options.raw("fields", "query.fields")
	}
	options.list("body", l.Bodies)
	if l.Writes != "" {
		options.str("writes", "body."+l.Writes)
	}
	if l.Select {
		options.str("select", "query.$select")
		options.str("expand", "query.expand")
	}
	if l.Exact {
		options.raw("integers", "exact")
	}
	if l.Stream > 0 {
		options.raw("stream", "{ max: "+l.Stream.String()+" }")
	}
	if l.InCapture {
		options.raw("path", "{ encoded_slash: in_capture, proxy: KEEP_UNCHANGED }")
	}
	if options.empty() {
		return quote(text.String())
	}
	return quote(text.String()) + ": " + options.String()
}

// readsForm says whether a capture says by itself that the line reads forms.
func (l *Line) readsForm() bool {
	for i := range l.Targets {
		if slices.ContainsFunc(l.Targets[i].captures(), func(c *Capture) bool { return c.In == "form" }) {
			return true
		}
	}
	return false
}

func (t *TargetSpec) render(l *Line) string {
	s := strings.Join(t.Actions, "|") + " " + t.Type
	if t.ID != nil {
		s += "/" + t.ID.render(l)
	}
	if len(t.Bounds) > 0 {
		bounds := make([]string, len(t.Bounds))
		for i, b := range t.Bounds {
			bounds[i] = b.Attr + "=" + b.From.render(l)
		}
		s += "[" + strings.Join(bounds, ", ") + "]"
	}
	if t.Parent != nil {
		s += " in " + t.ParentType + "/" + t.Parent.render(l)
	}
	return s
}

// render writes a capture: one that the template names by its name alone.
func (c *Capture) render(l *Line) string {
	if len(c.With) > 0 {
		first := *c
		first.With = nil
		text := first.render(l)
		for i := range c.With {
			text += "/" + c.With[i].render(l)
		}
		return text
	}
	inTemplate := c.In == "path" || c.In == "query" && slices.ContainsFunc(l.Query, func(q Capture) bool { return q.Name == c.Name })
	end := "}"
	if c.Optional {
		end = "?}"
	}
	switch {
	case inTemplate:
		return "{" + c.Name + end
	case c.Repeated:
		return "{query." + c.Name + "[]" + end
	case c.Comma:
		return "{query." + c.Name + "[,]" + end
	case c.In == "claim":
		return "{caller.claims." + c.Name + end
	case c.In == "header" || c.In == "query":
		return "{" + c.In + "." + c.Name + end
	}
	names := slices.Clone(c.Body)
	if c.Each >= 0 {
		names[c.Each] += "[]"
	}
	return "{" + c.In + "." + strings.Join(names, ".") + end
}
