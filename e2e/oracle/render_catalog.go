package oracle

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
)

// file renders the source of a type in its format. What a row has under "bad"
// is spoiled on the way.
func (t *Type) file() string {
	if t.Source.Format == "csv" {
		return t.csv()
	}
	var out strings.Builder
	for _, r := range t.Source.Rows {
		line := t.mapping(r)
		if t.Source.Format == "yaml" {
			line = "- " + line
		}
		out.WriteString(line + "\n")
		if r.Bad == "twice" {
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}

// mapping renders a row as a JSON object, which is also a YAML mapping.
func (t *Type) mapping(r *Row) string {
	m := map[string]any{"id": r.ID}
	if t.Source.Typed {
		m["type"] = t.Name
	}
	if t.Source.Extra {
		m["remark"] = "declared by nobody"
	}
	if tier := t.tierCell(r); tier != "" {
		m["tier"] = tier
	}
	if r.Parent != "" {
		m["parent"] = r.Parent
	}
	for _, a := range t.Attributes {
		if v, ok := r.Values[a.Name]; ok || r.Nulls {
			m[a.Name] = v
		}
	}
	switch r.Bad {
	case "kind":
		m["level"] = "many"
	case "no tier":
		m["tier"] = ""
	}
	text, err := json.Marshal(m)
	if err != nil {
		return "{}" // strings, numbers and lists marshal
	}
	return string(text)
}

func (t *Type) tierCell(r *Row) string {
	switch r.Bad {
	case "tier":
		return "unheard-of"
	case "above":
		return t.above
	}
	return r.Tier
}

// csv renders a table. The column of the tier is there only where rows have tiers.
func (t *Type) csv() string {
	var out strings.Builder
	w := csv.NewWriter(&out)
	head := []string{"id"}
	if t.Source.Tiers {
		head = append(head, "tier")
	}
	head = append(head, "parent")
	for _, a := range t.Attributes {
		head = append(head, a.Name)
	}
	if t.Source.Extra {
		head = append(head, "remark")
	}
	rows := [][]string{head}
	for _, r := range t.Source.Rows {
		cells := []string{r.ID}
		if t.Source.Tiers {
			cells = append(cells, t.tierCell(r))
		}
		cells = append(cells, r.Parent)
		for _, a := range t.Attributes {
			cells = append(cells, cell(r, a))
		}
		if t.Source.Extra {
			cells = append(cells, "declared by nobody")
		}
		rows = append(rows, cells)
		if r.Bad == "twice" {
			rows = append(rows, cells)
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return "" // a strings.Builder takes everything
	}
	return out.String()
}

func cell(r *Row, a Attribute) string {
	if r.Bad == "kind" && a.Name == "level" {
		return "many"
	}
	switch v := r.Values[a.Name].(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(v, ";")
	case []int64:
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ";"), "[]")
	default:
		return fmt.Sprint(v)
	}
}

// CatalogFiles renders the sources, by their paths.
func (w *World) CatalogFiles() Files {
	files := Files{}
	for _, t := range w.Types {
		if t.Source != nil {
			files[t.Source.CatalogFile()] += t.file()
		}
	}
	return files
}
