package stacks

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// oddity changes a request into one that some server may read in another way. It
// reports whether it could.
type oddity struct {
	name string
	do   func(*rand.Rand, *request) bool
}

var oddities = [...][]oddity{byPath: inPaths, byQuery: inQueries, byHeader: inHeaders, byForm: inForms, byJSON: inJSONs, noCarrier: inBodies}

// The carriers of ids.
const (
	byPath = iota
	byQuery
	byHeader
	byForm
	byJSON
	noCarrier
)

// carrier is where the line of a legitimate request finds its ids.
func carrier(q *request) int {
	switch {
	case q.kind != "" && jsoned(q):
		return byJSON
	case q.kind != "":
		return byForm
	case len(q.header) > 0:
		return byHeader
	case len(q.query) > 0 && (q.path == "/search" || q.path == "/batch" || q.path == "/each"):
		return byQuery
	}
	return byPath
}

// generate makes the request of a number: a legitimate one, or one with up to
// three oddities.
func generate(seed, number uint64) *request {
	r := rand.New(rand.NewPCG(seed, number))
	if number%4 == 0 {
		return legitimate(maker{Rand: r})
	}
	wild := r.IntN(3) == 0
	q := legitimate(maker{r, wild})
	want := 1 + r.IntN(3)
	if wild {
		q.odd, want = append(q.odd, "a wild id"), r.IntN(3)
	}
	for len(q.odd) < want {
		group := oddities[r.IntN(len(oddities))]
		if r.IntN(2) == 0 {
			group = oddities[q.carrier]
		}
		if o := pick(r, group...); o.do(r, q) {
			q.odd = append(q.odd, o.name)
		}
	}
	return q
}

// insert puts text at a place of s that r chooses, behind the first byte.
func insert(r *rand.Rand, s, text string) string {
	at := 1 + r.IntN(max(len(s), 1))
	at = min(at, len(s))
	return s[:at] + text + s[at:]
}

// escape writes one byte of s as %XX.
func escape(r *rand.Rand, s string, from int) string {
	if len(s) <= from {
		return s
	}
	at := from + r.IntN(len(s)-from)
	return s[:at] + fmt.Sprintf(pick(r, "%%%02x", "%%%02X"), s[at]) + s[at+1:]
}

// strange are spellings that decoders disagree about, for paths, queries and forms.
var strange = []string{
	"%2e", "%2E%2e", ".", "..", "%00", "%0a", "%0d%0a", "%09", "%20", "+", "%2b", "%25", "%2541", "%c0%ae", "%c0%af", "%e0%80%af", "%ff", "%u0041", "%", "%4", "%zz",
	"%ef%bc%8f", "%ef%bc%8e", "%e2%88%95", "%cc%81", "e%cc%81", "%c3%a9", "%e2%84%aa", "%c4%b1", "%ed%a0%80", "%f4%90%80%80", "%ef%bb%bf", "%e2%80%8b", "%c2%a0", "%7f", "%3b", ";", "%3f", "%23", "%26",
	"%3d", "=", "%5b%5d", "[]", "%2c", ",", "'", "\"", "%22", "|", "^", "`", "{", "}", "~", "!", "*", ":", "%3a", "@", "\\", "%5c", "\xe9", "\xc3\xa9",
}

// names are spellings that some framework takes for the parameter of that name.
func names(r *rand.Rand, name string) string {
	upper := strings.ToUpper(name[:1]) + name[1:]
	return pick(r, name, name, name+"[]", name+"[0]", name+"[a]", name+".x", name+"%5B%5D", "%20"+name, name+"%20", name+"+", "+"+name, upper, strings.ToUpper(name), escape(r, name, 0),
		name+"%00", name+"%00x", "["+name+"]", "."+name, name+"[", name+"]", "%EF%BB%BF"+name, name+"%0a", name+"%e2%80%8b", name+"[][x]", name+"[__proto__]", "_method", "a["+name+"]", "amp;"+name)
}
