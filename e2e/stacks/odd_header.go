package stacks

import (
	"math/rand/v2"
	"strings"
)

var inHeaders = []oddity{
	{"another method by a header", func(r *rand.Rand, q *request) bool {
		name := pick(r, "X-HTTP-Method-Override", "X-Http-Method", "X-Method-Override", "x-http-method-override", "X_HTTP_METHOD_OVERRIDE", "X-HTTP-Method-Override ")
		q.header = append(q.header, name+": "+pick(r, "DELETE", "GET", "delete", "POST", "DELETE, GET"))
		return true
	}},
	{"another method", func(r *rand.Rand, q *request) bool {
		q.method = pick(r, "GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "get", "TRACE", "GETT")
		return true
	}},
	{"the header again", func(r *rand.Rand, q *request) bool {
		q.header = append(q.header, pick(r, "X-Item", "x-item", "X_Item", "X-Item ", "X.Item", "x-item%00", "X-ITEM")+":"+pick(r, " ", "", "\t", "  ")+plain(r))
		return true
	}},
	{"the header spelt otherwise", func(r *rand.Rand, q *request) bool {
		for i, line := range q.header {
			if name, text, ok := strings.Cut(line, ": "); ok && strings.EqualFold(name, "x-item") {
				q.header[i] = name + pick(r, ":", ": ", ":\t", ":  ") + pick(r, text+",", text+", "+plain(r), " "+text+" ", text+"\t", "\""+text+"\"", insert(r, text, pick(r, strange...)), text+"\x00", text+"\x7f", "=?utf-8?q?"+text+"?=")
				return true
			}
		}
		return false
	}},
	{"the header beyond ASCII", func(r *rand.Rand, q *request) bool {
		for i, line := range q.header {
			if name, text, ok := strings.Cut(line, ": "); ok && strings.EqualFold(name, "x-item") {
				q.header[i] = name + ": " + insert(r, text, pick(r, "\xe9", "é", "日", "e\u0301", "\u00a0", "\ufeff", "\x85", "\u2028", "ﬁ"))
				return true
			}
		}
		return false
	}},
	{"where the path was", func(r *rand.Rand, q *request) bool {
		q.header = append(q.header, pick(r, "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Script-Name", "X-Forwarded-Prefix", "X-Original-Uri")+": "+pick(r, "/items/", "/form?id=", "/")+plain(r))
		return true
	}},
	{"another host", func(r *rand.Rand, q *request) bool {
		q.header = append(q.header, pick(r, "X-Forwarded-Host", "X-Host", "Forwarded", "Host")+": "+pick(r, Stacks...))
		return true
	}},
	{"a length or an encoding", func(r *rand.Rand, q *request) bool {
		q.header = append(q.header, pick(r, "Content-Encoding: identity", "Content-Encoding: gzip", "Content-Encoding: ", "Expect: 100-continue", "Accept-Encoding: gzip", "TE: trailers", "X-Requested-With: x"))
		return true
	}},
	{"another content type", func(r *rand.Rand, q *request) bool {
		q.kind = pick(r, "", "text/plain", "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-16", "application/json; charset=utf-7", "application/problem+json", "application/x-www-form-urlencoded",
			"application/x-www-form-urlencoded; charset=iso-8859-1", "Application/JSON", "application/json, text/plain", "text/json", "application/json;", "multipart/form-data; boundary=x", "multipart/mixed; boundary=x",
			"application/x-www-form-urlencoded, application/json", " application/json", "application/json\t", "application/jsonx", "application/xml")
		return true
	}},
	{"the content type again", func(r *rand.Rand, q *request) bool {
		q.header = append(q.header, "Content-Type: "+pick(r, "application/json", "application/x-www-form-urlencoded", "text/plain"))
		return true
	}},
}
