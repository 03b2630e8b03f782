package oracle

import (
	"encoding/json"
	"fmt"
	"strings"
)

// formLines read forms: ids, ids in lists, and what is written.
func (g *generator) formLines(h *Host, t *Type, n int) {
	add := func(l *Line) {
		l.Form = true
		h.Lines = append(h.Lines, l)
	}
	if update := line("POST", "/v1/forms/"+t.Name+"/{id}", object("update", t.Name, inPath("id"))); g.w.writes(update) {
		add(update)
	}
	add(line("POST", "/v1/forms/"+t.Name+":touch", object("touch", t.Name, inForm("it.id")), object("read", t.Name, optional(inForm("other")))))
	many := Capture{In: "form", Body: []string{"ids"}, Each: 0}
	if n%2 == 0 {
		many = Capture{In: "form", Body: []string{"items", "id"}, Each: 0}
	}
	add(line("POST", "/v1/forms/"+t.Name+":many", object("touch", t.Name, many)))
}

func inForm(member string) Capture {
	c := inBody(member)
	c.In = "form"
	return c
}

// fields are what a form can say of a value: no null, and no empty
// list or object.
func (f *filler) fields(name string, v any) (out [][2]string) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			at := name + "[" + key + "]"
			if name == "" {
				at = key
			}
			out = append(out, f.fields(at, v[key])...)
		}
	case []any:
		how := f.r.IntN(3)
		for i, element := range v {
			at := fmt.Sprintf("%s[%d]", name, i)
			if _, object := element.(map[string]any); !object && how < 2 {
				at = name + []string{"", "[]"}[how]
			}
			out = append(out, f.fields(at, element)...)
		}
	case nil:
	case json.Number:
		out = append(out, [2]string{name, v.String()})
	default:
		out = append(out, [2]string{name, fmt.Sprint(v)})
	}
	return out
}

// form sends the body as a form of either kind.
func (f *filler) form() {
	fields := f.fields("", f.body)
	if f.chance(0.4) {
		f.parts(fields)
		return
	}
	var pairs []string
	for _, p := range fields {
		pairs = append(pairs, escape(p[0], pick(&f.generator, []string{"[]", ""}))+"="+escape(p[1], "-._~"))
	}
	if f.chance(0.1) {
		pairs = append(pairs, "", "note=a+b")
	}
	f.req.Body = new(strings.Join(pairs, "&"))
	f.req.Headers = append(f.req.Headers, Header{"content-type", pick(&f.generator, []string{urlencoded, urlencoded, urlencoded + "; charset=utf-8"})})
}

// asFiles is what makes some server, or each, take a part for a file.
var asFiles = []string{`; filename=""`, `; filename=" "`, `; filename="a.txt"`, "\r\nContent-Type: application/octet-stream", "\r\nContent-Type: application/json", "\r\nContent-Type: text/plain"}

func (f *filler) parts(fields [][2]string) {
	var b strings.Builder
	for _, p := range fields {
		more := ""
		if !f.plain && f.chance(0.06) {
			more = pick(&f.generator, asFiles)
		}
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q%s\r\n\r\n%s\r\n", boundary, p[0], more, p[1])
	}
	if f.chance(0.2) {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"photo\"; %s\r\n", boundary, pick(&f.generator, []string{
			"filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG", "filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n"}))
	}
	f.req.Body = new(b.String() + "--" + boundary + "--\r\n")
	f.req.Headers = append(f.req.Headers, Header{"content-type", multiparts + "; boundary=" + boundary})
}

// badForm breaks a form, or what the headers say of it.
func (t *traffic) badForm(r *Request, _ *Line) {
	if r.Body == nil {
		return
	}
	typed := func(v string) { r.Headers = append(without(r.Headers, "content-type"), Header{"content-type", v}) }
	name, _, _ := strings.Cut(*r.Body, "=")
	more := func(text string) {
		if ct := r.header("content-type"); strings.HasPrefix(ct[0], multiparts) {
			field, value, _ := strings.Cut(strings.TrimPrefix(text, "&"), "=")
			text = fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, field, value)
			r.Body = new(text + *r.Body)
			return
		}
		r.Body = new(*r.Body + text)
	}
	switch t.r.IntN(12) {
	case 0:
		r.Body = nil
	case 1:
		typed(pick(&t.generator, []string{"text/plain", "application/json", urlencoded + "; charset=utf-16", multiparts, multiparts + "; boundary=" + boundary + "; charset=utf-8", urlencoded + "; x=y"}))
		r.Strict = "another type"
	case 2:
		r.Headers = without(r.Headers, "content-type")
		if strings.HasPrefix(*r.Body, "--") {
			r.Body = new("a=1")
		}
	case 3:
		r.Headers = append(r.Headers, Header{"content-encoding", "gzip"})
	case 4:
		more("&pad=" + strings.Repeat("x", t.w.BodyLimit))
	case 5: // a name that is used in two ways, or in the wrong order
		more("&" + pick(&t.generator, []string{"it[id][]=x", "it[id][x]=x", "it=x", "items[7][id]=x", "ids[4]=x", "ids[x]=x", "a[b]=1&a=2", "a[]=1&a[b]=2", "a[0]=1&a[0]=2", "a[1]=1", "a[]=1&a=2", "a[][b]=1"}))
		if strings.HasPrefix(*r.Body, "--") && strings.Contains(*r.Body, "&") {
			r.Strict = "" // of parts it is one name with strange letters
		}
	case 6:
		more("&" + pick(&t.generator, []string{"a[b][c][d][e][f]=1", "a[b][c][d][e][f][g]=1", "[a]=1", "a]=1", "a[b=1", "a[b]c=1", "_charset_=utf-16", "_CHARSET_=x"}))
	case 7:
		more("&" + pick(&t.generator, []string{"_method=DELETE", "_METHOD=x", "[_method]=x", "payment_method=card"}))
	case 8: // a twin of what is captured
		more("&" + pick(&t.generator, []string{"It[id]=x", "IDS=x", "ids.x=1", "Items[0][id]=x", "other.x=1", "OTHER=x", "SSN=1", "Address[zip]=1", "address[ZIP]=1", "view=forged", "View[]=forged"}))
	case 9: // more than one value
		more("&" + pick(&t.generator, []string{"other=x", "it[id]=x", "other[]=x", "phone=2"}))
	case 10:
		if strings.HasPrefix(*r.Body, "--") {
			t.badParts(r)
			return
		}
		r.Body = new(*r.Body + pick(&t.generator, []string{"&a=%zz", ";a=1", "&a=%00", "&a=%ff", "&" + name + "=%"}))
	case 11:
		r.Body = new("")
	}
}

// badParts writes a multipart form in a way that servers divide differently.
func (t *traffic) badParts(r *Request) {
	body := *r.Body
	type way struct{ strict, body string }
	w := pick(&t.generator, []way{
		{"text in front", "x\r\n" + body},
		{"text behind", body + "x"},
		{"no end", strings.TrimSuffix(body, "--\r\n")},
		{"bare line feeds", strings.ReplaceAll(body, "\r\n", "\n")},
		{"a header twice", strings.Replace(body, "\r\n\r\n", "\r\nContent-Type: text/plain\r\nContent-Type: text/plain\r\n\r\n", 1)},
		{"another header", strings.Replace(body, "\r\n\r\n", "\r\nX-Part: 1\r\n\r\n", 1)},
		{"a transfer encoding", strings.Replace(body, "\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1)},
		{oddSpelling, strings.Replace(body, "name=\"", "name=\"\\", 1)},
		{oddSpelling, strings.Replace(body, "name=\"", "name*=\"", 1)},
		{oddSpelling, strings.Replace(body, "name=\"", "name=\"=?utf-8?q?a?=", 1)},
	})
	if w.body != body {
		r.Body, r.Strict = new(w.body), w.strict
	}
}

// oddSpelling marks a multipart form of which some name is spelled oddly, which is
// refused whatever the line reads.
const oddSpelling = "an odd spelling of a part's name"
