package oracle

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// ref resolves a reference of a condition or a template for a target.
func (e *evaluation) ref(t *target, name string) value {
	missing := value{known: isMissing}
	if claim, ok := strings.CutPrefix(name, "caller.claims."); ok {
		if v, ok := e.caller.claims[claim]; ok && v != "" {
			return value{v, isTrue}
		}
		return missing
	}
	if member, ok := strings.CutPrefix(name, "request.body."); ok {
		return e.said(t, member)
	}
	if s, ok := e.context(t, name); ok {
		if s == "" {
			return missing
		}
		return value{s, isTrue}
	}
	if t.collection { // what its bounds do not say is not known
		missing.known = isUnknown
	}
	switch {
	case name == "object.id" && t.id != "":
		return value{t.id, isTrue}
	case name == "object.tier" && !t.collection:
		return value{e.w.Tiers[t.tier].Name, isTrue}
	case isOfParent(name):
		return t.refOfParent(strings.TrimPrefix(name, ofParent))
	case name == "object.categories":
		return value{e.w.categoriesOf(t.categories), t.sure}
	case name == "object.parent.id" && t.row != nil && t.row.Parent != "":
		return value{t.row.Parent, isTrue}
	case name == "object.parent.id" && t.parent != "":
		return value{t.parent, isTrue}
	}
	attribute := strings.TrimPrefix(name, "object.")
	if v, ok := t.bounds[attribute]; ok {
		return value{v, isTrue}
	}
	if v, ok := t.typ.inID(t.id)[attribute]; ok && !t.collection {
		e.reach("attribute: of the id")
		return value{v, isTrue}
	}
	if t.row != nil {
		if v, ok := t.row.Values[attribute]; ok {
			return value{v, isTrue}
		}
	}
	return missing
}

// context resolves what the caller and the request say; "" is absent.
func (e *evaluation) context(t *target, name string) (_ string, ok bool) {
	if member, ok := strings.CutPrefix(name, "user."); ok {
		return e.ofUser(member), true
	}
	var token Token
	if e.caller.token != nil {
		token = *e.caller.token
	}
	switch name {
	case "caller.subject":
		if e.caller.machine {
			return e.caller.identity.Peer, true
		}
		return token.Subject, true
	case "caller.client_id":
		return token.Client, true
	case "caller.identity":
		if e.caller.identity == nil {
			return "", true
		}
		return e.caller.identity.Name, true
	case "purpose":
		return e.caller.purpose, true
	case "action":
		return t.action, true
	case "peer":
		return e.peer(), true
	case "request.ip":
		return "127.0.0.1", true
	case "request.method":
		return e.req.Method, true
	}
	return "", false
}

// obligation is a rule that applied to a target.
type obligation struct {
	rule   *Rule
	t      *target
	caller caller // for whom it applied
}

type obligations []obligation

// queryValue is what a query parameter that is set may hold.
var queryValue = regexp.MustCompile(`\A[A-Za-z0-9*._-]*\z`)

// chosen reports whether a caller chooses what a reference of a template reads.
func (t *target) chosen(name string) bool {
	switch name {
	case "object.id", "caller.subject", "caller.client_id", "purpose", "request.method":
		return true
	case "object.tier", "caller.identity", "action":
		return false
	}
	if isOfParent(name) {
		return t.aboveRow == nil
	}
	return strings.HasPrefix(name, "caller.claims.") || t.row == nil
}

// merge is section 6: what all rules set together. Query parameters have a ? before their name.
func (all obligations) merge(e *evaluation) (map[string]string, string) {
	set := map[string]string{}
	for _, o := range all {
		e.decided, e.caller = o.t, o.caller // where it fails
		for _, m := range o.rule.Set {
			var text strings.Builder
			unfit := "mutation_invalid"
			for _, part := range m.Value {
				text.WriteString(part.Text)
				if part.Ref == "" {
					continue
				}
				if o.t.chosen(part.Ref) {
					unfit = "mutation_unfit"
				}
				v := e.ref(o.t, part.Ref)
				if v.known != isTrue {
					return nil, "attribute_missing"
				}
				fmt.Fprint(&text, v.v)
			}
			name := m.Name
			if m.Query {
				name = "?" + name
			}
			if strings.ContainsFunc(text.String(), unicode.IsControl) || m.Query && !queryValue.MatchString(text.String()) {
				return nil, unfit
			}
			before, again := set[name]
			if again && before != text.String() {
				return nil, "mutation_conflict"
			}
			if !again && m.Query && e.beside(m.Name) {
				return nil, "ambiguous_parameter"
			}
			set[name] = text.String()
			if tooMuch(set) {
				return nil, "mutation_unfit"
			}
		}
	}
	return set, "allowed"
}

// tooMuch says whether there is more to set than one answer may hold.
func tooMuch(set map[string]string) bool {
	headers, query, bytes := 0, 0, 0
	for name, value := range set {
		if bytes += len(name) + len(value); name[0] == '?' {
			query, bytes = query+1, bytes-1
		} else {
			headers++
		}
	}
	return headers > 64 || query > 64 || bytes > 32<<10
}
