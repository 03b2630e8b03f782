package resolver

import (
	"slices"
	"strings"
)

// relation of the requests that two overlapping lines match.
type relation uint8

const (
	equal    relation = 0
	inside   relation = 1 // the first matches only what the second does
	outside  relation = 2
	crossing relation = inside | outside
)

// relate relates two lines, if there is a request that both match.
func relate(a, b *Operation) (r relation, overlap bool) {
	r, overlap = relateMethods(a, b)
	if !overlap {
		return 0, false
	}
	paths, overlap := relatePaths(a.segments, b.segments)
	return r | paths, overlap
}

func relateMethods(a, b *Operation) (r relation, overlap bool) {
	switch {
	case a.Method == b.Method:
		return equal, true
	case a.Method == "ANY":
		return outside, true
	case b.Method == "ANY":
		return inside, true
	}
	if strings.IndexByte(a.Method, '|') < 0 && strings.IndexByte(b.Method, '|') < 0 {
		return 0, false
	}
	for _, m := range a.methods() {
		if slices.Contains(b.methods(), m) {
			overlap = true
		} else {
			r |= outside
		}
	}
	for _, m := range b.methods() {
		if !slices.Contains(a.methods(), m) {
			r |= inside
		}
	}
	return r, overlap
}

// relatePaths relates two templates, if there is a path that both match.
func relatePaths(a, b []segment) (r relation, overlap bool) {
	if simple(a) && simple(b) {
		if !meets(a, b) {
			return 0, false
		}
		return relateSimple(a, b), true
	}
	if apart(a, b) {
		return 0, false
	}
	a, b = differing(a, b)
	la, lb := languageOf(a), languageOf(b)
	if _, overlap = pathIn([]language{la, lb}, nil); !overlap {
		return 0, false
	}
	if _, more := pathIn([]language{la}, []language{lb}); more {
		r |= outside
	}
	if _, more := pathIn([]language{lb}, []language{la}); more {
		r |= inside
	}
	return r, true
}

// meets reports whether some path is matched by two simple templates.
func meets(a, b []segment) bool {
	for i := 0; ; i++ {
		switch {
		case i == len(a) || i == len(b):
			return len(a) == len(b)
		case a[i].kind == rest:
			return filled(b)
		case b[i].kind == rest:
			return filled(a)
		case disjoint(&a[i], &b[i]):
			return false
		}
	}
}

// filled reports whether a template's last segment is not the empty one.
func filled(segs []segment) bool {
	last := &segs[len(segs)-1]
	return last.kind != literal || last.text != ""
}

// disjoint reports, at a glance, that two segments have no text in common.
func disjoint(a, b *segment) bool {
	if a.kind > b.kind {
		a, b = b, a
	}
	switch {
	case a.kind == literal && b.kind == literal:
		return a.text != b.text
	case a.kind == literal && b.kind == mixed:
		return !matches(b.pattern.text, a.text)
	case a.kind == literal:
		return a.text == ""
	case a.kind == mixed && b.kind == mixed:
		x, y := a.pattern.text, b.pattern.text
		return !eitherWay(strings.HasPrefix, x[0], y[0]) || !eitherWay(strings.HasSuffix, x[len(x)-1], y[len(y)-1])
	}
	return false
}

func eitherWay(has func(s, part string) bool, a, b string) bool { return has(a, b) || has(b, a) }

// relateSimple relates two simple templates that meet: they are of one length,
// or the shorter ends in a rest.
func relateSimple(a, b []segment) relation {
	var r relation
	for i := range min(len(a), len(b)) {
		switch {
		case a[i].kind < b[i].kind:
			r |= inside
		case a[i].kind > b[i].kind:
			r |= outside
		}
	}
	switch {
	case len(a) > len(b):
		r |= inside
	case len(a) < len(b):
		r |= outside
	}
	return r
}

// apart reports, at a glance, that no path is matched by both templates. It
// compares what stands in front of the first rest, and behind it.
func apart(a, b []segment) bool {
	atA, atB := restOf(a), restOf(b)
	if atA < 0 && atB < 0 && len(a) != len(b) || atA < 0 && least(b) > len(a) || atB < 0 && least(a) > len(b) {
		return true
	}
	for i := range a {
		if i == atA || i == atB || i == len(b) {
			break
		}
		if disjoint(&a[i], &b[i]) {
			return true
		}
	}
	for i := 1; i <= min(len(a), len(b)); i++ {
		if len(a)-i == atA || len(b)-i == atB {
			break
		}
		if disjoint(&a[len(a)-i], &b[len(b)-i]) {
			return true
		}
	}
	return false
}

// restOf is the place of the segment that stands for any number, or -1.
func restOf(segs []segment) int {
	return slices.IndexFunc(segs, func(s segment) bool { return s.kind.many() })
}

// least is how many segments a path has at least that a template matches.
func least(segs []segment) int {
	if at := restOf(segs); at >= 0 {
		return len(segs) - 1 + segs[at].kind.least()
	}
	return len(segs)
}

// differing drops the literals that two templates begin with alike.
func differing(a, b []segment) (restA, restB []segment) {
	n := 0
	for n < min(len(a), len(b))-1 && a[n].kind == literal && b[n].kind == literal && a[n].text == b[n].text {
		n++
	}
	return a[n:], b[n:]
}
