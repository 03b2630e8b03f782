package catalog

import (
	"strconv"

	"github.com/tiergate/tiergate/rules"
)

// member is one named value of a row in a file that knows kinds.
type member struct {
	name  string
	value any // string, int64, float64, bool, []any or nil
}

// maxColumns bounds what rows with ever new members can cost.
const maxColumns = 256

// builder makes a table of rows whose members are named one by one.
type builder struct {
	table *table
	slots map[string]int
}

func newBuilder() *builder { return &builder{table: newTable(), slots: make(map[string]int)} }

// add appends a row. bad says why the row cannot be used, wrong why the file cannot.
func (b *builder) add(pos rules.Pos, members []member, bad string) (wrong string) {
	r := record{pos: pos, bad: bad}
	typed := false
	for _, m := range members {
		text, isText := idText(m.value)
		switch m.name {
		case "id":
			r.key.ID = text
		case "type":
			r.key.Type, typed = text, true
		case "tier":
			if r.tier, r.noTier = text, text == ""; !isText && m.value != nil && r.bad == "" {
				r.bad = "the tier is not a name"
			}
		case "parent":
			if r.parent, r.noParent = text, text == ""; !isText && m.value != nil && r.bad == "" {
				r.bad = "the parent is not an id"
			}
		default:
			if wrong := b.put(&r, m); wrong != "" {
				return wrong
			}
		}
	}
	switch {
	case r.key.ID == "":
		return "no id: want a string or a whole number"
	case neverAsked(r.key.ID) != "":
		return neverAsked(r.key.ID)
	case typed && r.key.Type == "":
		return "the type is empty"
	case len(b.table.records) == 0:
		b.table.typed = typed
	case typed != b.table.typed:
		return "either every row names its type or none does"
	}
	b.table.add(r)
	b.hold(r.key.Type, pos.Line, members)
	return ""
}

// hold notes which columns the rows of a type have. A row that gives an absent
// value says that there is such a column.
func (b *builder) hold(typ string, line int, members []member) {
	if b.table.held == nil {
		b.table.held = make(held)
	}
	has := b.table.held[typ]
	if has == nil {
		has = make(columns)
		b.table.held[typ] = has
	}
	for _, m := range members {
		if _, known := has[m.name]; !known {
			has[m.name] = line
		}
	}
}

// put appends a value of a column that is not built in, or returns what is wrong with the column.
func (b *builder) put(r *record, m member) (wrong string) {
	at, known := b.slots[m.name]
	if !known {
		if wrong := almostBuiltIn(m.name); wrong != "" {
			return wrong
		}
		if at = len(b.table.columns); at == maxColumns {
			return "more than " + strconv.Itoa(maxColumns) + " different columns"
		}
		b.slots[m.name] = at
		b.table.columns = append(b.table.columns, m.name)
	}
	for len(r.values) <= at {
		r.values = append(r.values, nil)
	}
	if r.values[at] = m.value; m.value == nil {
		r.values[at] = null{}
	}
	return ""
}

// idText is the text of an id: a string, or a whole number as it is written.
func idText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	}
	return "", false
}
