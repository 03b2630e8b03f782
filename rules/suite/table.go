package suite

import (
	"reflect"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// A test with rows is as many tests: each says in what it differs from the test
// around it. Mappings of claims, headers, objects and subjects add up key by key;
// of anything else the row's is taken.

// expand gives the tests that a test stands for.
func (d *testDecl) expand(ms *rules.Mistakes) []testDecl {
	if len(d.Rows) == 0 {
		return []testDecl{*d}
	}
	out := make([]testDecl, 0, len(d.Rows))
	for i := range d.Rows {
		row := &d.Rows[i]
		switch {
		case len(row.Rows) > 0:
			ms.Add(row.Rows[0].Pos, "a row has no rows of its own")
			continue
		case row.Name.V == "":
			ms.Add(row.Pos, "the row has no name")
			continue
		}
		whole := d.with(row)
		whole.Name.V = d.Name.V + ": " + row.Name.V
		out = append(out, whole)
	}
	return out
}

// with is the test as over changes it.
func (d *testDecl) with(over *testDecl) testDecl {
	out := *d
	out.Rows = nil
	to, from := reflect.ValueOf(&out).Elem(), reflect.ValueOf(over).Elem()
	for i := range from.NumField() {
		if from.Field(i).IsZero() {
			continue
		}
		mine, isNode := to.Field(i).Interface().(node)
		if key := from.Type().Field(i).Tag.Get("yaml"); isNode && key != "body" {
			to.Field(i).Set(reflect.ValueOf(mine.plus(from.Field(i).Interface().(node))))
		} else {
			to.Field(i).Set(from.Field(i))
		}
	}
	return out
}

// plus is a mapping with the keys of another one over its own.
func (k node) plus(over node) node {
	if k.Node == nil || k.Kind != rules.Mapping || over.Kind != rules.Mapping {
		return over
	}
	sum := *over.Node
	sum.Items = nil
	for i := 0; i+1 < len(k.Items); i += 2 {
		given := func(p pair) bool { return p.key.Value == k.Items[i].Value }
		if !slices.ContainsFunc(over.pairs(nil, ""), given) {
			sum.Items = append(sum.Items, k.Items[i], k.Items[i+1])
		}
	}
	sum.Items = append(sum.Items, over.Items...)
	return node{&sum}
}

// once leaves out repeated mistakes: what a test says wrongly each of its rows says again.
func once(ms rules.Mistakes) (out rules.Mistakes) {
	seen := make(map[rules.Mistake]bool, len(ms))
	for _, m := range ms {
		if !seen[m] {
			out = append(out, m)
		}
		seen[m] = true
	}
	return out
}
