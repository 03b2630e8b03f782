package mcp

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/resolver/tree"
)

// quote is a text as JSON.
func quote(s string) string {
	out, _ := json.Marshal(s) // a string always can be
	return string(out)
}

// canonical is a value as JSON text in which the order of members and spaces make
// no difference. Numbers stay as they are written.
func canonical(v *tree.Value) string {
	var b strings.Builder
	write(&b, v)
	return b.String()
}

func write(b *strings.Builder, v *tree.Value) {
	switch v.Kind {
	case tree.Null:
		b.WriteString("null")
	case tree.Bool, tree.Number:
		b.WriteString(v.Text)
	case tree.String:
		b.WriteString(quote(v.Text))
	case tree.Array:
		b.WriteByte('[')
		for i := range v.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, &v.Items[i])
		}
		b.WriteByte(']')
	case tree.Object:
		order := make([]int, len(v.Names))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(i, j int) int { return strings.Compare(v.Names[i], v.Names[j]) })
		b.WriteByte('{')
		for n, i := range order {
			if n > 0 {
				b.WriteByte(',')
			}
			b.WriteString(quote(v.Names[i]) + ":")
			write(b, &v.Items[i])
		}
		b.WriteByte('}')
	}
}
