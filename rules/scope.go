package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// scope is what the conditions and templates of one rule may read for one type.
type scope struct {
	typ     *Type                // nil: every type, so only what all have
	actions []string             // that the rule is about, or anything
	issuer  []string             // of the callers that the rule selects, sorted
	claims  map[string]claimKind // nil: the issuers are not known, any claim may be read
	broad   Tier                 // attributes of a property above it are sensitive

	defined []string // names that conditions have
	team    string   // whose words these may be, "" for the top layer's alone

	classifies bool // it is of a classification: the object alone is read, and not what comes of it
}

// claimKind is a claim as the selected issuers declare it.
type claimKind struct {
	kind   Kind
	issuer string // that declares it
	clash  string // another issuer that declares another kind, or ""
}

// key tells scopes apart in which a text means something else.
func (sc *scope) key() string {
	name, actions := "", ""
	if sc.typ != nil {
		name = sc.typ.Name
		if len(sc.typ.Body) > 0 {
			actions = strings.Join(sc.actions, " ")
		}
	}
	return sc.team + "\x00" + name + "\x00" + actions + "\x00" + strings.Join(sc.issuer, "\x00")
}

// lookup finds the variable that a dotted path starts with. used is how many of
// its words the variable takes; the rest is for the type check. A path that is
// none gives a problem and perhaps a hint.
func (sc *scope) lookup(path []string) (r *variableRef, used int, problem, hint string) {
	if sc.classifies {
		switch name := strings.Join(path[:min(len(path), 2)], "."); {
		case name == "object.tier" || name == "object.categories":
			return nil, 0, name + " is what a classification makes, and cannot be read by one", ""
		case path[0] != "object" && builtinRoot(path[0]):
			return nil, 0, fmt.Sprintf("a classification reads the object alone, not %s", name), "write a rule with when, or with deny"
		}
	}
	switch path[0] {
	case "purpose", "action", "now", "peer":
		return sc.builtin(path[0]), 1, "", ""
	case "object", "caller", "user", "request":
	default:
		return nil, 0, fmt.Sprintf("unknown name %q", path[0]), cmp.Or(sc.didYouMean(path[0]), sc.foreignName(path[0]))
	}
	if len(path) == 1 {
		return nil, 0, fmt.Sprintf("%s alone is no value, read one of its members", path[0]), ""
	}
	if path[0] == "caller" && path[1] == "claims" {
		return sc.claim(path)
	}
	if path[0] == "object" && path[1] == "parent" {
		return sc.parent(path)
	}
	if path[0] == "caller" && path[1] == "actor" {
		return sc.actor(path)
	}
	name := path[0] + "." + path[1]
	switch name {
	case "request.header":
		return sc.header(path)
	case "user.id":
		return nil, 0, `unknown name "user.id"`, "write user.subject"
	case "request.body":
		return sc.member(path)
	}
	if _, ok := builtin[name]; ok {
		r := sc.builtin(name)
		if r.what == requestQuery && len(path) > 2 {
			r.key, r.name, r.kind = path[2], name+"."+path[2], String
			return r, 3, "", ""
		}
		return r, 2, "", ""
	}
	if path[0] == "object" {
		return sc.attribute(path[1])
	}
	return nil, 0, fmt.Sprintf("unknown name %q", name), sc.didYouMean(name)
}

// builtinRoot reports whether a name begins variables of every rule.
func builtinRoot(name string) bool {
	return slices.Contains([]string{"caller", "user", "peer", "request", "purpose", "action", "now"}, name)
}

func (sc *scope) builtin(name string) *variableRef {
	r := &variableRef{name: name, what: builtin[name], kind: String, user: strings.HasPrefix(name, "user.")}
	switch r.what {
	case callerBound:
		r.kind = Bool
	case nowVar:
		r.kind = NoKind
	case callerScopes, objectCategories:
		r.kind = StringList
	case callerDetails, requestQuery:
		r.kind, r.sensitive = NoKind, true // all of it: it may hold anything
	default:
	}
	return r
}

// header is a header of the request, by its name in small letters.
func (sc *scope) header(path []string) (*variableRef, int, string, string) {
	if len(path) < 3 {
		return nil, 0, "request.header alone is no value, read one header", `such as request.header["x-request-source"]`
	}
	switch name := path[2]; {
	case slices.Contains(credentialHeaders, name):
		return nil, 0, fmt.Sprintf("header %q holds credentials, and no condition reads it", name), "read what was verified of them, such as caller.claims"
	case name != strings.ToLower(name):
		return nil, 0, fmt.Sprintf("header %q is written in small letters", name), strings.ToLower(name)
	case !headerName.MatchString(name):
		return nil, 0, fmt.Sprintf("%q is no name of a header", name), ""
	default:
		return &variableRef{name: "request.header." + name, what: requestHeader, key: name, kind: String, sensitive: true}, 3, "", ""
	}
}

// credentialHeaders are for verification alone: who could compare them could guess them.
var credentialHeaders = []string{"authorization", "proxy-authorization", "cookie", "dpop", "x-forwarded-client-cert"}

func (sc *scope) attribute(name string) (*variableRef, int, string, string) {
	full := "object." + name
	if sc.typ == nil {
		return nil, 0, fmt.Sprintf("unknown name %q: a rule on every type can read no type's attributes", full), ""
	}
	slot := sc.typ.Slot(name)
	if slot < 0 {
		return nil, 0, fmt.Sprintf("type %s has no attribute %q", sc.typ.Name, name), sc.didYouMean(full)
	}
	r := &variableRef{name: full, what: objectAttribute, kind: sc.typ.Attributes[slot].Kind, slot: slot}
	tier, ok := sc.typ.Properties[name]
	r.sensitive = ok && tier > sc.broad
	return r, 2, "", ""
}

func (sc *scope) parent(path []string) (*variableRef, int, string, string) {
	if len(path) < 3 {
		return nil, 0, "object.parent alone is no value, read its id or one of its attributes", ""
	}
	full := "object.parent." + path[2]
	switch {
	case sc.typ == nil:
		return nil, 0, fmt.Sprintf("unknown name %q: a rule on every type can read no type's parent", full), ""
	case sc.typ.Parent == "":
		return nil, 0, fmt.Sprintf("type %s has no parent", sc.typ.Name), ""
	case path[2] == "id":
		return sc.builtin(full), 3, "", ""
	case path[2] == "parent":
		return nil, 0, "the parent of a parent cannot be read: only the object's own parent is looked up", ""
	case sc.typ.Above == nil: // an unknown type, which is a mistake of its own
		return nil, 0, fmt.Sprintf("unknown name %q", full), ""
	}
	return sc.parentAttribute(full, path[2])
}

func (sc *scope) parentAttribute(full, name string) (*variableRef, int, string, string) {
	above := sc.typ.Above
	slot := above.Slot(name)
	switch {
	case slot < 0:
		return nil, 0, fmt.Sprintf("type %s, the parent of %s, has no attribute %q", above.Name, sc.typ.Name, name), sc.didYouMean(full)
	case above.Catalog == "":
		return nil, 0, fmt.Sprintf("type %s, the parent of %s, has no catalog to look %q up in", above.Name, sc.typ.Name, name),
			"give the type its catalog, or read object.parent.id"
	}
	r := &variableRef{name: full, what: parentAttribute, kind: above.Attributes[slot].Kind, slot: slot}
	tier, ok := above.Properties[name]
	r.sensitive = ok && tier > sc.broad
	return r, 3, "", ""
}

func (sc *scope) actor(path []string) (*variableRef, int, string, string) {
	if len(path) < 3 {
		return nil, 0, "caller.actor alone is no value, read one of its members", ""
	}
	name := "caller.actor." + path[2]
	if _, ok := builtin[name]; !ok {
		return nil, 0, fmt.Sprintf("unknown name %q", name), sc.didYouMean(name)
	}
	return sc.builtin(name), 3, "", ""
}

func (sc *scope) claim(path []string) (*variableRef, int, string, string) {
	if len(path) < 3 {
		return nil, 0, "caller.claims alone is no value, read one claim", ""
	}
	r := &variableRef{name: "caller.claims." + path[2], what: callerClaim, key: path[2]}
	if sc.claims == nil {
		return r, 3, "", ""
	}
	c, ok := sc.claims[path[2]]
	switch {
	case !ok && len(sc.issuer) == 0:
		return nil, 0, "a rule for callers without a credential can read no claims", ""
	case !ok:
		return nil, 0, fmt.Sprintf("no claim %q is declared by may_assert or fixed of %s", path[2],
			strings.Join(sc.issuer, ", ")), cmp.Or(sc.didYouMean(r.name), "add it, with its kind, to may_assert of the issuer in tiergate.yaml")
	case c.clash != "":
		return nil, 0, fmt.Sprintf("claim %q has one kind for issuer %s and another for %s", path[2], c.issuer, c.clash),
			"name one issuer in the selector"
	}
	r.kind = c.kind
	return r, 3, "", ""
}

// didYouMean looks for the name that was meant among all that can be read here.
func (sc *scope) didYouMean(written string) string {
	names := append(slices.Collect(maps.Keys(builtin)), "object", "object.parent", "caller", "caller.actor", "caller.claims", "user", "request", "request.body")
	names = append(names, sc.defined...)
	if sc.typ != nil {
		for _, a := range sc.typ.Attributes {
			names = append(names, "object."+a.Name)
		}
		for _, m := range sc.typ.Body {
			names = append(names, "request.body."+m.Name)
		}
		if sc.typ.Above != nil {
			for _, a := range sc.typ.Above.Attributes {
				names = append(names, "object.parent."+a.Name)
			}
		}
	}
	for c := range sc.claims {
		names = append(names, "caller.claims."+c)
	}
	slices.Sort(names)
	return DidYouMean(written, names)
}
