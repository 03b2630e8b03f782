package main

import (
	"reflect"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// overrideFromEnv lets TIERGATE_SECTION_KEY replace or add a single value of
// the configuration, such as TIERGATE_LISTEN_ADMIN for listen.admin. Lists and
// mappings have no such variable: they belong in the file.
func overrideFromEnv(n *rules.Node, c *config, lookup func(string) (string, bool)) {
	override(n, reflect.TypeOf(c).Elem(), "TIERGATE", lookup)
}

func override(n *rules.Node, t reflect.Type, prefix string, lookup func(string) (string, bool)) {
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		name := envName(prefix, key)
		at := slices.IndexFunc(keysOf(n), func(k *rules.Node) bool { return k.Value == key })
		switch {
		case isSection(f.Type):
			section := &rules.Node{Kind: rules.Mapping, Pos: n.Pos}
			if at >= 0 {
				section = n.Items[2*at+1]
			}
			if section.Kind != rules.Mapping {
				continue // a mistake that decoding reports
			}
			override(section, f.Type, name, lookup)
			if at < 0 && len(section.Items) > 0 {
				n.Items = append(n.Items, &rules.Node{Value: key, Pos: n.Pos}, section)
			}
		case isSingle(f.Type):
			text, ok := lookup(name)
			if !ok {
				continue
			}
			value := &rules.Node{Pos: rules.Pos{File: "$" + name}, Tag: "!!str", Value: text}
			if at >= 0 {
				n.Items[2*at+1] = value
			} else {
				n.Items = append(n.Items, &rules.Node{Value: key, Pos: value.Pos}, value)
			}
		}
	}
}

func keysOf(n *rules.Node) []*rules.Node {
	keys := make([]*rules.Node, 0, len(n.Items)/2)
	for i := 0; i+1 < len(n.Items); i += 2 {
		keys = append(keys, n.Items[i])
	}
	return keys
}

// isSection tells a plain struct of settings from the values that happen to be structs.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(reflect.TypeFor[rules.Decodable]())
}

// isSingle tells values that are one word: At of a scalar, or a scalar.
func isSingle(t reflect.Type) bool {
	if t.Kind() == reflect.Struct {
		v, ok := t.FieldByName("V")
		return ok && isSingle(v.Type)
	}
	return t.Kind() == reflect.String || t.Kind() == reflect.Bool || t.Kind() == reflect.Int || t.Kind() == reflect.Int64
}
