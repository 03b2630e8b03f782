package spec

import (
	"slices"
	"strings"
)

// maxMeets bounds the lines that are added for paths which two templates match.
const maxMeets = 2000

// meets adds lines for the paths that two templates match and neither is narrower,
// such as /a/{x}/c and /a/b/{y} for /a/b/c. Nothing in a specification says which
// one a server takes, so such a line has the targets of both: each must be allowed.
func (g *guesser) meets() {
	type group struct {
		method string
		length int
	}
	groups := map[group][]*draft{}
	known := map[string]bool{}
	for _, d := range g.drafts {
		at := group{d.place.op.Method, len(d.place.segs)}
		groups[at] = append(groups[at], d)
		known[at.method+" "+shapeOf(template(d.place.segs))] = true
	}
	added := 0
	for i := 0; i < len(g.drafts); i++ { // grows: those that are added may meet others
		d := g.drafts[i]
		at := group{d.place.op.Method, len(d.place.segs)}
		for j := 0; j < len(groups[at]) && added < maxMeets; j++ {
			other := groups[at][j]
			if other == d || !crossing(d.place.segs, other.place.segs) {
				continue
			}
			both := meet(d, other)
			if key := at.method + " " + shapeOf(template(both.place.segs)); !known[key] {
				known[key] = true
				added++
				g.drafts, groups[at] = append(g.drafts, both), append(groups[at], both)
			}
		}
	}
}

// crossing reports whether two templates of one length match a common path and
// each matches some that the other does not. Of text beside captures it says no:
// the compiler of lines judges that.
func crossing(a, b []segment) bool {
	aWider, bWider := false, false
	for i := range a {
		x, y := &a[i], &b[i]
		switch {
		case x.rest || y.rest:
			return false
		case x.literal() && y.literal():
			if x.text[0] != y.text[0] {
				return false
			}
		case x.whole() && y.literal() && y.text[0] != "":
			aWider = true
		case y.whole() && x.literal() && x.text[0] != "":
			bWider = true
		case x.whole() && y.whole():
		default:
			if !slices.Equal(x.text, y.text) {
				return false
			}
		}
	}
	return aWider && bWider
}

// whole reports whether a segment is one parameter and no text.
func (s *segment) whole() bool { return len(s.params) == 1 && s.text[0] == "" && s.text[1] == "" }

// meet is the draft for what both match.
func meet(a, b *draft) *draft {
	segs := slices.Clone(a.place.segs)
	inA, inB := map[string]string{}, map[string]string{}
	for i := range segs {
		x, y := &a.place.segs[i], &b.place.segs[i]
		if !x.literal() && y.literal() {
			segs[i] = *y
			inA[x.params[0]] = y.text[0]
		}
		for j := range y.params {
			if x.literal() {
				inB[y.params[j]] = x.text[0]
			} else {
				inB[y.params[j]] = "{" + x.params[j] + "}"
			}
		}
	}
	path := template(segs)
	op := &Operation{
		Name: a.place.op.Method + " " + path, Key: a.place.op.Method + " " + shapeOf(path), Method: a.place.op.Method,
		Path: path, rest: a.place.op.rest,
	}
	both := &draft{place: &place{op: op, segs: segs}}
	both.guess("two operations have such paths")
	both.targets = append(replaced(a.targets, inA), replaced(b.targets, inB)...)
	both.targets = slices.CompactFunc(both.targets, func(x, y target) bool { return x.text("") == y.text("") })
	for _, q := range slices.Concat(a.query, b.query) {
		if !slices.Contains(both.query, q) {
			both.query = append(both.query, q)
		}
	}
	return both
}

// replaced are targets with other words for captures.
func replaced(targets []target, by map[string]string) []target {
	swap := func(list []string) []string {
		out := slices.Clone(list)
		for i := range out {
			if word, ok := by[strings.Trim(out[i], "{}")]; ok && strings.HasPrefix(out[i], "{") {
				out[i] = word
			}
		}
		return out
	}
	out := slices.Clone(targets)
	for i := range out {
		t := &out[i]
		t.ids, t.inIDs, t.bounds = swap(t.ids), swap(t.inIDs), slices.Clone(t.bounds)
		for j := range t.bounds {
			t.bounds[j][1] = swap([]string{t.bounds[j][1]})[0]
		}
	}
	return out
}
