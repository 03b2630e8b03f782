package oracle

import (
	"strings"
	"unicode"
)

// ref resolves a reference of a condition or a template for a target.
func (e *evaluation) ref(t *target, name string) value {
	missing := value{known: isMissing}
	if claim, ok := strings.CutPrefix(name, "caller.claims."); ok {
		if v, ok := e.caller.claims[claim]; ok {
			return value{v, isTrue}
		}
		return missing
	}
	if name == "caller.subject" {
		if e.caller.token == nil {
			return missing
		}
		return value{e.caller.token.Subject, isTrue}
	}
	if t.collection { // what its bounds do not say is not known
		missing.known = isUnknown
	}
	switch {
	case name == "object.id" && t.id != "":
		return value{t.id, isTrue}
	case name == "object.parent.id" && t.row != nil && t.row.Parent != "":
		return value{t.row.Parent, isTrue}
	case name == "object.parent.id" && t.parent != "":
		return value{t.parent, isTrue}
	}
	attribute := strings.TrimPrefix(name, "object.")
	if v, ok := t.bounds[attribute]; ok {
		return value{v, isTrue}
	}
	if t.row != nil {
		if v, ok := t.row.Values[attribute]; ok {
			return value{v, isTrue}
		}
	}
	return missing
}

// obligation is a rule that applied to a target.
type obligation struct {
	rule *Rule
	t    *target
}

type obligations []obligation

// merge is section 6: the headers that all rules set together.
func (all obligations) merge(e *evaluation) (map[string]string, string) {
	set := map[string]string{}
	for _, o := range all {
		e.decided = o.t // where it fails
		for _, m := range o.rule.Set {
			var text strings.Builder
			for _, part := range m.Value {
				text.WriteString(part.Text)
				if part.Ref == "" {
					continue
				}
				v := e.ref(o.t, part.Ref)
				if v.known != isTrue {
					return nil, "attribute_missing"
				}
				text.WriteString(v.v.(string))
			}
			if strings.ContainsFunc(text.String(), unicode.IsControl) {
				return nil, "mutation_invalid"
			}
			if before, ok := set[m.Name]; ok && before != text.String() {
				return nil, "mutation_conflict"
			}
			set[m.Name] = text.String()
		}
	}
	return set, ""
}
