package postgres

import "strings"

// array writes a parameter as PostgreSQL reads arrays: each element quoted, so
// that none is taken for a delimiter or for NULL.
func array(elements []string) []byte {
	out := []byte{'{'}
	for i, e := range elements {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		for j := range len(e) {
			if e[j] == '"' || e[j] == '\\' {
				out = append(out, '\\')
			}
			out = append(out, e[j])
		}
		out = append(out, '"')
	}
	return append(out, '}')
}

// elementsOf reads an array as PostgreSQL writes it: {a,"b c","d\"e"}. One with a
// NULL, with lower bounds of its own or of several dimensions is refused.
func elementsOf(text string) ([]string, bool) {
	inner, ok := strings.CutPrefix(text, "{")
	if !ok || !strings.HasSuffix(inner, "}") {
		return nil, false
	}
	if inner == "}" {
		return []string{}, true
	}
	var out []string
	for {
		e, after, ok := elementOf(inner)
		if !ok {
			return nil, false
		}
		out = append(out, e)
		switch {
		case after == "}":
			return out, true
		case strings.HasPrefix(after, ","):
			inner = after[1:]
		default:
			return nil, false
		}
	}
}

// elementOf reads one element up to the comma or the brace behind it.
func elementOf(text string) (element, after string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, `,{}"\`)
		if end <= 0 || text[:end] == "NULL" {
			return "", "", false
		}
		return text[:end], text[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}
