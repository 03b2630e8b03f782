package oracle

import "strings"

// hosts spreads the types over two or three hosts and writes the lines of each.
func (g *generator) hosts() {
	names := []string{"api.example.com", "shop.example.net", "ops.example.org"}[:g.between(2, 3)]
	for _, n := range names {
		g.w.Hosts = append(g.w.Hosts, &Host{Name: n, Served: true})
	}
	g.w.Hosts[0].CORS = true
	for _, h := range g.w.Hosts {
		h.Slash, h.Case = g.chance(0.3), g.chance(0.3)
	}
	g.w.Origins = []Origin{{names[1], "http://" + names[1] + ":8080"}}
	for i, t := range g.w.Types {
		h := g.w.Hosts[i%len(g.w.Hosts)]
		switch t.Name {
		case "file":
			g.fileLines(h)
			continue
		case "repo":
			repo := inPath("o")
			repo.With = []Capture{inPath("r")}
			h.Lines = append(h.Lines, line("GET", "/v1/repos/{o}/{r}", object("read", "repo", repo)), line("PUT|PATCH", "/v1/repos/{o}:{r}", object("update", "repo", repo)))
			continue
		case "profile":
			h.Lines = append(h.Lines, line("GET", "/v1/me", object("read", "profile", Capture{In: "claim", Name: "role", Each: -1})))
			continue
		}
		g.objectLines(h, t, i)
		g.listLines(h, t, i)
		g.writeLines(h, t, i)
		g.formLines(h, t, i)
	}
	for i, h := range g.w.Hosts {
		h.Lines = append(h.Lines, &Line{Method: "GET", Path: path("/healthz"), Open: true})
		if i > 0 { // the same type under a second host, with fewer lines
			t := g.w.Types[g.r.IntN(len(g.w.Types)-3)]
			h.Lines = append(h.Lines, line("GET", "/mirror/"+t.Name+"/{id}", object("read", t.Name, inPath("id"))))
		}
	}
}

func (g *generator) objectLines(h *Host, t *Type, n int) {
	base := "/v1/" + t.Name + "s"
	add := func(l *Line) { h.Lines = append(h.Lines, l) }
	add(line("GET", base+"/{id}", object("read", t.Name, inPath("id"))))
	add(line("DELETE", base+"/{id}", object("delete", t.Name, inPath("id"))))
	update := line("PATCH", base+"/{id}", object("update", t.Name, inPath("id")))
	if t.Parent != "" {
		receive := object("receive", t.Parent, inBody("owner"))
		receive.ID.Optional = true
		update.Targets = append(update.Targets, receive)
	}
	add(update)
	if n%2 == 0 || g.chance(0.5) {
		upsert := object("create", t.Name, inPath("id"))
		upsert.Actions = []string{"create", "update"}
		add(line("PUT", base+"/{id}", upsert))
	}
	add(line("POST", base+"/{id}/close", object("close", t.Name, inPath("id"))))
	add(line("GET", base+"/summary", collection(t.Name))) // the literal beats {id}
	add(line("GET", "/v1/find/"+t.Name, object("read", t.Name, inQuery("id")), query("id")))
	add(line("GET", "/v1/many/"+t.Name, object("read", t.Name, Capture{In: "query", Name: "ids", Comma: true, Each: -1})))
	add(line("GET", "/v1/each/"+t.Name, object("read", t.Name, Capture{In: "query", Name: "id", Repeated: true, Each: -1})))
	if len(t.Properties) > 0 {
		some := line("GET", "/v1/parts/"+t.Name+"/{id}", object("read", t.Name, inPath("id")))
		all := line("GET", "/v1/parts/"+t.Name, collection(t.Name, Bound{"owner", inQuery("owner")}), query("owner"))
		some.Fields, all.Fields = true, true
		add(some)
		add(all)
	}
	add(line("GET", "/v1/current/"+t.Name, object("read", t.Name, Capture{In: "header", Name: "x-" + t.Name + "-id", Each: -1})))
	two := line("GET", "/v1/both/"+t.Name, object("read", t.Name, optional(inQuery("one"))), object("read", t.Name, optional(inQuery("two"))))
	add(two)
	if g.chance(0.5) {
		any := line("ANY", "/any/"+t.Name+"/{key}", object("touch", t.Name, inPath("key")))
		any.Purpose = pick(g, purposes)
		add(any)
	}
	add(line("GET", base+"/{id}.json", object("read", t.Name, inPath("id")))) // beats {id}
	add(line("POST", base+"/{id}:touch", object("touch", t.Name, inPath("id"))))
	add(line("PUT|POST", "/v1/sets/"+t.Name+"/{id}", object("touch", t.Name, inPath("id"))))
	add(line("GET", "/v1/compare/"+t.Name+"/{base}...{head}", object("read", t.Name, inPath("base")), object("read", t.Name, inPath("head"))))
	// {kind}/export and {id} cross without a clash: their lengths differ
	add(line("GET", base+"/{id}/export/full", object("read", t.Name, inPath("id"))))
}

func (g *generator) listLines(h *Host, t *Type, n int) {
	base := "/v1/" + t.Name + "s"
	add := func(l *Line) { h.Lines = append(h.Lines, l) }
	add(line("GET", base, collection(t.Name)))
	add(line("GET", "/v1/my/"+t.Name+"s", collection(t.Name, Bound{"owner", inQuery("owner")}), query("owner")))
	add(line("GET", "/v1/tenants/{t}/"+t.Name+"s", collection(t.Name, Bound{"tenant", inPath("t")})))
	add(line("GET", "/v1/some/"+t.Name+"s", collection(t.Name, Bound{"tenant", optional(inQuery("tenant"))})))
	if _, ok := t.attribute("level"); ok {
		add(line("GET", "/v1/levels/{l}/"+t.Name+"s", collection(t.Name, Bound{"level", inPath("l")})))
	}
	if n%2 == 0 {
		both := line("GET", "/v1/tenants/{t}/my/"+t.Name+"s", collection(t.Name, Bound{"tenant", inPath("t")}, Bound{"owner", inQuery("owner")}), query("owner"))
		both.Purpose = pick(g, purposes)
		add(both)
	}
	if t.Parent != "" {
		within := collection(t.Name)
		within.ParentType, within.Parent = t.Parent, new(inPath("c"))
		add(line("GET", "/v1/"+t.Parent+"s/{c}/"+t.Name+"s", within))
	}
}

func (g *generator) writeLines(h *Host, t *Type, n int) {
	base := "/v1/" + t.Name + "s"
	add := func(l *Line) { h.Lines = append(h.Lines, l) }
	add(line("POST", base, TargetSpec{Actions: []string{"create"}, Type: t.Name, Bounds: []Bound{{"tenant", inBody("tenant")}}}))
	if t.Parent != "" {
		within := TargetSpec{Actions: []string{"create"}, Type: t.Name, ParentType: t.Parent, Parent: new(inPath("c"))}
		add(line("POST", "/v1/"+t.Parent+"s/{c}/"+t.Name+"s", within))
	}
	batch := line("POST", base+":batchDelete", object("delete", t.Name, Capture{In: "body", Body: []string{"ids"}, Each: 0}))
	if g.chance(0.7) {
		batch.Max = g.between(3, 6)
	}
	add(batch)
	add(line("POST", base+":batchUpdate", object("update", t.Name, Capture{In: "body", Body: []string{"items", "id"}, Each: 0})))
	// the members of the body are those of the first target alone
	add(line("PUT", "/v1/pairs/"+t.Name+"/{id}", object("update", t.Name, inPath("id")), object("update", "customer", inBody("owner"))))
	add(line("POST", base+":batchTouch", object("touch", t.Name, Capture{In: "body", Body: []string{"items", "id"}, Each: 0})))
	if n%2 == 1 {
		add(line("POST", "/v1/transfers/"+t.Name,
			object("debit", t.Name, inBody("from")), object("credit", t.Name, inBody("to.id"))))
	}
}

func (g *generator) fileLines(h *Host) {
	rest := line("GET", "/v1/files", object("read", "file", inPath("path")))
	rest.Path = append(rest.Path, Segment{Capture: "path", Rest: true})
	raw := line("GET", "/v1/files", object("read", "file", inPath("path"))) // beats the rest capture alone
	raw.Path = append(raw.Path, Segment{Capture: "path", Rest: true}, Segment{Literal: "raw"})
	purge := line("POST", "/v1/files", object("delete", "file", inPath("path")))
	purge.Path = append(purge.Path, Segment{Capture: "path", Rest: true, Verb: ":purge"})
	one := line("GET", "/v1/packages/{name}", object("read", "file", inPath("name")))
	one.InCapture = true
	two := line("GET", "/v1/packages/{name}/-/{tag}.tgz", object("read", "file", inPath("name")), object("read", "file", inPath("tag")))
	two.InCapture = true
	h.Lines = append(h.Lines, rest, raw, purge, one, two,
		line("GET", "/v1/files/{name}/meta", object("read", "file", inPath("name"))), // beats the rest capture
		line("PUT", "/v1/files/{name}", TargetSpec{Actions: []string{"create", "update"}, Type: "file", ID: new(inPath("name"))}))
}

func line(method, template string, targets ...any) *Line {
	l := &Line{Method: method, Path: path(template)}
	for _, t := range targets {
		switch t := t.(type) {
		case TargetSpec:
			l.Targets = append(l.Targets, t)
		case Capture:
			l.Query = append(l.Query, t)
		}
	}
	return l
}

func path(template string) []Segment {
	var out []Segment
	for _, s := range strings.Split(template[1:], "/") {
		pieces := strings.FieldsFunc("\x00"+strings.NewReplacer("{", "\x00{", "}", "}\x00").Replace(s)+"\x00", func(r rune) bool { return r == 0 })
		if len(pieces) == 1 && strings.HasPrefix(s, "{") {
			out = append(out, Segment{Capture: strings.Trim(s, "{}")})
			continue
		}
		if !strings.Contains(s, "{") {
			out = append(out, Segment{Literal: s})
			continue
		}
		mixed := Segment{Text: []string{""}}
		for _, p := range pieces {
			if strings.HasPrefix(p, "{") {
				mixed.Names, mixed.Text = append(mixed.Names, strings.Trim(p, "{}")), append(mixed.Text, "")
			} else {
				mixed.Text[len(mixed.Text)-1] = p
			}
		}
		out = append(out, mixed)
	}
	return out
}

func object(action, typ string, id Capture) TargetSpec {
	return TargetSpec{Actions: []string{action}, Type: typ, ID: &id}
}

func collection(typ string, bounds ...Bound) TargetSpec {
	return TargetSpec{Actions: []string{"list"}, Type: typ, Bounds: bounds}
}

func inPath(name string) Capture  { return Capture{In: "path", Name: name, Each: -1} }
func inQuery(name string) Capture { return Capture{In: "query", Name: name, Each: -1} }
func inBody(member string) Capture {
	return Capture{In: "body", Body: strings.Split(member, "."), Each: -1}
}

func optional(c Capture) Capture {
	c.Optional = true
	return c
}

// query is a capture written in the template, ?name={name}.
func query(name string) Capture { return inQuery(name) }
