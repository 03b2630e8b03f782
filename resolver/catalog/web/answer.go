package web

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/tree"
)

// idOf is the id that a row says it has: a text, or a whole number as it is written.
func (k *kind) idOf(v *tree.Value) (string, error) {
	m, err := k.id.find(v)
	switch {
	case err != nil:
		return "", fmt.Errorf("its id %w", err)
	case m.Kind == tree.String:
		return m.Text, nil
	case m.Kind == tree.Number && whole(m.Text):
		return m.Text, nil
	}
	return "", fmt.Errorf("its id %w", errKind)
}

// whole reports whether a number is written as one that has no other spelling.
func whole(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == text
}

// fill gives a row what an object of an answer says.
func (k *kind) fill(row *catalog.Row, v *tree.Value) {
	row.Found, row.Whole, row.Untiered = true, true, !k.tier.given()
	if why := k.read(row, v); why != nil {
		row.Bad, row.Tier, row.Parent, row.Columns = why.Error(), "", "", nil
	}
}

func (k *kind) read(row *catalog.Row, v *tree.Value) error {
	name := func(what string, p path, into *string) (empty bool, err error) {
		if !p.given() {
			return false, nil
		}
		m, err := p.find(v)
		switch {
		case err != nil:
			return false, fmt.Errorf("its %s %w", what, err)
		case m == nil || m.Kind == tree.Null:
			return true, nil
		case m.Kind == tree.String, what == "parent" && m.Kind == tree.Number && whole(m.Text):
			*into = m.Text
			return m.Text == "", nil
		}
		return false, fmt.Errorf("its %s %w", what, errKind)
	}
	var err error
	if row.NoTier, err = name("tier", k.tier, &row.Tier); err != nil {
		return err
	}
	if _, err = name("parent", k.parent, &row.Parent); err != nil {
		return err
	}
	row.Columns = make(map[string]any, len(k.columns))
	for attribute, p := range k.columns {
		m, err := p.find(v)
		if err == nil && m != nil {
			row.Columns[attribute], err = value(m, true)
		} else if err == nil {
			row.Columns[attribute] = nil
		}
		if err != nil {
			return fmt.Errorf("column %q %w", attribute, err)
		}
	}
	return nil
}

// value is a text, a number, a truth value, nil for null, or a list of them.
func value(v *tree.Value, list bool) (any, error) {
	switch {
	case v.Kind == tree.Null:
		return nil, nil //nolint:nilnil // absent
	case v.Kind == tree.String:
		return v.Text, nil
	case v.Kind == tree.Bool:
		return v.Text == "true", nil
	case v.Kind == tree.Number:
		if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return n, nil
		}
		f, err := strconv.ParseFloat(v.Text, 64)
		if err != nil {
			f = math.Inf(1) // no kind of attribute holds it
		}
		return f, nil
	case v.Kind == tree.Array && list:
		out := make([]any, len(v.Items))
		for i := range v.Items {
			var err error
			if out[i], err = value(&v.Items[i], false); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, errKind
}

// one is the row of a GET: bad unless the answer is about the very id that was asked for.
func (k *kind) one(row *catalog.Row, body []byte) {
	bad := func(why error) {
		row.Found, row.Bad = true, why.Error()
	}
	v, err := tree.ReadJSON(body)
	if err != nil {
		bad(fmt.Errorf("the answer is %w", err))
		return
	}
	if v, err = k.rows.find(v); err != nil {
		bad(fmt.Errorf("the row in the answer %w", err))
		return
	}
	switch id, err := k.idOf(v); {
	case err != nil:
		bad(err)
	case id != row.Key.ID:
		bad(errOther)
	default:
		k.fill(row, v)
	}
}

var errOther = fmt.Errorf("the answer is about another id")

// several are the rows of a POST, by id. stray says that the answer has something
// that is no row of an id that was asked for: then one that it does not have may be
// the one that it misread, and is not taken for absent.
func (k *kind) several(ids []string, body []byte) (rows map[string]catalog.Row, stray bool, err error) {
	v, err := tree.ReadJSON(body)
	if err != nil {
		return nil, false, fmt.Errorf("the answer is %w", err)
	}
	if v, err = k.rows.find(v); err != nil {
		return nil, false, fmt.Errorf("the list of rows in the answer %w", err)
	}
	if v.Kind != tree.Array {
		return nil, false, fmt.Errorf("the list of rows in the answer %w", errKind)
	}
	asked := make(map[string]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	rows = make(map[string]catalog.Row, len(v.Items))
	for i := range v.Items {
		id, err := k.idOf(&v.Items[i])
		if err != nil || !asked[id] {
			stray = true
			continue
		}
		row := catalog.Row{Key: catalog.Key{Type: k.name, ID: id}}
		k.fill(&row, &v.Items[i])
		if _, twice := rows[id]; twice {
			row.Bad = "several rows have this id"
		}
		rows[id] = row
	}
	return rows, stray, nil
}
