package oracle

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// bodyTypes are what the option body calls the content types of JSON.
var bodyTypes = map[string]string{"json": "application/json", "merge-patch": "application/merge-patch+json", "json-patch": "application/json-patch+json"}

// reads says whether a line reads a body of a content type.
func (l *Line) reads(contentType string) bool {
	if l.Form {
		return formType(contentType)
	}
	kinds := l.Bodies
	if kinds == nil {
		kinds = []string{"json"}
	}
	plain := strings.TrimSuffix(contentType, "; charset=utf-8")
	return slices.ContainsFunc(kinds, func(kind string) bool { return bodyTypes[kind] == plain })
}

// patch says whether the body is a JSON patch.
func (e *evaluation) patch() bool {
	_, contentType := e.sent()
	return !e.line.Form && strings.HasPrefix(contentType, bodyTypes["json-patch"])
}

// readJSON reads the body, which is an object or, of a JSON patch, a list.
func (e *evaluation) readJSON() string {
	d := json.NewDecoder(strings.NewReader(*e.req.Body))
	d.UseNumber()
	var read any
	if e.req.Strict != "" || d.Decode(&read) != nil {
		return "body_malformed"
	}
	e.body, _ = read.(map[string]any)
	e.list, _ = read.([]any)
	return ""
}

// writing is the part of section 4, step 1, about what is written on each target of
// the line's first one.
func (e *evaluation) writing() string {
	if !e.w.writes(e.line) {
		return ""
	}
	typ, action := e.targets[0].typ, e.targets[0].spec.Actions[0]
	var by operations
	for i, t := range e.targets {
		switch {
		case !t.first:
			continue
		case e.patch():
			if reason := by.patch(typ, action, e.list); e.reachIf(reason != "", "body: a JSON patch is refused") {
				return reason
			}
			t.also, t.reads = by.writes, slices.Concat(t.reads, by.reads)
			e.reach("body: a JSON patch")
			continue
		case e.body == nil:
			return "body_malformed"
		case e.line.Writes != "":
			if reason := e.wrapped(t); e.reachIf(reason != "", "writes: it is not there") {
				return reason
			}
			e.reach("writes: what is in it")
			continue
		}
		t.objects, t.skip = e.written(i)
		if twins(typ, t.objects) {
			return "ambiguous_parameter"
		}
	}
	return e.masked(typ)
}

func twins(typ *Type, objects []any) bool {
	return slices.ContainsFunc(typ.Properties, func(p Property) bool {
		return slices.ContainsFunc(objects, func(o any) bool { return twinOnTheWay(o, p.Member) })
	})
}

// wrapped is what `writes` names, and of what stands beside it what the type declares.
func (e *evaluation) wrapped(t *target) string {
	inner, ok := e.body[e.line.Writes].(map[string]any)
	if twin(e.body, e.line.Writes) {
		return "ambiguous_parameter"
	}
	if _, there := e.body[e.line.Writes]; !there {
		return "body_malformed"
	}
	beside := maps.Clone(e.body)
	delete(beside, e.line.Writes)
	if twins(t.typ, []any{beside}) {
		return "ambiguous_parameter"
	}
	if !ok {
		return "body_malformed"
	}
	action := t.spec.Actions[0]
	for _, p := range t.typ.named(action, beside, "", "") {
		if t.typ.knows(action, p) {
			e.reach("writes: what stands beside it")
			t.also = append(t.also, p)
		}
	}
	if t.objects, t.skip = []any{inner}, []string{""}; twins(t.typ, t.objects) {
		return "ambiguous_parameter"
	}
	return ""
}

// knows says whether a type declares a path for an action, or something below it.
func (t *Type) knows(action, path string) bool {
	return slices.ContainsFunc(t.members(action), func(m string) bool { return within(m, path) })
}

// members are the paths that a type declares for an action.
func (t *Type) members(action string) (all []string) {
	for _, p := range t.Properties {
		all = append(all, p.Member)
	}
	for _, w := range t.Writable {
		if w.Action == action {
			all = append(all, w.Members...)
		}
	}
	return all
}

// masks are the names by which an update says what it changes.
var masks = []string{"updateMask", "update_mask", "fieldMask", "field_mask"}

// masked adds what masks in the query and the body name.
func (e *evaluation) masked(typ *Type) string {
	var named []string
	texts := []string{}
	for _, p := range e.query {
		if slices.ContainsFunc(masks, func(mask string) bool { return foldsTo(p.Name, mask) }) {
			texts = append(texts, p.Value)
			e.reach("mask: in the query")
		}
	}
	if !e.patch() {
		before := len(texts)
		texts = append(texts, masksIn(e.body)...)
		e.reachIf(len(texts) > before, "mask: in the body")
	}
	for _, text := range texts {
		for name := range strings.SplitSeq(text, ",") {
			path, reason := typ.field(name)
			if reason != "" {
				return reason
			}
			if path != "" {
				named = append(named, path)
			}
		}
	}
	for _, t := range e.targets {
		if t.first {
			t.also = slices.Concat(t.also, named)
		}
	}
	return ""
}

// masksIn are the texts of all masks in a body.
func masksIn(v any) (texts []string) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			texts = append(texts, masksIn(element)...)
		}
	case map[string]any:
		for _, name := range sortedKeys(v) {
			if slices.ContainsFunc(masks, func(mask string) bool { return strings.EqualFold(mask, name) }) {
				texts = append(texts, textsIn(v[name])...)
			} else {
				texts = append(texts, masksIn(v[name])...)
			}
		}
	}
	return texts
}

func textsIn(v any) (texts []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, element := range v {
			texts = append(texts, textsIn(element)...)
		}
	case map[string]any:
		for _, name := range sortedKeys(v) {
			texts = append(texts, textsIn(v[name])...)
		}
	}
	return texts
}
