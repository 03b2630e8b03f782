package oracle

import (
	"slices"
	"strings"
)

// operations are the paths that a JSON patch writes and reads.
type operations struct{ writes, reads []string }

// patchMembers are what the operations of a JSON patch have beside op and path.
var patchMembers = map[string]string{"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from", "remove": ""}

// patch reads a JSON patch (section 4, step 1). The reason says that it is none.
func (o *operations) patch(t *Type, action string, list []any) string {
	if list == nil {
		return "body_malformed"
	}
	for _, element := range list {
		op, _ := element.(map[string]any)
		name, _ := op["op"].(string)
		more, known := patchMembers[name]
		want := []string{"op", "path"}
		if more != "" {
			want = append(want, more)
		}
		slices.Sort(want)
		if !known || !slices.Equal(sortedKeys(op), want) {
			return "body_malformed"
		}
		path, ok := op["path"].(string)
		from, fromOK := op["from"].(string)
		if !ok || !pointer(path) || more == "from" && (!fromOK || !pointer(from)) {
			return "body_malformed"
		}
		for _, one := range []struct {
			text  string
			there bool
			reads bool
		}{{path, true, name == "test"}, {from, more == "from", name == "copy"}} {
			if !one.there {
				continue
			}
			at, reason := t.pointedAt(action, one.text)
			if reason != "" {
				return reason
			}
			if one.reads {
				o.reads = append(o.reads, at)
			} else {
				o.writes = append(o.writes, at)
			}
		}
	}
	return ""
}

// pointer says whether a text is a JSON pointer (RFC 6901).
func pointer(s string) bool {
	return (s == "" || s[0] == '/') && !strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(s), "~")
}

// pointedAt is the path that a JSON pointer names: as far as the type declares
// something below.
func (t *Type) pointedAt(action, text string) (at, reason string) {
	if text == "" {
		return "*", ""
	}
	for token := range strings.SplitSeq(text[1:], "/") {
		element := token == "-" || whole("[0-9]+").MatchString(token)
		properties, all, each := t.stepsBelow(action, at)
		switch {
		case at != "" && len(all) == 0 && !each:
			return at, ""
		case element && each:
			at += "[]"
			continue
		case at != "" && (element || len(all) == 0):
			return at, ""
		}
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if !slices.Contains(properties, token) && slices.ContainsFunc(properties, func(p string) bool { return foldsTo(token, p) }) {
			return "", "ambiguous_parameter"
		}
		at = strings.TrimPrefix(at+"."+token, ".")
		if !slices.Contains(all, token) {
			return at, ""
		}
	}
	return at, ""
}

// stepsBelow are the names of the members that are declared below a path, those on
// the way to properties apart, and whether elements are.
func (t *Type) stepsBelow(action, at string) (properties, all []string, each bool) {
	for i, m := range t.members(action) {
		rest, below := strings.CutPrefix(m, at)
		if !below || rest == "" {
			continue
		}
		if each = each || at != "" && strings.HasPrefix(rest, "[]"); at != "" && rest[0] != '.' {
			continue
		}
		name := firstStep(strings.TrimPrefix(rest, "."))
		if all = append(all, name); i < len(t.Properties) {
			properties = append(properties, name)
		}
	}
	return properties, all, each
}
