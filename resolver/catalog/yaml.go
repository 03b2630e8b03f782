package catalog

import (
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// readYAML reads a list of mappings. The file is strict YAML as the rules are.
func readYAML(file string, text []byte) (*table, rules.Mistakes) {
	top, ms := rules.ParseYAML(file, text)
	if len(ms) > 0 {
		return nil, ms
	}
	if top.Kind != rules.Sequence {
		ms.AddHint(top.Pos, "- { id: AC123456, tenant: eu }", "want a list of rows, found %v", top.Kind)
		return nil, ms
	}
	b := newBuilder()
	for _, n := range top.Items {
		members, wrong := yamlRow(n)
		if wrong == "" {
			wrong = b.add(n.Pos, members, "")
		}
		if wrong != "" {
			ms.Add(n.Pos, "%s", wrong)
			return nil, ms
		}
	}
	return b.table, ms
}

func yamlRow(n *rules.Node) (members []member, wrong string) {
	if n.Kind != rules.Mapping {
		return nil, "want a row as a mapping, found " + n.Kind.String()
	}
	for i := 0; i+1 < len(n.Items); i += 2 {
		key, v := n.Items[i].Value, n.Items[i+1]
		m := member{name: key}
		switch v.Kind {
		case rules.Scalar:
			m.value = yamlScalar(v)
			if slices.Contains(builtIn, key) && v.Tag == "!!int" {
				m.value = v.Value // 007 is the id "007"
			}
		case rules.Sequence:
			list := make([]any, len(v.Items))
			for i, item := range v.Items {
				if item.Kind != rules.Scalar {
					return nil, "want a value or a list of values in " + key
				}
				list[i] = yamlScalar(item)
			}
			m.value = list
		case rules.Mapping:
			return nil, "want a value or a list of values in " + key
		}
		members = append(members, m)
	}
	return members, ""
}

func yamlScalar(n *rules.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		// Only the two spellings that everybody reads alike are values; the
		// others stay text, which no bool attribute takes.
		if n.Value == "true" || n.Value == "false" {
			return n.Value == "true"
		}
	case "!!int", "!!float":
		return number(n.Value)
	}
	return n.Value // text, and dates, which are text to us
}
