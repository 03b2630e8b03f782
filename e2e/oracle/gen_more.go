package oracle

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// apart draws with luck of its own, so that all else of a seed stays as it is.
func (g *generator) apart(luck uint64) *generator {
	return &generator{w: g.w, r: rand.New(rand.NewPCG(g.w.Seed, luck))}
}

// bodies adds lines for the kinds of bodies and parameters that few APIs have, and
// one that may become a WebSocket.
func (g *generator) bodies() {
	g = g.apart(0x626f64696573)
	hosts := g.w.named()
	for i, t := range g.w.Types {
		h := hosts[i%len(hosts)]
		add := func(l *Line) { h.Lines = append(h.Lines, l) }
		if t.Name == "file" {
			exact := line("POST", "/v1/exact/files", object("read", "file", inBody("id")))
			exact.Exact = g.chance(0.7)
			add(exact)
		}
		if t.Name == "file" || t.Name == "repo" || t.Name == "profile" {
			continue
		}
		streamed := line("GET", "/v1/streams/"+t.Name+"/{id}", object("read", t.Name, inPath("id")))
		streamed.Stream = pick(g, []time.Duration{time.Minute, time.Hour})
		add(streamed)
		if len(t.Properties) > 0 {
			odata := line("GET", "/v1/odata/"+t.Name+"/{id}", object("read", t.Name, inPath("id")))
			odata.Select = true
			add(odata)
		}
		update := func(method, path string) *Line {
			return line(method, path+t.Name+"/{id}", object("update", t.Name, inPath("id")))
		}
		merged, patched, wrapped := update("PATCH", "/v1/merged/"), update("PATCH", "/v1/patched/"), update("PUT", "/v1/wrapped/")
		if !g.w.writes(merged) {
			continue
		}
		merged.Bodies, patched.Bodies, wrapped.Writes = []string{"merge-patch"}, []string{"json-patch"}, "data"
		if g.chance(0.5) {
			merged.Bodies = append(merged.Bodies, "json")
			patched.Bodies = []string{"json", "merge-patch", "json-patch"}
		}
		add(merged)
		add(patched)
		add(wrapped)
	}
}

// customs gives identities and groups what says why they are there, and lets some be
// overdue.
func (g *generator) customs() {
	g = g.apart(0x637573746f6d73)
	all := g.chance(0.5)
	for _, i := range g.w.Identities {
		if all || g.chance(0.5) {
			i.Task, i.Needs = "What the oracle makes it do.", []string{pick(g, actions) + " customer", "list customer[tenant=eu]"}
		}
		if i.Status == "" && g.chance(0.3) {
			i.Status = "active"
		}
		if slices.Contains([]string{"people", "tools"}, i.Name) && g.chance(0.4) {
			i.Tenant = pick(g, tenants)
		}
		switch {
		case i.Kind == "human" && all && i.MaxAge == 0:
			i.MaxAge = 2 * time.Hour
		case i.Kind == "third-party" && all && i.Tenant == "":
			i.Tenant = pick(g, tenants)
		case i.Kind == "workload" && all && i.Peer == "" && i.Workload == "":
			i.Workload = robot
		}
	}
	for i := range g.w.Kinds {
		k := &g.w.Kinds[i]
		for _, demand := range slices.Concat(g.w.met(k.Kind, customDemands), g.w.met(k.Kind, demands)) {
			if !slices.Contains(k.Require, demand) && g.chance(0.5) {
				k.Require = append(k.Require, demand)
			}
		}
	}
	if late := pick(g, g.w.Identities); late.Status != "suspended" && late.Status != "retired" && late.Expires == 0 {
		late.Review = -2
	}
}

// texts gives denials words of their own, rules reasons, and demands rows that are fresh.
func (g *generator) texts() {
	g = g.apart(0x7465787473)
	for _, r := range g.w.Rules {
		switch {
		case r.Deny && r.Status != hidden && g.chance(0.3):
			r.Text = pick(g, []string{"Closed for the audit.", "Ask team-oracle, {not a template}.", "Zu spät."})
		case !r.Deny && g.chance(0.04):
			r.Require.Fresh = freshness
		}
	}
	for i, r := range g.w.Rules {
		if i%5 == 0 {
			r.Ticket = "OPS-1"
		}
	}
	for i := range g.w.Tiers {
		g.w.Tiers[i].Justify = some(g, []string{"because", "owner", "review_by"}, g.between(0, 3))
	}
	if g.chance(0.3) {
		for i := g.r.IntN(len(g.w.Tiers)); i < len(g.w.Tiers); i++ { // no tier demands less than one below it
			g.w.Tiers[i].Require.Fresh = freshness
		}
	}
}

// freshness is what fresh_catalog demands: of a run, all that is read is fresh.
const freshness = 12 * time.Hour

// patch writes a JSON patch, which not all are allowed to.
func (f *filler) patch() {
	var ops []any
	paths := []string{"/phone", "/phone", "/email", "/iban", "/address/city", "/cards/0/limit", "/cards/-/limit"}
	if !f.plain {
		paths = append(paths, "", "/nick", "/ssn", "/SSN", "/address/zip", "/address/ZIP", "/address", "/address/0", "/cards", "/cards/1", "/cards/x", "/cards/0/number", "/cards/0/number/x", "/phone/x", "/owner", "/a~1b", "/~0")
	}
	for range f.between(1, 2) {
		op := map[string]any{"op": pick(&f.generator, []string{"add", "replace", "remove", "test", "copy", "move"}), "path": pick(&f.generator, paths)}
		switch more := patchMembers[op["op"].(string)]; more {
		case "value":
			op[more] = pick(&f.generator, []any{"x", json.Number("7"), nil, true})
		case "from":
			op[more] = pick(&f.generator, paths)
		}
		if !f.plain && f.chance(0.1) {
			delete(op, pick(&f.generator, sortedKeys(op)))
		}
		if !f.plain && f.chance(0.1) {
			op[pick(&f.generator, []string{"op", "path", "from", "value", "why"})] = pick(&f.generator, []any{"increment", "phone", "/~2", json.Number("1")})
		}
		ops = append(ops, op)
	}
	f.send(ops, "json-patch")
}

// send has the request carry JSON of a kind.
func (f *filler) send(body any, kind string) {
	text, err := json.Marshal(body)
	if err != nil {
		return // maps and lists of strings and numbers marshal
	}
	f.req.Body = new(string(text))
	f.req.Headers = append(f.req.Headers, Header{"content-type", bodyTypes[kind] + pick(&f.generator, []string{"", "", "; charset=utf-8"})})
}

// wrap puts what is written into the member of `writes`, and something beside it.
func (f *filler) wrap() {
	inner := f.body
	f.body = map[string]any{f.line.Writes: inner, "page": json.Number("1")}
	if f.plain {
		return
	}
	switch f.r.IntN(8) {
	case 0:
		delete(f.body, f.line.Writes)
	case 1:
		f.body[f.line.Writes] = pick(&f.generator, []any{nil, "x", []any{inner}})
	case 2:
		f.body[strings.ToUpper(f.line.Writes)] = inner
	case 3:
		f.nested(f.body)
	case 4:
		f.body[pick(&f.generator, []string{"ssn", "SSN", "phone", "nick", "iban"})] = "x"
	}
}

// mask says what an update changes, in the query or in the body.
func (f *filler) mask() {
	paths := []string{"phone", "email", "address.city", "iban"}
	if !f.plain {
		paths = append(paths, "ssn", "SSN", "*", "nick", "address", "cards", "cards.number", "address.zip", "")
	}
	text := strings.Join(some(&f.generator, paths, f.between(1, 2)), ",")
	if f.chance(0.5) {
		f.query = append(f.query, pick(&f.generator, []string{"updateMask", "update_mask", "fieldMask", "updateMask.paths", "UpdateMask"})+"="+escape(text, ",.*"))
		return
	}
	if f.body != nil {
		f.body[pick(&f.generator, []string{"update_mask", "fieldMask", "UPDATEMASK"})] = pick(&f.generator, []any{text, map[string]any{"paths": []any{text, "phone"}}})
	}
}

// upgrade has a request ask to become a WebSocket, or something else.
func (t *traffic) upgrade(r *Request, l *Line) {
	r.Headers = append(r.Headers, Header{"upgrade", pick(&t.generator, []string{"websocket", "websocket", "WebSocket", "h2c"})})
	if t.chance(0.8) {
		r.Headers = append(r.Headers, Header{"connection", pick(&t.generator, []string{"Upgrade", "keep-alive, Upgrade"})})
	}
	if l.Stream > 0 && t.chance(0.8) {
		r.Method, r.Body, r.Headers = "GET", nil, without(r.Headers, "content-type")
	}
}

// oddHeader adds a header that some server takes for another one, or a second one
// of those that come once.
func (t *traffic) oddHeader(r *Request, _ *Line) {
	r.Headers = append(r.Headers, pick(&t.generator, []Header{
		{"x_original_url", "/"}, {"content.type", "text/plain"}, {"x_http_method", "GET"}, {"method.override", "PUT"}, {"connection", "x-case"},
		{"early-data", "1"}, {"origin", "a, b"}, {"x-forwarded_for", "10.0.0.1"}, {"host", "other.example.com"}, {"host", r.Host},
	}))
}

// oddHost calls the host by what is none.
func (t *traffic) oddHost(r *Request, _ *Line) {
	r.Host = pick(&t.generator, []string{"", "a..b", r.Host + ":0", r.Host + ":x", r.Host + "..", "me@" + r.Host, r.Host + ",b", "[::1", "-", "under_score.example.com"})
}

// fails lets sources fail, and others be old: a file is one source, whoever has rows in it.
func (g *generator) fails() {
	g = g.apart(0x6661696c73)
	byName := map[string][]*Source{}
	for _, t := range g.w.Types {
		if t.Source != nil {
			byName[t.Source.Name] = append(byName[t.Source.Name], t.Source)
		}
	}
	for _, i := range g.w.Issuers {
		if i.Directory != nil {
			byName[i.Directory.Source.Name] = append(byName[i.Directory.Source.Name], i.Directory.Source)
		}
	}
	for _, name := range sortedKeys(byName) {
		var as Source
		switch p := g.r.Float64(); {
		case p < 0.02:
			as.Fails = "catalog_unavailable"
		case p < 0.04:
			as.Fails, as.Age = "catalog_stale", 30*time.Hour
		case p < 0.3:
			as.Age = pick(g, []time.Duration{freshness - time.Minute, freshness + time.Minute})
		}
		for _, s := range byName[name] {
			s.Fails, s.Age = as.Fails, as.Age
		}
	}
}
