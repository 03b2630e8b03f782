package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxMutation is how long a header or query value may be that we set, in bytes.
const maxMutation = 8 << 10

// mutation is a compiled entry of `then`: one header or query parameter to set.
type mutation struct {
	pos   Pos
	query bool // a query parameter, not a header
	name  string
	parts []part
}

// part is literal text, or a variable where ref is not nil.
type part struct {
	text string
	ref  *variableRef
}

// literal returns the value that is the same for every request.
func (m *mutation) literal() (string, bool) {
	switch {
	case len(m.parts) == 0:
		return "", true
	case len(m.parts) == 1 && m.parts[0].ref == nil:
		return m.parts[0].text, true
	}
	return "", false
}

// render fills the template. The fault says what is absent or unfit to leave us.
func (m *mutation) render(f *facts) (string, *Fault) {
	value, ok := m.literal()
	if !ok {
		var b strings.Builder
		for i := range m.parts {
			p := &m.parts[i]
			b.WriteString(p.text)
			if p.ref == nil {
				continue
			}
			text, got := p.ref.render(f)
			switch got {
			case yes:
				b.WriteString(text)
			case absent, unknown:
				return "", Faultf(AttributeMissing, "%s for %s", p.ref.name, m.name)
			default:
				return "", Faultf(RuleError, "%s for %s", p.ref.name, m.name)
			}
		}
		value = b.String()
	}
	if problem := m.unfit(value); problem != "" {
		return "", Faultf(m.blames(f), "%s: %s", m.name, problem)
	}
	return value, nil
}

// blames is the reason of a denial for an unfit value. It is a fault of ours or
// of the catalog's only where the caller has no hand in it.
func (m *mutation) blames(f *facts) Reason {
	for i := range m.parts {
		if ref := m.parts[i].ref; ref != nil && ref.chosen(&f.target.Object) {
			return MutationUnfit
		}
	}
	return MutationInvalid
}

// render writes a variable as text.
func (r *variableRef) render(f *facts) (string, truth) {
	if r.kind == String {
		return r.text(f)
	}
	v, got := r.value(f)
	if got != yes {
		return "", got
	}
	text, ok := textOf(v)
	if !ok {
		return "", failed
	}
	return text, yes
}

// unfit says why a value must not leave us, or "". It does not repeat the value.
func (m *mutation) unfit(value string) string {
	switch {
	case len(value) > maxMutation:
		return fmt.Sprintf("%d bytes long, at most %d are sent", len(value), maxMutation)
	case !utf8.ValidString(value):
		return "not UTF-8"
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' || c == 0x7f {
			return fmt.Sprintf("holds the control byte %#02x", c)
		} else if m.query && !queryByte(c) {
			return fmt.Sprintf("holds %q, a query value is made of A-Z a-z 0-9 * . _ -", c)
		}
	}
	return ""
}

func queryByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("*._-", c) >= 0
}

// parseTemplate splits "text {object.tenant} text" and finds its variables.
// Braces have no other use in a template.
func parseTemplate(sc *scope, text string) (parts []part, problem, hint string) {
	for text != "" {
		before, rest, open := strings.Cut(text, "{")
		if strings.Contains(before, "}") {
			return nil, "a } without its {", ""
		}
		if before != "" {
			parts = append(parts, part{text: before})
		}
		if !open {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, "a { without its }", ""
		}
		path := memberPath(name)
		r, used, problem, hint := sc.lookup(path)
		switch {
		case problem != "":
			return nil, problem, hint
		case used != len(path):
			return nil, fmt.Sprintf("unknown name %q", name), ""
		case r.what == requestQuery || r.what == requestHeader || r.what == requestBody:
			return nil, fmt.Sprintf("%s cannot be handed on, it is the client's own word", name), ""
		case r.kind == StringList || r.kind == IntList || r.what == callerDetails:
			return nil, fmt.Sprintf("%s is a list and has no one text", name), ""
		}
		parts = append(parts, part{ref: r})
		text = after
	}
	return parts, "", ""
}

// memberPath splits a dotted name. What follows caller.claims is one name: the
// names of claims may hold dots.
func memberPath(name string) []string {
	if claim, ok := strings.CutPrefix(name, "caller.claims."); ok {
		return []string{"caller", "claims", claim}
	}
	return strings.Split(name, ".")
}
