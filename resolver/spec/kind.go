package spec

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// kind is a type in the making.
type kind struct {
	key    string   // of its ids: repos/*/*/issues/*, or of the collection where it has none
	nouns  []string // of the key
	params []string // of its own id, as the first path calls them
	parts  int      // of an id, those of its parents included
	direct bool     // some operation is about one of it
	rest   bool
	own    bool // its id needs no parents

	alias   *kind           // the kind that it is
	schemas map[string]bool // of answers and bodies about one of it
	hints   map[string]bool
	forms   bool // some body is no JSON
	parents map[string]*kind
	used    bool
	name    string
	parent  *kind
	attrs   map[string]bool
	actions map[string]bool
}

func newKind(key string, nouns []string) *kind {
	return &kind{
		key: key, nouns: nouns, schemas: map[string]bool{}, hints: map[string]bool{}, parents: map[string]*kind{},
		attrs: map[string]bool{}, actions: map[string]bool{},
	}
}

// base is the key without its own id.
func (k *kind) base() string { return strings.TrimRight(k.key, "/*") }

// real follows what a kind turned out to be.
func (k *kind) real() *kind {
	for k.alias != nil {
		k = k.alias
	}
	return k
}

// kinds are those of a document.
type kinds struct {
	byKey  map[string]*kind
	byBase map[string]*kind
}

// sorted has those with fewer nouns first: they get the plain names.
func (ks *kinds) sorted() []*kind {
	return slices.SortedFunc(maps.Values(ks.byKey), func(a, b *kind) int {
		return cmp.Or(cmp.Compare(len(a.nouns), len(b.nouns)), cmp.Compare(a.key, b.key))
	})
}

// collect gives every node of every path its kind.
func (ks *kinds) collect(places []*place) {
	for _, p := range places {
		var nouns []string
		for i := range p.nodes {
			n := &p.nodes[i]
			nouns = append(nouns, n.nouns...)
			k := ks.byKey[n.key]
			if k == nil {
				k = newKind(n.key, slices.Clone(nouns))
				k.params, k.parts, k.rest = n.params, strings.Count(n.key, "*"), n.rest
				ks.byKey[n.key] = k
			}
			n.kind = k
			if i == len(p.nodes)-1 && len(p.tail) == 0 {
				k.direct = true
				k.note(p.op.rest)
			}
		}
	}
}

// note remembers what an operation on one of the kind says of it.
func (k *kind) note(r *rest) {
	for _, s := range []string{r.asks, r.gives} {
		if s != "" {
			k.schemas[s] = true
		}
	}
	for _, h := range r.hints {
		k.hints[h] = true
	}
}

// unite finds kinds that are the same things under several paths.
func (ks *kinds) unite() {
	all := ks.sorted()
	for i, k := range all {
		for _, other := range all[:i] {
			if other.alias != nil || !endsIn(k.nouns, other.nouns[max(0, len(other.nouns)-1):]) {
				continue
			}
			if k.nested(other) {
				k.alias, other.own = other, true
				break
			}
			if !k.direct && k.parts == other.parts && (endsIn(k.nouns, other.nouns) || !other.direct) {
				k.alias = other
				break
			}
		}
	}
	ks.byBase = map[string]*kind{}
	for _, k := range all {
		if ks.byBase[k.base()] == nil {
			ks.byBase[k.base()] = k
		}
	}
}

// nested reports whether k, below parents, is what other is without them: its
// parameter says so by a name of its own, and no answer speaks against it.
func (k *kind) nested(other *kind) bool {
	if !other.direct || k.parts <= other.parts || len(k.params) != other.parts || !endsIn(k.nouns, other.nouns) || !slices.Equal(k.params, other.params) {
		return false
	}
	if len(k.schemas) > 0 && len(other.schemas) > 0 {
		for s := range k.schemas {
			if other.schemas[s] {
				return true
			}
		}
		return false
	}
	return !slices.ContainsFunc(k.params, func(p string) bool { return slices.Contains([]string{"id", "name", "key", "slug", "uuid"}, snake(p)) })
}

func endsIn(list, end []string) bool {
	return len(list) >= len(end) && slices.Equal(list[len(list)-len(end):], end)
}

// within reports whether list is made of some elements of all, the last one included.
func within(list, all []string) bool {
	if len(list) == 0 || len(all) == 0 || list[len(list)-1] != all[len(all)-1] {
		return false
	}
	for _, e := range all {
		if len(list) > 0 && list[0] == e {
			list = list[1:]
		}
	}
	return len(list) == 0
}

// listed is the kind of which a path names a collection, or nil: the one whose
// ids stand below this very path, else the one that the end of the path names,
// else one below further nouns, else one of that noun that gives the same answer.
func (ks *kinds) listed(key string, nouns []string, gives string) *kind {
	if k := ks.byBase[key]; k != nil {
		return k.real()
	}
	if len(nouns) == 0 {
		return nil
	}
	all := slices.DeleteFunc(ks.sorted(), func(k *kind) bool { return !k.direct || !endsIn(k.nouns, nouns[len(nouns)-1:]) })
	for _, k := range slices.Backward(all) {
		if endsIn(nouns, k.nouns) {
			return k.real()
		}
	}
	for _, k := range all {
		if within(nouns, k.nouns) {
			return k.real()
		}
	}
	for _, k := range all {
		if k.schemas[gives] {
			return k.real()
		}
	}
	return nil
}

// noun is what one of the kind is called, as its schema spells it where the path
// names the same thing.
func (k *kind) noun() string {
	if len(k.nouns) == 0 {
		return "object"
	}
	word := snake(k.nouns[len(k.nouns)-1])
	squeeze := func(s string) string { return strings.ReplaceAll(snake(s), "_", "") }
	for _, candidate := range []string{singular(word), word, strings.TrimSuffix(word, "s"), strings.TrimSuffix(word, "es")} {
		for _, s := range slices.Sorted(maps.Keys(k.schemas)) {
			if squeeze(s) == squeeze(candidate) {
				return wordName(snake(s))
			}
		}
	}
	return wordName(singular(word))
}

// wordName makes a name that a type may have.
func wordName(s string) string {
	switch {
	case s == "":
		return "object"
	case '0' <= s[0] && s[0] <= '9':
		return "x" + s
	}
	return s
}

// christen names the kinds that are used: as an earlier import did, else by their
// noun, with nouns in front of it where another has that name.
func (ks *kinds) christen(names map[string]string, taken map[string]bool) {
	var rest []*kind
	for _, k := range ks.sorted() {
		if !k.used || k.alias != nil {
			continue
		}
		if name := names[k.key]; name != "" && !taken[name] {
			k.name, taken[name] = name, true
		} else {
			rest = append(rest, k)
		}
	}
	for _, k := range rest {
		name := k.noun()
		for i := len(k.nouns) - 2; taken[name] && i >= 0; i-- {
			name = wordName(singular(snake(k.nouns[i]))) + "_" + name
		}
		for plain, n := name, 2; taken[name]; n++ {
			name = plain + "_" + string(rune('a'+n-1))
		}
		k.name, taken[name] = name, true
	}
}
