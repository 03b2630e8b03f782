package stacks

import (
	"math/rand/v2"
	"strings"
)

var inPaths = []oddity{
	{"a byte escaped", func(r *rand.Rand, q *request) bool { q.path = escape(r, q.path, 1); return true }},
	{"every byte escaped", func(r *rand.Rand, q *request) bool {
		at := strings.LastIndexByte(q.path, '/') + 1
		var b strings.Builder
		for i := range len(q.path) - at {
			b.WriteString(escape(r, q.path[at+i:at+i+1], 0))
		}
		q.path = q.path[:at] + b.String()
		return true
	}},
	{"strange text in the path", func(r *rand.Rand, q *request) bool { q.path = insert(r, q.path, pick(r, strange...)); return true }},
	{"strange text at the path's end", func(r *rand.Rand, q *request) bool { q.path += pick(r, strange...); return true }},
	{"a segment", func(r *rand.Rand, q *request) bool {
		q.path = insert(r, q.path, pick(r, "/", "//", "/./", "/../", "/..;/", "/.;/", "/%2e%2e/", "/%2e/", "%2f", "%2F", "%252f", "%2f..%2f", "/x/../", "\\", "%5c", "..%5c", "/;/", "/ /", "%2f%2f", "%2f.%2f", "/x"))
		return true
	}},
	{"a trailing slash", func(r *rand.Rand, q *request) bool {
		q.path += pick(r, "/", "//", "/.", "%2f", "/%20", "%20", ".")
		return true
	}},
	{"a parameter of the path", func(r *rand.Rand, q *request) bool {
		q.path = insert(r, q.path, pick(r, ";a=b", ";", ";/", ";id=x", ";jsessionid=1", "%3bid=x"))
		return true
	}},
	{"an ending", func(r *rand.Rand, q *request) bool {
		q.path += pick(r, ".json", ".", "%2ejson", ":cancel", ":Cancel", "%3acancel", "...x", "....", "?", "#x", "%23x", "%3fid=x")
		return true
	}},
	{"another case", func(r *rand.Rand, q *request) bool {
		at := r.IntN(len(q.path))
		q.path = q.path[:at] + strings.ToUpper(q.path[at:min(at+2, len(q.path))]) + q.path[min(at+2, len(q.path)):]
		return true
	}},
	{"an absolute target", func(r *rand.Rand, q *request) bool {
		if !strings.HasPrefix(q.path, "/") {
			return false
		}
		q.path = pick(r, "http://", "https://", "HTTP://") + pick(r, q.stack, "other.example.com", "u@"+q.stack) + q.path
		return true
	}},
	{"another line's path", func(r *rand.Rand, q *request) bool {
		other := legitimate(maker{Rand: r})
		q.path = other.path
		return true
	}},
}

var inQueries = []oddity{
	{"a parameter more", func(r *rand.Rand, q *request) bool {
		q.query = append(q.query, names(r, pick(r, "id", "ids", "name", "owner", "path", "base", "item", "items"))+"="+value(r))
		return true
	}},
	{"a parameter before", func(r *rand.Rand, q *request) bool {
		q.query = append([]string{names(r, pick(r, "id", "ids", "name")) + pick(r, "=", "", "%3d", "==") + value(r)}, q.query...)
		return true
	}},
	{"a name spelt otherwise", func(r *rand.Rand, q *request) bool {
		if len(q.query) == 0 {
			return false
		}
		at := r.IntN(len(q.query))
		name, rest, _ := strings.Cut(q.query[at], "=")
		if name == "" {
			return false
		}
		q.query[at] = names(r, name) + "=" + rest
		return true
	}},
	{"strange text in the query", func(r *rand.Rand, q *request) bool {
		if len(q.query) == 0 {
			return false
		}
		at := r.IntN(len(q.query))
		q.query[at] = insert(r, q.query[at], pick(r, strange...))
		return true
	}},
	{"a byte of the query escaped", func(r *rand.Rand, q *request) bool {
		if len(q.query) == 0 {
			return false
		}
		at := r.IntN(len(q.query))
		q.query[at] = escape(r, q.query[at], 0)
		return true
	}},
	{"another separator", func(r *rand.Rand, q *request) bool {
		q.query = append(q.query, pick(r, "a=b;id=", "a=b%26id=", "a=b&amp;id=", "a=b|id=", "a=b&&id=", "&id=", "?id=", "a=b,id=", "a=b\tid=")+plain(r))
		return true
	}},
	{"many parameters", func(r *rand.Rand, q *request) bool {
		for range pick(r, 30, 120, 255, 300) {
			q.query = append(q.query, "x=1")
		}
		q.query = append(q.query, "id="+plain(r))
		return true
	}},
}
