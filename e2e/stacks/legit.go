package stacks

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
)

// Stacks are the hosts of the servers behind.
var Stacks = []string{"go.example.com", "chi.example.com", "express.example.com", "flask.example.com"}

// ways are the carriers of ids, one for each line of the example's map.
var ways = []func(maker, *request){
	func(m maker, q *request) { q.method, q.path = "GET", "/items/"+m.seg() },
	func(m maker, q *request) { q.method, q.path = "DELETE", "/items/"+m.seg() },
	func(m maker, q *request) { q.method, q.path = "POST", "/items/"+m.seg()+":cancel" },
	func(m maker, q *request) { q.method, q.path = "GET", "/repos/"+m.seg()+"/"+m.seg() },
	func(m maker, q *request) { q.method, q.path = "GET", "/files/"+m.segs() },
	func(m maker, q *request) {
		q.method, q.path = "GET", "/packages/"+pick(m.Rand, m.seg(), "@"+m.seg()+"%2f"+m.seg(), "%40"+m.seg()+"%2F"+m.seg())
	},
	func(m maker, q *request) { q.method, q.path = "GET", "/compare/"+m.plain()+"..."+m.plain() },
	func(m maker, q *request) {
		q.method, q.path, q.query = "GET", "/search", []string{"id=" + m.value()}
	},
	func(m maker, q *request) {
		q.method, q.path, q.query = "GET", "/batch", []string{"ids=" + m.plain() + pick(m.Rand, ",", "%2C") + m.plain()}
	},
	func(m maker, q *request) {
		q.method, q.path, q.query = "GET", "/each", []string{"id=" + m.value(), "id=" + m.value()}
	},
	func(m maker, q *request) {
		q.method, q.path, q.header = "GET", "/header", []string{"X-Item: " + m.plain()}
	},
	func(m maker, q *request) { q.method, q.path = "POST", "/form"; urlencoded(m, q) },
	func(m maker, q *request) { q.method, q.path = "POST", "/form"; parts(m, q) },
	func(m maker, q *request) {
		q.method, q.path = "POST", "/json"
		inJSON(q, map[string]any{"id": m.id(), "note": m.id()})
	},
	func(m maker, q *request) {
		q.method, q.path = "POST", "/deep"
		inJSON(q, map[string]any{"item": map[string]any{"id": m.id(), "kind": "x"}, "note": 7})
	},
	func(m maker, q *request) {
		q.method, q.path = "POST", "/list"
		inJSON(q, map[string]any{"items": []any{map[string]any{"id": m.id()}, map[string]any{"id": m.id(), "n": 1.5}}})
	},
}

// legitimate is a request as a careful client sends it.
func legitimate(m maker) *request {
	q := &request{stack: Stacks[m.IntN(len(Stacks))], lax: m.IntN(2) == 0}
	ways[m.IntN(len(ways))](m, q)
	if !q.lax && m.IntN(2) == 0 { // as encodeURIComponent writes them; the lax Envoy does not send bytes
		q.path = strings.ReplaceAll(q.path, "%21", "!")
		for i := range q.query {
			q.query[i] = strings.ReplaceAll(q.query[i], "%21", "!")
		}
	}
	q.carrier = carrier(q)
	if m.IntN(4) == 0 {
		q.query = append(q.query, "page="+plain(m.Rand))
	}
	return q
}

func urlencoded(m maker, q *request) {
	q.kind = "application/x-www-form-urlencoded"
	q.body = url.Values{"id": {m.id()}, "note": {m.id()}}.Encode()
}

func parts(m maker, q *request) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.SetBoundary("b" + plain(m.Rand)) // of letters and digits
	_ = w.WriteField("id", m.id())
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

// value has no +, which is a space to some and itself to others.
func value(r *rand.Rand) string { return maker{Rand: r}.value() }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// maker makes ids. Wild ones are what no careful client has for an id, in the spelling
// that a careful client would give it.
type maker struct {
	*rand.Rand

	wild bool
}

// runes are characters that servers fold, trim, split at or decode once more.
var runes = []rune("aA0 \t\n\r\x00\x1f\x7f%+/\\.;?#&=,:'\"<>[]{}|!~@$*()-_éÉ\u0301ßıİſKﬁ／．％Ａ\u00a0\u2028\u200b\u200d\ufeff\ufffd\u202e日😀\U000e0041")

func (m maker) plain() string {
	if !m.wild {
		return plain(m.Rand)
	}
	out := []rune(plain(m.Rand)[:1])
	for range 1 + m.IntN(3) {
		out = slices.Insert(out, m.IntN(len(out)+1), runes[m.IntN(len(runes))])
	}
	return string(out)
}

func (m maker) id() string {
	if m.wild {
		return m.plain()
	}
	return id(m.Rand)
}

// seg is a segment. A tame one has no #, which paths may not have in any spelling.
func (m maker) seg() string {
	if m.wild {
		return url.PathEscape(m.plain())
	}
	return url.PathEscape(strings.ReplaceAll(id(m.Rand), "#", "+"))
}

func (m maker) value() string { return strings.ReplaceAll(url.QueryEscape(m.id()), "+", "%20") }

func (m maker) segs() string {
	all := make([]string, 1+m.IntN(4))
	for i := range all {
		all[i] = m.seg()
	}
	return strings.Join(all, "/")
}
