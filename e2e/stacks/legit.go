package stacks

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"mime/multipart"
	"net/url"
	"strings"
)

// Stacks are the hosts of the servers behind.
var Stacks = []string{"go.example.com", "chi.example.com", "express.example.com", "flask.example.com"}

// ways are the carriers of ids, one for each line of the example's map.
var ways = []func(*rand.Rand, *request){
	func(r *rand.Rand, q *request) { q.method, q.path = "GET", "/items/"+seg(r) },
	func(r *rand.Rand, q *request) { q.method, q.path = "DELETE", "/items/"+seg(r) },
	func(r *rand.Rand, q *request) { q.method, q.path = "POST", "/items/"+seg(r)+":cancel" },
	func(r *rand.Rand, q *request) { q.method, q.path = "GET", "/repos/"+seg(r)+"/"+seg(r) },
	func(r *rand.Rand, q *request) { q.method, q.path = "GET", "/files/"+segs(r) },
	func(r *rand.Rand, q *request) {
		q.method, q.path = "GET", "/packages/"+pick(r, seg(r), "@"+seg(r)+"%2f"+seg(r), "%40"+seg(r)+"%2F"+seg(r))
	},
	func(r *rand.Rand, q *request) { q.method, q.path = "GET", "/compare/"+plain(r)+"..."+plain(r) },
	func(r *rand.Rand, q *request) {
		q.method, q.path, q.query = "GET", "/search", []string{"id=" + value(r)}
	},
	func(r *rand.Rand, q *request) {
		q.method, q.path, q.query = "GET", "/batch", []string{"ids=" + plain(r) + pick(r, ",", "%2C") + plain(r)}
	},
	func(r *rand.Rand, q *request) {
		q.method, q.path, q.query = "GET", "/each", []string{"id=" + value(r), "id=" + value(r)}
	},
	func(r *rand.Rand, q *request) {
		q.method, q.path, q.header = "GET", "/header", []string{"X-Item: " + plain(r)}
	},
	func(r *rand.Rand, q *request) { q.method, q.path = "POST", "/form"; urlencoded(r, q) },
	func(r *rand.Rand, q *request) { q.method, q.path = "POST", "/form"; parts(r, q) },
	func(r *rand.Rand, q *request) {
		q.method, q.path = "POST", "/json"
		inJSON(q, map[string]any{"id": id(r), "note": id(r)})
	},
	func(r *rand.Rand, q *request) {
		q.method, q.path = "POST", "/deep"
		inJSON(q, map[string]any{"item": map[string]any{"id": id(r), "kind": "x"}, "note": 7})
	},
	func(r *rand.Rand, q *request) {
		q.method, q.path = "POST", "/list"
		inJSON(q, map[string]any{"items": []any{map[string]any{"id": id(r)}, map[string]any{"id": id(r), "n": 1.5}}})
	},
}

// legitimate is a request as a careful client sends it.
func legitimate(r *rand.Rand) *request {
	q := &request{stack: Stacks[r.IntN(len(Stacks))], lax: r.IntN(2) == 0}
	ways[r.IntN(len(ways))](r, q)
	if r.IntN(4) == 0 {
		q.query = append(q.query, "page="+plain(r))
	}
	return q
}

func urlencoded(r *rand.Rand, q *request) {
	q.kind = "application/x-www-form-urlencoded"
	q.body = url.Values{"id": {id(r)}, "note": {id(r)}}.Encode()
}

func parts(r *rand.Rand, q *request) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("b" + plain(r)) // of letters and digits
	_ = w.WriteField("id", id(r))
	_ = w.WriteField("note", "n")
	_ = w.Close()
	q.kind, q.body = w.FormDataContentType(), b.String()
}

func inJSON(q *request, v any) {
	text, _ := json.Marshal(v) // texts and numbers
	q.kind, q.body = "application/json", string(text)
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// plain is an id that no carrier spells in another way.
func plain(r *rand.Rand) string {
	b := make([]byte, 1+r.IntN(10))
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return string(b)
}

// id may have characters that carriers escape.
func id(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return plain(r) + pick(r, " ", "é", "日本", "@", "-", "_", "~", "!", "$", "'", "(", ")", "*", "#", "&", "=", "|", "<", "€", "😀") + plain(r)
	default:
		return plain(r)
	}
}

// seg has no #, which paths may not have in any spelling.
func seg(r *rand.Rand) string { return url.PathEscape(strings.ReplaceAll(id(r), "#", "+")) }

// value has no +, which is a space to some and itself to others.
func value(r *rand.Rand) string { return strings.ReplaceAll(url.QueryEscape(id(r)), "+", "%20") }

func segs(r *rand.Rand) string {
	all := make([]string, 1+r.IntN(4))
	for i := range all {
		all[i] = seg(r)
	}
	return strings.Join(all, "/")
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
