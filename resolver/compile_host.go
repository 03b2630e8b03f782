package resolver

import (
	"net/netip"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// declare makes the host of a declaration, or returns the one that an earlier
// declaration made, with what both say of it.
func (c *compiler) declare(d *rules.HostDecl) *host {
	name := d.Host.V
	if name == "" {
		c.mistakes.Add(d.Pos, "routes without host")
		return nil
	}
	base, wildcard := strings.CutPrefix(name, "*.")
	canonical, ok := CanonicalHost(base)
	switch {
	case !ok || wildcard && isNumber(canonical):
		hint := "write a name such as api.example.com"
		if strings.Contains(name, "*") {
			hint = "write *.example.com for all names below example.com"
		}
		c.mistakes.AddHint(d.Host.Pos, hint, "%q is not a host", name)
		return nil
	case canonical != base:
		c.mistakes.AddHint(d.Host.Pos, "write "+strings.TrimSuffix(name, base)+canonical, "host %q is not in the form that requests are compared in", name)
		return nil
	}
	h := c.routes.hosts[name]
	if h == nil {
		h = &host{name: name, lines: map[string]bool{}}
		c.routes.hosts[name] = h
	}
	if wildcard {
		c.routes.below["."+base] = h
	}
	c.cors(h, d)
	h.anySlash = c.ignores(h, "trailing_slash", &h.trailing, d.TrailingSlash)
	h.anyCase = c.ignores(h, "case", &h.text, d.Case)
	return h
}

// isNumber reports whether a host may be an address, of which no part stands for others.
func isNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || strings.Trim(last, "0123456789") == ""
}

func (c *compiler) cors(h *host, d *rules.HostDecl) {
	if !given(d.CORS.Pos) {
		return
	}
	if given(h.cors.Pos) && h.cors.V != d.CORS.V {
		c.mistakes.Add(d.CORS.Pos, "host %q has cors: %v at %v", h.name, h.cors.V, h.cors.Pos)
		return
	}
	h.cors = d.CORS
}

// ignores reads an option that is exact or ignore, of which declarations of one
// host do not contradict each other.
func (c *compiler) ignores(h *host, key string, is *rules.At[string], d rules.At[string]) bool {
	switch {
	case !given(d.Pos):
	case d.V != "exact" && d.V != "ignore":
		c.mistakes.AddHint(d.Pos, "exact or ignore", "%s is %q", key, d.V)
	case given(is.Pos) && is.V != d.V:
		c.mistakes.Add(d.Pos, "host %q has %s: %s at %v", h.name, key, is.V, is.Pos)
	default:
		*is = d
	}
	return is.V == "ignore"
}

// fold puts a line's segments into the form in which its host compares them.
func (h *host) fold(segs []segment) {
	if !h.anyCase {
		return
	}
	for i := range segs {
		switch s := &segs[i]; s.kind {
		case literal:
			s.text = lower(s.text)
		case mixed:
			for j, text := range s.pattern.text {
				s.pattern.text[j] = lower(text)
			}
			s.pattern.anyCase = true
		case capture, rest, front:
		}
	}
}
