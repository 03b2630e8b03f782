package oracle

import (
	"slices"
	"strings"
)

// below adds hosts for all names below one: a longer one, a shorter one and the
// very name of some beside them, each with other lines for the same path; one that
// has lines and is not served, and one that is served and has none.
func (g *generator) below() {
	t := pick(g, g.w.Types[:len(g.w.Types)-3])
	read, touch, drop := object("read", t.Name, inPath("id")), object("touch", t.Name, inPath("id")), object("delete", t.Name, inPath("id"))
	host := func(name string, served bool, lines ...*Line) {
		g.w.Hosts = append(g.w.Hosts, &Host{Name: name, Served: served, Lines: lines})
	}
	host("*.tenants.example.com", true, line("GET", "/it/{id}", read), line("GET", "/short/{id}", read))
	host("*.eu.tenants.example.com", g.chance(0.5), line("GET", "/it/{id}", touch), line("GET", "/long/{id}", touch))
	host("shop.eu.tenants.example.com", false, line("GET", "/it/{id}", drop))
	host("*.dark.example.com", false, line("GET", "/it/{id}", read))
	host("*.idle.example.com", true)
}

// called is a name that a request may call a host by.
func (g *generator) called(h *Host) string {
	base, wild := strings.CutPrefix(h.Name, "*.")
	if !wild {
		return h.Name
	}
	return pick(g, []string{"a", "a.b", "eu", "shop", "shop.eu", "x.shop.eu", "A", "a-1"}) + "." + base
}

// isFor says whether a host of the rules or of what is served is that of a name.
func isFor(host, name string) bool {
	base, wild := strings.CutPrefix(host, "*")
	return host == name || wild && strings.HasSuffix(name, base) && len(name) > len(base)
}

// hostOf is the host whose lines a name has, and whether it is served.
func (w *World) hostOf(name string) (found *Host, served bool) {
	for _, h := range w.Hosts {
		served = served || h.Served && isFor(h.Name, name)
		better := found == nil || h.Name == name || found.Name != name && len(h.Name) > len(found.Name)
		if len(h.Lines) > 0 && isFor(h.Name, name) && better {
			found = h
		}
	}
	return found, served
}

// named are the hosts of one name each that have lines of types.
func (w *World) named() []*Host {
	return slices.DeleteFunc(slices.Clone(w.Hosts), func(h *Host) bool { return h.wild() || !h.Served })
}

func (h *Host) wild() bool { return strings.HasPrefix(h.Name, "*") }
