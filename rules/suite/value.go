package suite

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// natural gives a scalar or a list of scalars the Go value that its spelling
// shows: string, int64, bool, []any of these, or nil.
func natural(ms *rules.Mistakes, n *rules.Node) any {
	switch n.Kind {
	case rules.Mapping:
		ms.Add(n.Pos, "want a value or a list of values, found %v", n.Kind)
		return nil
	case rules.Sequence:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			if item.Kind != rules.Scalar {
				ms.Add(item.Pos, "want a value, found %v", item.Kind)
				return nil
			}
			list[i] = natural(ms, item)
		}
		return list
	case rules.Scalar:
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		if n.Value == "true" || n.Value == "false" {
			return n.Value == "true"
		}
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i
		}
	}
	return n.Value
}

// plain gives any value the Go value that its spelling shows, as verification
// brings those of authorization_details: beside natural's also maps and float64.
func plain(ms *rules.Mistakes, n *rules.Node) any {
	switch n.Kind {
	case rules.Mapping:
		out := make(map[string]any, len(n.Items)/2)
		for i := 0; i+1 < len(n.Items); i += 2 {
			out[n.Items[i].Value] = plain(ms, n.Items[i+1])
		}
		return out
	case rules.Sequence:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = plain(ms, item)
		}
		return list
	case rules.Scalar:
	}
	if n.Tag == "!!float" {
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
	}
	return natural(ms, n)
}

// details reads authorization_details: mappings with a type. Those for another
// audience are dropped when a token is verified, so a test leaves them out.
func details(ms *rules.Mistakes, n *rules.Node) []map[string]any {
	if n.Kind != rules.Sequence {
		ms.Add(n.Pos, "want a list of mappings, found %v", n.Kind)
		return nil
	}
	out := make([]map[string]any, 0, len(n.Items))
	for _, item := range n.Items {
		element, _ := plain(ms, item).(map[string]any)
		if what, _ := element["type"].(string); what == "" {
			ms.Add(item.Pos, "authorization_details without a type are refused before tests begin")
			continue
		}
		out = append(out, element)
	}
	return out
}

// scopes reads a text with spaces or a list of texts.
func scopes(ms *rules.Mistakes, n *rules.Node) []string {
	v := natural(ms, n)
	if text, ok := v.(string); ok {
		return strings.Fields(text)
	}
	if list, ok := rules.StringList.Value(v); ok {
		return list.([]string)
	}
	ms.Add(n.Pos, "want scopes as a text with spaces or as a list")
	return nil
}

// kindOf is the kind that a value shows by itself, for issuers of which nothing is known.
func kindOf(v any) rules.Kind {
	switch v := v.(type) {
	case string:
		return rules.String
	case int64:
		return rules.Int
	case bool:
		return rules.Bool
	case []any:
		if _, ok := rules.IntList.Value(v); ok && len(v) > 0 {
			return rules.IntList
		}
		return rules.StringList
	}
	return rules.NoKind
}

// moment reads a time as claims may give it: seconds since 1970, a date or RFC
// 3339 time, or the time since the test's now, such as -10m.
func moment(ms *rules.Mistakes, n *rules.Node, now time.Time) time.Time {
	text := word(ms, n)
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(d)
	}
	if s, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(s, 0).UTC()
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	ms.AddHint(n.Pos, "such as -10m, 2027-01-01T12:00:00Z or 1798800000", "want a time, found %q", text)
	return time.Time{}
}

// asJSON writes a body that a test gives as YAML: members in their order,
// numbers as they are spelt.
func asJSON(ms *rules.Mistakes, b *strings.Builder, n *rules.Node) {
	list := func(open, shut byte, step int, item func(i int)) {
		b.WriteByte(open)
		for i := 0; i < len(n.Items); i += step {
			if i > 0 {
				b.WriteByte(',')
			}
			item(i)
		}
		b.WriteByte(shut)
	}
	switch {
	case n.Kind == rules.Mapping:
		list('{', '}', 2, func(i int) {
			quote(b, n.Items[i].Value)
			b.WriteByte(':')
			asJSON(ms, b, n.Items[i+1])
		})
	case n.Kind == rules.Sequence:
		list('[', ']', 1, func(i int) { asJSON(ms, b, n.Items[i]) })
	case n.Tag == "!!null":
		b.WriteString("null")
	case n.Tag == "!!bool" || n.Tag == "!!int" || n.Tag == "!!float":
		if !json.Valid([]byte(n.Value)) {
			ms.AddHint(n.Pos, "quote it, or give the whole body as text", "%q is spelt in a way that JSON does not have", n.Value)
		}
		b.WriteString(n.Value)
	default:
		quote(b, n.Value)
	}
}

func quote(b *strings.Builder, text string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // text is UTF-8, and a Builder takes all; the newline is blank space to JSON
}
