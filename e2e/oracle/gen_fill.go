package oracle

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// filler gives a request the values that its line captures.
type filler struct {
	*traffic
	req   *Request
	host  *Host
	line  *Line
	body  map[string]any
	query []string
	path  map[string]string
	plain bool
}

func (f *filler) fill() {
	f.path = map[string]string{}
	for i := range f.line.Targets {
		spec := &f.line.Targets[i]
		if spec.ID != nil && len(spec.ID.With) > 0 {
			f.putParts(spec.ID, f.id(f.w.typ(spec.Type)))
		} else if spec.ID != nil {
			f.put(spec.ID, func() string { return f.id(f.w.typ(spec.Type)) })
		}
		if spec.Parent != nil {
			f.put(spec.Parent, func() string { return f.id(f.w.typ(spec.ParentType)) })
		}
		for _, b := range spec.Bounds {
			f.put(&b.From, func() string { return f.bound(b.Attr) })
		}
	}
	if !f.line.Open && f.w.writes(f.line) && f.chance(0.12) {
		f.mask()
	}
	var segments []string
	for _, s := range f.line.Path {
		switch {
		case len(s.Names) > 0:
			text := s.Text[0]
			for i, name := range s.Names {
				text += f.path[name] + s.Text[i+1]
			}
			segments = append(segments, text)
		case s.Capture == "":
			segments = append(segments, f.spelt(s.Literal))
		default:
			segments = append(segments, f.path[s.Capture]+s.Verb)
		}
	}
	f.req.Target = "/" + strings.Join(segments, "/")
	if f.line.Select {
		f.odata()
	}
	if f.line.Fields && (f.plain || f.chance(0.85)) {
		fields := []string{"id", "owner", "tenant", "phone", "address.city"}
		if !f.plain || f.line.narrow() {
			fields = append(fields, "ssn", "address.zip", "address", "cards.number", "nick", "*", "SSN", "")
		}
		f.query = append(f.query, pick(&f.generator, []string{"fields", "fields", "fields[]"})+"="+strings.Join(some(&f.generator, fields, f.between(1, 3)), ","))
		if !f.plain && f.chance(0.1) {
			f.query = append(f.query, "fields=")
		}
	}
	if f.host.Slash && f.chance(0.3) {
		f.req.Target += "/"
	}
	if len(f.query) > 0 {
		f.req.Target += "?" + strings.Join(f.query, "&")
	}
	if f.line.Open || !f.w.needsBody(f.line) {
		return
	}
	f.members()
	f.brings()
	if f.line.Form {
		f.form()
		return
	}
	if slices.Contains(f.line.Bodies, "json-patch") && (len(f.line.Bodies) == 1 || f.chance(0.7)) {
		f.patch()
		return
	}
	if f.line.Writes != "" {
		f.wrap()
	}
	kind := "json"
	if len(f.line.Bodies) > 0 {
		kind = pick(&f.generator, slices.DeleteFunc(slices.Clone(f.line.Bodies), func(kind string) bool { return kind == "json-patch" }))
	}
	f.send(f.body, kind)
}

// odata says which properties are asked for, and for which more.
func (f *filler) odata() {
	names := []string{"id", "owner", "tenant", "phone", "address/city"}
	if !f.plain {
		names = append(names, "ssn", "address/zip", "address", "cards/number", "nick", "*", "SSN", "")
	}
	list := func() string { return strings.Join(some(&f.generator, names, f.between(1, 3)), ",") }
	if f.plain || f.chance(0.85) {
		f.query = append(f.query, pick(&f.generator, []string{"$select", "$select", "$select", "$select[]"})+"="+list())
	}
	if f.chance(0.3) {
		f.query = append(f.query, "expand="+list())
	}
	if !f.plain && f.chance(0.05) {
		f.query = append(f.query, pick(&f.generator, []string{"select=id", "$Select=id", "Expand=ssn", "$expand=ssn", "expand[]=iban"}))
	}
}

// members adds what a client may write beside the captured members.
func (f *filler) members() {
	if f.line.Method == http.MethodPost && f.line.Targets[0].Actions[0] != "create" && !f.line.Form {
		return
	}
	for _, m := range some(&f.generator, []string{"phone", "email", "iban", "ssn", "nick"}, f.r.IntN(3)) {
		if m == "nick" && f.plain {
			continue
		}
		f.body[m] = pick(&f.generator, []any{"x", json.Number("7"), nil, true})
	}
	if f.chance(0.3) {
		f.nested(f.body)
	}
	list, _ := f.body["items"].([]any)
	for _, element := range list {
		object, ok := element.(map[string]any)
		if ok && (f.plain || f.chance(0.5)) {
			delete(object, "n")
		}
		if ok && f.chance(0.5) {
			f.nested(object)
		}
	}
}

// nested adds members that lie deeper, and those that stand in their place.
func (f *filler) nested(body map[string]any) {
	address := []any{map[string]any{"city": "x"}}
	cards := []any{[]any{map[string]any{"limit": json.Number("1")}}}
	if !f.plain {
		cards = append(cards, []any{map[string]any{"number": "4"}, map[string]any{"limit": nil}})
		address = append(address, map[string]any{"city": "x", "zip": "1"}, map[string]any{"zip": "1"}, nil, map[string]any{}, "x", map[string]any{"street": "x"}, map[string]any{"ZIP": "1"}, []any{map[string]any{"zip": "1"}})
		cards = append(cards, nil, []any{}, []any{"x"}, map[string]any{"0": map[string]any{"number": "4"}}, []any{map[string]any{"Number": "4"}})
	}
	if f.chance(0.7) {
		body["address"] = pick(&f.generator, address)
	}
	if f.chance(0.5) {
		body["cards"] = pick(&f.generator, cards)
	}
}

// put writes a value where the capture reads it.
func (f *filler) put(c *Capture, make func() string) {
	if !f.plain && f.chance(0.02) && c.In != "path" || c.Optional && f.chance(0.5) {
		return // absent
	}
	switch c.In {
	case "path":
		f.path[c.Name] = f.segments(make())
	case "header":
		f.req.Headers = append(f.req.Headers, Header{c.Name, make()})
	case "query":
		v := make()
		for c.Comma && f.chance(0.4) {
			v += "," + make()
		}
		f.query = append(f.query, c.Name+"="+escape(v, ",-._~"))
		for c.Repeated && f.chance(0.5) {
			again := c.Name
			if !f.plain && f.chance(0.05) {
				again += "[]"
			}
			f.query = append(f.query, again+"="+escape(make(), ",-._~"))
		}
	case "body", "form":
		f.putBody(c, make)
	}
}

// putParts writes the parts of an id where each capture reads its own.
func (f *filler) putParts(c *Capture, id string) {
	texts := strings.SplitN(id, "/", len(c.With)+1)
	first := *c
	first.With = nil
	for i, part := range append([]Capture{first}, c.With...) {
		f.put(&part, func() string { return texts[i] })
	}
}

// spelt writes a literal as the host may be asked for it.
func (f *filler) spelt(literal string) string {
	if f.host.Case && f.chance(0.2) {
		return strings.ToUpper(literal)
	}
	return literal
}

func (f *filler) putBody(c *Capture, make func() string) {
	at := f.body
	for i, name := range c.Body {
		last := i == len(c.Body)-1
		switch {
		case i == c.Each:
			list := []any{}
			for range f.length() {
				if last {
					list = append(list, f.json(make()))
				} else {
					list = append(list, map[string]any{c.Body[i+1]: f.json(make()), "n": 1})
				}
			}
			at[name] = list
			return
		case last:
			at[name] = f.json(make())
		default:
			next, ok := at[name].(map[string]any)
			if !ok {
				next = map[string]any{}
			}
			at[name] = next
			at = next
		}
	}
}

// length of a batch: now and then none or more than the line allows.
func (f *filler) length() int {
	limit := f.line.Max
	if !f.plain && f.chance(0.06) {
		if limit == 0 {
			limit = 100
		}
		return pick(&f.generator, []int{0, limit + 1})
	}
	return f.between(1, 3)
}

// json is an id as JSON has it.
func (f *filler) json(id string) any {
	if !f.plain && f.chance(0.03) {
		return pick(&f.generator, []any{nil, "", true, json.Number("1.5"), json.Number("1e3"), []any{"a"}})
	}
	if f.line.Exact && f.chance(0.3) {
		return pick(&f.generator, []any{json.Number("9007199254740993"), json.Number("-9223372036854775808"), json.Number("9223372036854775808"), json.Number("-0"), json.Number("9007199254740991")})
	}
	if id != "" && strings.Trim(id, "0123456789") == "" && id[0] != '0' && f.chance(0.5) {
		return json.Number(id)
	}
	return id
}

// id draws an id of a type: mostly one that exists, preferably the caller's own.
func (f *filler) id(t *Type) string {
	if !f.plain && f.chance(0.03) && t.IDPattern != "" {
		return t.IDStyle.badID(&f.generator)
	}
	if t.Name == "repo" {
		return pick(&f.generator, []string{"acme", "globex"}) + "/" + pick(&f.generator, []string{"web", "api-2", "Ünit"})
	}
	if t.Name == "file" {
		return strings.Join(some(&f.generator, []string{"a", "b c", "Ü", "d.txt"}, f.between(1, 4)), "/")
	}
	if t.Source == nil || f.chance(0.06) {
		return t.IDStyle.id(50 + f.r.IntN(200))
	}
	if f.req.Token >= 0 && f.chance(0.4) {
		subject := f.w.Tokens[f.req.Token].Subject
		var own []string
		for _, r := range t.Source.Rows {
			if r.Values["owner"] == subject {
				own = append(own, r.ID)
			}
		}
		if len(own) > 0 {
			return pick(&f.generator, own)
		}
	}
	row := pick(&f.generator, t.Source.Rows)
	if row.Bad != "" && f.plain {
		row = t.Source.Rows[0]
	}
	return row.ID
}

func (f *filler) bound(attribute string) string {
	if attribute == "level" {
		return fmt.Sprint(f.r.IntN(6))
	}
	if attribute == "owner" {
		if f.req.Token >= 0 && f.chance(0.7) {
			return f.w.Tokens[f.req.Token].Subject
		}
		return f.subject()
	}
	return pick(&f.generator, tenants)
}

// segments is an id as one path segment, or several where the capture is a rest capture.
func (f *filler) segments(id string) string {
	rest := slices.ContainsFunc(f.line.Path, func(s Segment) bool { return s.Rest })
	switch {
	case f.line.InCapture:
		return escape(id, "-._~")
	case !rest:
		id = strings.ReplaceAll(id, "/", "-")
	}
	return escape(id, "/-._~")
}

// escape percent-encodes all but letters, digits and keep.
func escape(s, keep string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
