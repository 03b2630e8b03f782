package stacks

import (
	"math/rand/v2"
	"strings"
)

func formed(q *request) bool { return strings.HasPrefix(q.kind, "application/x-www-form-urlencoded") }
func parted(q *request) bool {
	return strings.HasPrefix(q.kind, "multipart/form-data; boundary=b") && strings.Contains(q.body, "\r\n")
}
func jsoned(q *request) bool { return strings.HasPrefix(q.body, "{") }

var inForms = []oddity{
	{"a field more", func(r *rand.Rand, q *request) bool {
		if !formed(q) {
			return false
		}
		field := names(r, "id") + pick(r, "=", "=", "", "%3d") + value(r)
		q.body = pick(r, q.body+"&"+field, field+"&"+q.body, q.body+";"+field)
		return true
	}},
	{"strange text in the form", func(r *rand.Rand, q *request) bool {
		if !formed(q) {
			return false
		}
		q.body = insert(r, q.body, pick(r, strange...))
		return true
	}},
	{"a byte of the form escaped", func(r *rand.Rand, q *request) bool {
		if !formed(q) {
			return false
		}
		q.body = escape(r, q.body, 0)
		return true
	}},
	{"a part more", func(r *rand.Rand, q *request) bool {
		if !parted(q) {
			return false
		}
		name := pick(r, `name="id"`, `name=id`, `name="ID"`, `name="id[]"`, `name="i\d"`, `name='id'`, `name="id"; filename="a"`, `name*=utf-8''id`, `name="x"; name="id"`, `Name="id"`, `name = "id"`, `name="%69d"`, `name="id`, `name="id "`,
			`filename="name=\"x\""; name="id"`, `name="x\"; name=\"id"`)
		head := pick(r, "Content-Disposition: form-data; ", "content-disposition:form-data;", "Content-Disposition: attachment; ", "Content-Disposition: form-data;\r\n ") + name +
			pick(r, "", "", "\r\nContent-Type: text/plain; charset=utf-16", "\r\nContent-Transfer-Encoding: base64", "\r\nContent-Type: application/json", "\r\nContent-ID: id")
		boundary := q.kind[strings.Index(q.kind, "boundary=")+len("boundary="):]
		part := "--" + boundary + pick(r, "\r\n", "\r\n", "\n", " \r\n", "\t\r\n") + head + pick(r, "\r\n\r\n", "\r\n\r\n", "\n\n") + plain(r) + "\r\n"
		q.body = pick(r, part+q.body, strings.Replace(q.body, "\r\n--"+boundary+"\r\n", "\r\n"+part+"--"+boundary+"\r\n", 1), q.body+part, part+"--"+boundary+"--\r\n"+q.body)
		return true
	}},
	{"another boundary", func(r *rand.Rand, q *request) bool {
		if !parted(q) {
			return false
		}
		boundary := q.kind[strings.Index(q.kind, "boundary=")+len("boundary="):]
		q.kind = pick(r, `multipart/form-data; boundary="`+boundary+`"`, "multipart/form-data; boundary=x; boundary="+boundary, "multipart/form-data; boundary="+boundary+"; boundary=x", "multipart/form-data; charset=utf-16; boundary="+boundary,
			"multipart/form-data;boundary="+boundary+" ", "Multipart/Form-Data; BOUNDARY="+boundary, "multipart/form-data; boundary="+boundary+",x", "multipart/form-data; boundary*0="+boundary, "multipart/related; boundary="+boundary)
		return true
	}},
}

var inJSONs = []oddity{
	{"a member more", func(r *rand.Rand, q *request) bool {
		if !jsoned(q) {
			return false
		}
		name := pick(r, `"id"`, `"ID"`, `"Id"`, `"\u0069d"`, `"id\u0000"`, `"ıd"`, `"item"`, `"items"`, `"Item"`, `"__proto__"`, `"_method"`, `id`, `'id'`, `"id "`, `"ｉd"`, `"id[]"`, `"item.id"`)
		member := name + ":" + pick(r, `"`+plain(r)+`"`, `{"id":"`+plain(r)+`"}`, `[{"id":"`+plain(r)+`"}]`, "null", "7", "DELETE", `["`+plain(r)+`"]`)
		q.body = pick(r, "{"+member+","+q.body[1:], strings.TrimSuffix(q.body, "}")+","+member+"}", strings.Replace(q.body, `{"id"`, "{"+member+`,"id"`, 1))
		return true
	}},
	{"another value", func(r *rand.Rand, q *request) bool {
		at := strings.Index(q.body, `"id":"`)
		if !jsoned(q) || at < 0 {
			return false
		}
		at += len(`"id":`)
		end := at + 1 + strings.IndexByte(q.body[at+1:], '"') + 1
		q.body = q.body[:at] + pick(r, "7", "7.0", "-0", "1e2", "100.0", "12345678901234567890", "0.1", "1E400", "true", "null", "[]", "{}", `["a"]`, `["a","b"]`, `{"id":"a"}`, `"\ud800"`, `"\u00e9"`, `"e\u0301"`, `"a\u0000"`, `"\/"`, `" a"`, `"a "`,
			"NaN", "Infinity", "0x10", "010", "+1", ".5", "'a'", `"a`+"\xff"+`"`, `"a`+"\n"+`"`, `"\x61"`, `"\ud83d\ude00"`, `"a/b"`, `""`, `"ﬁ"`, `"\ufeffa"`, `1_000`, `9007199254740993`) + q.body[end:]
		return true
	}},
	{"text around", func(r *rand.Rand, q *request) bool {
		if !jsoned(q) {
			return false
		}
		q.body = pick(r, "\xef\xbb\xbf"+q.body, q.body+q.body, q.body+"x", q.body+"\n{}", " "+q.body+" ", "["+q.body+"]", ")]}',\n"+q.body, q.body+"\x00", "/*x*/"+q.body, q.body+"//x", "\x0b"+q.body, "\xa0"+q.body)
		return true
	}},
	{"strange text in JSON", func(r *rand.Rand, q *request) bool {
		if !jsoned(q) {
			return false
		}
		q.body = insert(r, q.body, pick(r, ",", "\x00", "\\", "\t", "\n", "/**/", " ", "\xff", `"`, `\"`, `\u0000`, "}", "]", ":", "\u2028"))
		return true
	}},
}

var inBodies = []oddity{
	{"a length that is not said", func(_ *rand.Rand, q *request) bool { q.chunks = true; return q.body != "" }},
	{"a body", func(r *rand.Rand, q *request) bool {
		if q.body != "" {
			return false
		}
		switch r.IntN(3) {
		case 0:
			urlencoded(maker{Rand: r}, q)
		case 1:
			parts(maker{Rand: r}, q)
		default:
			inJSON(q, map[string]any{pick(r, "id", "_method", "ids", "name"): pick(r, id(r), "DELETE")})
		}
		return true
	}},
	{"no body", func(_ *rand.Rand, q *request) bool { q.body = ""; return true }},
	{"a body of another kind", func(r *rand.Rand, q *request) bool {
		if q.body == "" {
			return false
		}
		switch r.IntN(3) {
		case 0:
			urlencoded(maker{Rand: r}, q)
		case 1:
			parts(maker{Rand: r}, q)
		default:
			inJSON(q, map[string]any{"id": id(r), "item": map[string]string{"id": id(r)}})
		}
		return true
	}},
}
