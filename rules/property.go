package rules

import "strings"

// Everything stands for all properties at once: a whole object that is replaced,
// or a read that does not say what it wants.
const Everything = "*"

// Element is the step of a path into each element of a list.
const Element = "[]"

// PropertyPath divides the path of a property into its steps: members, and
// Element. Paths are written address.zip, items[].price and tags[]. ok is false
// for what is no path, and for a step of digits alone: a JSON patch does not say
// whether one is a member or the place of an element.
func PropertyPath(name string) (steps []string, ok bool) {
	for part := range strings.SplitSeq(name, ".") {
		member := strings.TrimRight(part, Element)
		lists := part[len(member):]
		if strings.Trim(member, "0123456789") == "" || strings.ContainsAny(member, `[]"*`) || strings.ReplaceAll(lists, Element, "") != "" {
			return nil, false
		}
		steps = append(steps, member)
		for range len(lists) / len(Element) {
			steps = append(steps, Element)
		}
	}
	return steps, true
}

// Within reports whether a path is that of outer or leads into it: a value that
// is named as a whole has all that is below it.
func Within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// touches reports whether to name a path is to name a property, some part of it,
// or something that it is a part of.
func touches(path, property string) bool {
	return path == Everything || Within(path, property) || Within(property, path)
}

// property is the highest of a type's properties that the paths touch, and its
// tier; of equals the first by name.
func (t *Type) property(paths []string) (name string, tier Tier) {
	tier = NoTier
	for _, path := range paths {
		for p, to := range t.Properties {
			if (to > tier || to == tier && p < name) && touches(path, p) {
				name, tier = p, to
			}
		}
	}
	return name, tier
}

// mayWrite reports whether an action's list of members covers a path.
func mayWrite(writable map[string]bool, path string) bool {
	for i := range len(path) {
		if (path[i] == '.' || path[i] == '[') && writable[path[:i]] {
			return true
		}
	}
	return writable[path]
}
