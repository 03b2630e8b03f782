package oracle

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// declares says whether a type has something to say of what is below a path, for
// an action: a property, or something that may be written.
func (t *Type) declares(action, below string) bool {
	begins := func(path string) bool { return strings.HasPrefix(path, below) }
	for _, p := range t.Properties {
		if begins(p.Member) {
			return true
		}
	}
	for _, w := range t.Writable {
		if slices.Contains([]string{action, "create|update"}, w.Action) && slices.ContainsFunc(w.Members, begins) {
			return true
		}
	}
	return false
}

// named are the paths by which a body names the members of an object.
func (t *Type) named(action string, v any, at string, skip string) (paths []string) {
	object, isObject := v.(map[string]any)
	list, isList := v.([]any)
	switch {
	case at == "" || isObject && len(object) > 0 && t.declares(action, at+"."):
		for name, member := range object {
			if at == "" && name == skip {
				continue
			}
			paths = append(paths, t.named(action, member, strings.TrimPrefix(at+"."+name, "."), "")...)
		}
		return paths
	case isList && len(list) > 0 && t.declares(action, at+"[]"):
		for _, element := range list {
			paths = append(paths, t.named(action, element, at+"[]", "")...)
		}
		return paths
	}
	return []string{at}
}

// within says whether a path is another one, or leads into it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// touched says whether some path names a property, a part of it or what it is a part of.
func touched(paths []string, property string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return p == "*" || within(p, property) || within(property, p) })
}

// twinOnTheWay says whether some object has, on the way to a property, another
// member that some reader takes for a step there.
func twinOnTheWay(v any, property string) bool {
	step, rest, more := strings.Cut(property, ".")
	name, each := strings.CutSuffix(step, "[]")
	object, _ := v.(map[string]any)
	if twin(object, name) {
		return true
	}
	if !more {
		return false
	}
	if !each {
		return twinOnTheWay(object[name], rest)
	}
	list, _ := object[name].([]any)
	return slices.ContainsFunc(list, func(element any) bool { return twinOnTheWay(element, rest) })
}

// batch is the list whose elements have a target each, and its place in the body.
func (l *Line) batch() (list string, ok bool) {
	id := l.Targets[0].ID
	if id == nil || !id.inBody() || id.Each != 0 {
		return "", false
	}
	return id.Body[0], true
}

// written are the objects that are written to the i-th target of the line's first:
// the body, or the element of a batch and what stands beside its list.
func (e *evaluation) written(i int) (objects []any, skip []string) {
	list, batch := e.line.batch()
	if !batch {
		return []any{e.body}, []string{""}
	}
	elements, _ := e.body[list].([]any)
	if i >= len(elements) || len(e.line.Targets[0].ID.Body) < 2 {
		return []any{e.body}, []string{list}
	}
	return []any{e.body, elements[i]}, []string{list, e.line.Targets[0].ID.Body[1]}
}

// asked are the paths that a request reads by the line's parameters.
func (e *evaluation) asked() (paths []string, reason string) {
	read := func(name string, more bool) {
		if found, why := e.askedBy(name, more); reason == "" {
			paths, reason = append(paths, found...), why
		}
	}
	if e.line.Fields {
		read("fields", false)
	}
	if e.line.Select {
		read("$select", false)
		read("expand", true)
	}
	return paths, reason
}

// askedBy is the same of one parameter: one that asks for more asks for nothing by
// itself, and any other for everything.
func (e *evaluation) askedBy(parameter string, more bool) (paths []string, reason string) {
	t := e.w.typ(e.line.Targets[0].Type)
	everything := func() {
		if !more {
			paths = append(paths, "*")
		}
	}
	said := false
	for _, p := range e.query {
		switch {
		case p.Name == parameter:
		case p.Name == parameter+"[]":
			everything() // a server that reads the other spelling finds none
		case foldsTo(p.Name, parameter), parameter[0] == '$' && foldsTo(p.Name, parameter[1:]):
			return nil, "ambiguous_parameter"
		default:
			continue
		}
		said = true
		if strings.Trim(p.Value, ", ") == "" {
			everything() // which may be all that a server reads of several
		}
		for name := range strings.SplitSeq(p.Value, ",") {
			path, reason := t.field(name)
			if reason != "" {
				return nil, reason
			}
			if path != "" {
				paths = append(paths, path)
			}
		}
	}
	if !said {
		everything()
	}
	e.reachIf(more && len(paths) > 0, "property: expanded")
	return paths, ""
}

// field is the path of a requested name, "*" for one that the type does not know.
func (t *Type) field(name string) (path, reason string) {
	if name = strings.ReplaceAll(strings.Trim(name, " "), "/", "."); name == "" {
		return "", ""
	}
	known := []string{"id"}
	for _, a := range t.Attributes {
		known = append(known, a.Name)
	}
	for _, w := range t.Writable {
		known = append(known, w.Members...)
	}
	for _, p := range t.Properties {
		known = append(known, p.Member)
		if foldsTo(name, p.Member) && name != p.Member && !strings.Contains(p.Member, ".") {
			return "", "ambiguous_parameter"
		}
	}
	for _, k := range known {
		switch plain := strings.ReplaceAll(k, "[]", ""); {
		case plain == name:
			return k, ""
		case strings.HasPrefix(plain, name+"."):
			return name, ""
		}
	}
	return "*", ""
}

// bodiless says whether the method gives a body no meaning, and one came.
func (e *evaluation) bodiless() bool {
	body, _ := e.sent()
	return body != "" && slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodTrace}, e.req.Method)
}

// members are those of JSON that the proxy held back, nil where it is none.
func (e *evaluation) members() (members map[string]any) {
	if !e.isJSON() || !e.strict(&members) {
		return nil
	}
	return members
}

// member says whether such JSON has a member that counts as name.
func (e *evaluation) member(name string) bool {
	_, there := e.members()[name]
	return there || twin(e.members(), name)
}

// inJSON says whether such JSON has a member that counts as the parameter, and
// does not say what the parameter says.
func (e *evaluation) inJSON(name string) bool {
	member, there := e.members()[name]
	if !there {
		return twin(e.members(), name)
	}
	said := e.folding(name)
	text, is := member.(string)
	return twin(e.members(), name) || len(said) != 1 || said[0].Name != name || !is || text != said[0].Value
}

// otherInJSON says whether such JSON has a member that counts as what the path
// captures, and does not say what the path says.
func (e *evaluation) otherInJSON(name, value string) bool {
	member, there := e.members()[name]
	if twin(e.members(), name) || !there {
		return twin(e.members(), name)
	}
	switch v := member.(type) {
	case string:
		return v != value
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64) != value
	}
	return true
}
