package oracle

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// spoil does one thing to a request that no honest client does.
func (t *traffic) spoil(r *Request, l *Line) {
	all := []func(*Request, *Line){t.otherMethod, t.otherHost, t.otherPath, t.twistedPath, t.twistedPath, t.twistedQuery, t.override, t.preflight}
	if t.stated {
		all = append(all, t.upgrade, t.oddHeader, t.oddHost) // of which a proxy lets little through
		if l.Stream > 0 {
			all = append(all, t.upgrade, t.upgrade, t.upgrade, t.upgrade)
		}
	} else {
		all = append(all, t.badAuth)
	}
	switch {
	case l.Form:
		all = append(all, t.badForm, t.badForm, t.badForm)
	case r.Body != nil:
		all = append(all, t.badBody, t.badBody, t.badBody)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		all = append(all, t.form)
	default:
		all = append(all, t.unasked, t.unasked)
	}
	pick(&t.generator, all)(r, l)
}

func (t *traffic) otherMethod(r *Request, _ *Line) {
	r.Method = pick(&t.generator, []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
	if r.Body == nil && r.Method != http.MethodGet && t.chance(0.5) {
		r.Body = new(`{"ids":["1"]}`)
		r.Headers = append(r.Headers, Header{"content-type", "application/json"})
	}
}

// unasked gives a method a body that has none.
func (t *traffic) unasked(r *Request, _ *Line) {
	r.Body = new(`{"page":1}`)
	r.Headers = append(r.Headers, Header{"content-type", "application/json"})
}

func (t *traffic) otherHost(r *Request, _ *Line) {
	r.Host = pick(&t.generator, []string{
		"ghost.example.com", "localhost", strings.ToUpper(r.Host), r.Host + ":8443", r.Host + ".", "x." + r.Host, t.w.Hosts[0].Name,
	})
}

func (t *traffic) otherPath(r *Request, _ *Line) {
	path, _, _ := strings.Cut(r.Target, "?")
	r.Target = pick(&t.generator, []string{"/", "/debug/vars", "/v2" + path, path + "/", path + "/extra", strings.ToUpper(path), "/v1/files/", "/healthz/"})
}

// twistedPath writes the path in a way that another server may read otherwise.
func (t *traffic) twistedPath(r *Request, _ *Line) {
	path, query, has := strings.Cut(r.Target, "?")
	i := strings.LastIndex(path, "/")
	head, last := path[:i], path[i+1:]
	path = pick(&t.generator, []string{
		head + "//" + last,
		"//" + path[1:],
		head + "/./" + last,
		head + "/x/../" + last,
		head + "/x/%2e%2E/" + last,
		head + "/../" + last,
		head + "%2f" + last,
		head + "%5C" + last,
		head + "\\" + last,
		head + "/" + last + ";v=1",
		head + ";v=1/" + last,
		head + "/" + last + "%00",
		head + "/" + last + "%zz",
		head + "/" + last + "%2",
		head + "/%" + last,
		head + "/%252e%252e/" + last,
		head + "/%E2%80%A4%E2%80%A4/" + last,
		head + "%EF%BC%8F" + last,
		head + "/.%20./" + last,
		head + wide(last),
		head + "/" + last + "..." + last + "..." + last,
		head + "/e%CC%81" + last,
		head + "%2F" + last + "/x",
		head + "/x%2F" + last,
		"/%76" + path[2:],
	})
	if r.Target = path; has {
		r.Target += "?" + query
	}
}

func (t *traffic) twistedQuery(r *Request, l *Line) {
	sign := "?"
	if strings.Contains(r.Target, "?") {
		sign = "&"
	}
	extras := []string{"page=2", "x=%zz", "id=%41", strings.Repeat("&", t.between(240, 260))}
	for _, s := range l.Path {
		for _, name := range s.names() {
			extras = append(extras, name+"=other", t.twist(name)+"=other")
		}
	}
	for _, q := range l.Query {
		extras = append(extras, q.Name+"=twice", t.twist(q.Name)+"=twice")
	}
	if names := t.inBody(l); len(names) > 0 && t.chance(0.5) {
		name := pick(&t.generator, names)
		extras = []string{name + "=other", t.twist(name) + "=other", "x" + name + "=other"}
	}
	r.Target += sign + pick(&t.generator, extras)
}

func (t *traffic) override(r *Request, _ *Line) {
	r.Headers = append(r.Headers, Header{pick(&t.generator, append([]string{"x-forwarded-prefix", "x-original-uri"}, overrides...)), "DELETE"})
}

func (t *traffic) badAuth(r *Request, _ *Line) {
	r.Token, r.Auth = -1, pick(&t.generator, []string{"Basic dTpw", "Bearer", "Bearer a b", "Token abc"})
}

func (t *traffic) preflight(r *Request, _ *Line) {
	r.Method, r.Token, r.Body = "OPTIONS", -1, nil
	r.Headers = append(without(r.Headers, "content-type"), Header{"origin", "https://app.example"})
	if t.chance(0.8) {
		r.Headers = append(r.Headers, Header{"access-control-request-method", "GET"})
	}
}

// badBody breaks the body or what the headers say of it.
func (t *traffic) badBody(r *Request, _ *Line) {
	body := *r.Body
	typed := func(v string) { r.Headers = append(without(r.Headers, "content-type"), Header{"content-type", v}) }
	way := t.r.IntN(15)
	if !strings.HasPrefix(body, "{") {
		way = pick(&t.generator, []int{0, 3, 4, 5, 6, 8, 11, 13})
	}
	switch way {
	case 0:
		r.Body = nil
	case 1:
		r.Body = new(`{"pad":"` + strings.Repeat("x", t.w.BodyLimit) + `",` + body[1:])
	case 2:
		r.Body = new(`{"pad":"` + strings.Repeat("x", proxyBody) + `",` + body[1:])
	case 3:
		typed(pick(&t.generator, []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/jsonp"}))
	case 4:
		r.Headers = without(r.Headers, "content-type")
	case 5:
		r.Headers = append(r.Headers, Header{"content-encoding", "gzip"})
	case 6:
		r.Body, r.Strict = new(body+" {}"), "trailing data"
	case 7:
		r.Body, r.Strict = new(`{"twice":1,"twice":2,`+body[1:]), "repeated member"
		if body == "{}" {
			r.Body = new(`{"__proto__":{"id":"x"}}`)
		}
	case 8:
		r.Body, r.Strict = new(body[:len(body)-1]), "cut off"
	case 9: // as long as the limit, and a byte less
		pad := t.w.BodyLimit - len(body) - len(`"pad":"",`) - t.r.IntN(2)
		if body != "{}" && pad > 0 {
			r.Body = new(`{"pad":"` + strings.Repeat("x", pad) + `",` + body[1:])
		}
	case 10:
		if name := pick(&t.generator, []string{"IDS", "ids.x", " id", "SSN", "Iban[]", "From", "owner ", "view", "View[]", "on_behalf"}); body != "{}" {
			r.Body = new(`{"` + name + `":["1"],` + body[1:])
		}
	case 11:
		r.Body = new("")
	case 12:
		if name := pick(&t.generator, []string{"_method", "_METHOD", "._method", " _method.x", "payment_method", "＿method"}); body != "{}" {
			r.Body = new(`{"` + name + `":"DELETE",` + body[1:])
		}
	case 13, 14: // JSON that the line does not read
		typed(pick(&t.generator, []string{"application/merge-patch+json", "application/json-patch+json", "application/vnd.api+json"}))
	}
}

func without(headers []Header, name string) []Header {
	return slices.DeleteFunc(slices.Clone(headers), func(h Header) bool { return h.Name == name })
}

// inBody are the names that belong in the body of a line's requests, if it has targets.
func (t *traffic) inBody(l *Line) []string {
	if l.Open {
		return nil
	}
	return t.w.inBody(l)
}

// twist writes the name of a parameter so that some server reads it as that name.
func (t *traffic) twist(name string) string {
	return pick(&t.generator, []string{
		fmt.Sprintf("%%%02x", name[0]) + name[1:], fmt.Sprintf("%%%02X", name[0]) + name[1:], strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:],
		"+" + name, name + "+", strings.Replace(name, "i", "%C4%B1", 1), "%20" + name, name + "[]", name + "%5B0%5D", name + "[x]", name + ".x", "." + name, name + "%E2%80%8B",
		"[" + name + "]", "%5B" + name + "%5D", "[[" + name + "]]", name + "]", "[" + name, "]" + name, strings.ReplaceAll(name, ".", "[") + "]",
		fmt.Sprintf("%%EF%%BD%%%02X", name[0]-'a'+0x81) + name[1:], // the wide form of its first letter
	})
}

// wide writes a last segment's first letter in its wide form.
func wide(segment string) string {
	if segment == "" || segment[0] < 'a' || segment[0] > 'z' {
		return "/" + segment
	}
	return fmt.Sprintf("/%%EF%%BD%%%02X", segment[0]-'a'+0x81) + segment[1:]
}

// forge adds parameters that rules set: in the very bytes, which the proxy
// replaces, or in another spelling, which it leaves.
func (t *traffic) forge(r *Request, plain bool) {
	for _, name := range some(&t.generator, []string{"view", "view", "on.behalf", "on_behalf", "on", "viewer"}, 2) {
		if plain && (name == "on" || name == "on_behalf") {
			continue // PHP reads both as the one that is set
		}
		if !plain && t.chance(0.4) {
			name = t.twist(name)
		}
		sign := "?"
		if strings.Contains(r.Target, "?") {
			sign = "&"
		}
		r.Target += sign + name + pick(&t.generator, []string{"=forged", "=", ""})
	}
}

// form sends a form, or JSON, to a line that needs no body.
func (t *traffic) form(r *Request, l *Line) {
	if t.chance(0.3) {
		r.Body = new(`{"` + pick(&t.generator, []string{"page", "view", "View", "on_behalf", "on_behalf.x", "viewer"}) + `":"forged"}`)
		r.Headers = append(without(r.Headers, "content-type"), Header{"content-type", "application/json"})
		return
	}
	names := []string{"page", "view", "View", "on_behalf", "viewer"}
	for _, s := range l.Path {
		for _, name := range s.names() {
			names = append(names, name, t.twist(name))
		}
	}
	padding := ""
	if t.chance(0.1) {
		padding = strings.Repeat("&", t.between(250, 258))
	}
	r.Body = new("n=1&" + padding + pick(&t.generator, names) + "=forged")
	r.Headers = append(without(r.Headers, "content-type"), Header{"content-type", "application/x-www-form-urlencoded"})
}
