package rules

import (
	"cmp"
	"strings"
)

// version is a version as Semantic Versioning 2.0.0 has it, without its build
// metadata, which has no part in the order.
type version struct {
	core [3]string // decimal, of any length
	pre  []string  // nil for a release
}

// parseVersion reads a version, which has no v before it and all its three numbers.
func parseVersion(text string) (v version, ok bool) {
	text, build, hasBuild := strings.Cut(text, "+")
	if hasBuild && !identifiers(build, false) {
		return v, false
	}
	core, pre, hasPre := strings.Cut(text, "-")
	if hasPre {
		if !identifiers(pre, true) {
			return v, false
		}
		v.pre = strings.Split(pre, ".")
	}
	numbers := strings.Split(core, ".")
	if len(numbers) != len(v.core) {
		return v, false
	}
	for i, n := range numbers {
		if !numeric(n) || n[0] == '0' && n != "0" {
			return v, false
		}
		v.core[i] = n
	}
	return v, true
}

const (
	digits          = "0123456789"
	identifierBytes = digits + "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"
)

// identifiers checks a list of identifiers between dots; the numbers among them must
// not begin with a needless zero where they are compared.
func identifiers(list string, compared bool) bool {
	for id := range strings.SplitSeq(list, ".") {
		if id == "" || strings.Trim(id, identifierBytes) != "" || compared && numeric(id) && id[0] == '0' && id != "0" {
			return false
		}
	}
	return true
}

func numeric(text string) bool {
	return text != "" && strings.Trim(text, digits) == ""
}

// compare orders versions by section 11 of the specification: -1, 0 or 1.
func (v version) compare(o version) int {
	for i := range v.core {
		if c := compareNumbers(v.core[i], o.core[i]); c != 0 {
			return c
		}
	}
	switch {
	case v.pre == nil && o.pre == nil:
		return 0
	case v.pre == nil: // a release comes after what leads to it
		return 1
	case o.pre == nil:
		return -1
	}
	for i := range min(len(v.pre), len(o.pre)) {
		if c := compareIdentifiers(v.pre[i], o.pre[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(v.pre), len(o.pre))
}

func compareIdentifiers(a, b string) int {
	switch x, y := numeric(a), numeric(b); {
	case x && y:
		return compareNumbers(a, b)
	case x:
		return -1
	case y:
		return 1
	}
	return strings.Compare(a, b)
}

// compareNumbers compares decimal numbers without needless zeros, however long.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
