package oracle

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// ActionBody is what an action's requests bring for conditions: by path, with kinds
// as attributes have.
type ActionBody struct {
	Action  string
	Members []Attribute // by name
}

// bodyOf are the members that requests for one of the actions are to bring, by name.
func (t *Type) bodyOf(actions []string) (out []Attribute) {
	for _, b := range t.Bodies {
		if slices.Contains(actions, b.Action) {
			out = append(out, b.Members...)
		}
	}
	return out
}

// reads says whether conditions read of the body of a line's requests.
func (w *World) reads(l *Line) bool {
	return slices.ContainsFunc(l.Targets, func(t TargetSpec) bool { return len(w.typ(t.Type).bodyOf(t.Actions)) > 0 })
}

// readsFrom are the steps to where the line has what conditions read.
func (l *Line) readsFrom() []string { return strings.Split(l.Reads, ".")[1:] }

// outermost are the members of the body in which conditions read.
func (w *World) outermost(l *Line) (names []string) {
	for i := range l.Targets {
		for _, m := range w.typ(l.Targets[i].Type).bodyOf(l.Targets[i].Actions) {
			names = append(names, append(l.readsFrom(), strings.Split(m.Name, ".")...)[0])
		}
	}
	return names
}

// constructsRead are the kinds of members that conditions read.
var constructsRead = []string{"body: a member that does not come", "body: int", "body: string", "body: bool", "body: [string]", "body: [int]", "body: of a collection"}

// said resolves a member of the body.
func (e *evaluation) said(t *target, name string) value {
	v, ok := t.body[name]
	if !ok {
		return value{known: isMissing}
	}
	e.reachIf(t.collection, "body: of a collection")
	return value{v, isTrue}
}

// brought reads what conditions may read of the body about a target.
func (e *evaluation) brought(t *target) string {
	t.body = map[string]any{}
	for _, m := range t.typ.bodyOf(t.spec.Actions) {
		at, reason := walk(e.body, slices.Concat(e.line.readsFrom(), strings.Split(m.Name, ".")))
		if reason != "" {
			return reason
		}
		if at == nil || at == "" && !strings.HasPrefix(m.Kind, "[") {
			e.reach("body: a member that does not come")
			continue
		}
		v, reason := e.ofKind(at, m.Kind)
		if reason != "" {
			return reason
		}
		t.body[m.Name] = v
		e.reach("body: " + m.Kind)
	}
	return ""
}

// walk goes down to a member, nil where it is absent or null, or what it is in is.
func walk(at any, steps []string) (any, string) {
	for _, step := range steps {
		object, ok := at.(map[string]any)
		if !ok {
			return nil, "body_malformed"
		}
		if twin(object, step) {
			return nil, "ambiguous_parameter"
		}
		if at = object[step]; at == nil {
			return nil, ""
		}
	}
	return at, ""
}

// ofKind is a value in the kind that it must have already; forms have texts alone.
func (e *evaluation) ofKind(v any, kind string) (any, string) {
	list, isList := v.([]any)
	switch kind {
	case "[string]", "[int]":
		if text, is := v.(string); is && e.line.Form {
			list, isList = []any{text}, true
		}
		if !isList {
			return nil, "body_malformed"
		}
		return e.ofKinds(list, strings.Trim(kind, "[]"))
	}
	if isList && e.line.Form {
		return nil, "ambiguous_parameter"
	}
	switch text, isText := v.(string); {
	case kind == "string" && isText:
		return text, ""
	case kind == "int" && isText && e.line.Form:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
			return n, ""
		}
	case kind == "int":
		number, _ := v.(json.Number)
		if n, err := strconv.ParseInt(number.String(), 10, 64); err == nil && n < 1<<53 && n > -1<<53 && number != "-0" {
			return n, ""
		}
	case kind == "bool" && isText && e.line.Form:
		if text == "true" || text == "false" {
			return text == "true", ""
		}
	case kind == "bool":
		if b, is := v.(bool); is {
			return b, ""
		}
	}
	return nil, "body_malformed"
}

func (e *evaluation) ofKinds(list []any, kind string) (any, string) {
	texts, numbers := []string{}, []int64{}
	for _, element := range list {
		v, reason := e.ofKind(element, kind)
		if reason != "" {
			return nil, reason
		}
		if n, is := v.(int64); is {
			numbers = append(numbers, n)
			continue
		}
		texts = append(texts, v.(string))
	}
	if kind == "int" {
		return numbers, ""
	}
	return texts, ""
}
