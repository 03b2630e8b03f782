package diff

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Where there are too many combinations of what objects may hold, a rule that asks for
// three things at once would hold for none that is tried. So what it asks for is where
// further tries begin. It is a guess that costs a few of them where it is wrong.

var (
	equals   = regexp.MustCompile(`object\.([\w.]+) (?:==|in) \[?(?:"([^"\\]*)"|'([^'\\]*)'|(\w+))`)
	contains = regexp.MustCompile(`(?:"([^"\\]*)"|'([^'\\]*)'|(\w+)) (?:==|in) object\.([\w.]+)`)
)

// readRule is a rule whose words tell objects apart.
type readRule struct {
	info *rules.RuleInfo
	decl *rules.RuleDecl
}

// fitting are words with which the rule's selectors of objects hold and, where its
// condition is plain, that as well.
func (r readRule) fitting() map[string]string {
	out := make(map[string]string)
	first := func(name string, words []string) {
		if len(words) > 0 {
			out[name] = words[0]
		}
	}
	for _, m := range equals.FindAllStringSubmatch(r.info.Written, -1) {
		out[m[1]] = m[2] + m[3] + m[4]
	}
	for _, m := range contains.FindAllStringSubmatch(r.info.Written, -1) {
		out[m[4]] = m[1] + m[2] + m[3]
	}
	if id, ok := out["parent.id"]; ok {
		out["parent"] = id
	}
	first("id", slices.Concat(r.decl.Only.ID.Values(), r.decl.Only.Prefix.Values()))
	first("parent", r.decl.Only.Parent.Values())
	for _, e := range r.decl.Only.Label {
		first(e.Key, e.V.Values())
	}
	return out
}

// bases are the combinations of values nearest to what rules fit, each once.
func bases(dims []dimension, all []readRule) (out [][]int) {
	for _, r := range all {
		words, base := r.fitting(), make([]int, len(dims))
		for i := range dims {
			if word, ok := words[dims[i].name]; ok {
				base[i] = max(0, slices.IndexFunc(dims[i].values, func(v any) bool { return says(v, word) }))
			}
		}
		if !slices.ContainsFunc(out, func(other []int) bool { return slices.Equal(base, other) }) {
			out = append(out, base)
		}
	}
	return out
}

// says reports whether a value, or a list's only one, is written as a word.
func says(v any, word string) bool {
	return fmt.Sprint(v) == word || fmt.Sprint(v) == "["+word+"]"
}
