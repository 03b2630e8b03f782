package rules

import "strings"

// Hierarchical names are those whose segments stand between slashes: names of
// resources (AIP-122), SPIFFE IDs, keys of files. The first part may be a root:
// scheme://authority, //service or a slash.

// rootOf returns how long the root of a name is, which is no segment: 0 for none.
func rootOf(name string) int {
	scheme, rest, ok := strings.Cut(name, "//")
	switch {
	case ok && (scheme == "" || strings.Index(scheme, ":") == len(scheme)-1 && len(scheme) > 1 && !strings.Contains(scheme, "/")):
		authority, _, _ := strings.Cut(rest, "/")
		return len(scheme) + len("//") + len(authority)
	case strings.HasPrefix(name, "/"):
		return 1
	}
	return 0
}

// segmentsOf returns the part of a name behind its root. ok is false for what is no
// hierarchical name, or one that two readers could take for two names: with an empty
// segment, . or .., or with a character that escapes, ends or hides something.
func segmentsOf(name string) (rest string, ok bool) {
	if name == "" || strings.ContainsFunc(name, ambiguous) {
		return "", false
	}
	root := rootOf(name)
	if root > 1 && strings.HasSuffix(name[:root], "/") {
		return "", false // a root without an authority
	}
	rest = name[root:]
	if root > 1 {
		rest = strings.TrimPrefix(rest, "/")
		if rest == "" {
			return "", len(name) == root
		}
	}
	for segment := range strings.SplitSeq(rest, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", false
		}
	}
	return rest, true
}

func ambiguous(r rune) bool {
	return r <= ' ' || r == 0x7f || r == '%' || r == '\\' || r == '?' || r == '#' || hidden(r)
}

// isUnder reports whether a name is another or one below it, whole segments
// compared. Both are hierarchical names.
func isUnder(name, top string) bool {
	below, ok := strings.CutPrefix(name, top)
	return ok && len(top) >= rootOf(name) && (below == "" || below[0] == '/')
}

// segmentAt returns the segment of a name by its place, from 0.
func segmentAt(rest string, place int64) (string, bool) {
	for segment := range strings.SplitSeq(rest, "/") {
		if place == 0 {
			return segment, segment != ""
		}
		place--
	}
	return "", false
}

// segmentOf returns the segment behind a collection, as in projects/p1/disks/d1,
// where collections and ids take turns. An id that is called like a collection is none.
func segmentOf(rest, collection string) (string, bool) {
	name := ""
	place := 0
	for segment := range strings.SplitSeq(rest, "/") {
		if place%2 == 1 && name == collection {
			return segment, true
		}
		name = segment
		place++
	}
	return "", false
}
