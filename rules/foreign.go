package rules

import (
	"reflect"
	"slices"
	"strings"
)

// Words that other rule languages have, and what ours says instead. Nothing here is
// accepted: it makes hints of what would else be a list of all that is known.

var foreignKeys = map[reflect.Type]map[string]string{
	reflect.TypeFor[RuleDecl](): {
		"effect": "write allow: or deny: with who it is", "principal": "write allow: or deny: with who it is", "subject": "write allow: or deny: with who it is",
		"action": "write to: [read]", "actions": "write to: [read]", "verbs": "write to: [read]",
		"resource": "write on: with the type", "resources": "write on: with the type", "object": "write on: with the type", "type": "write on: with the type",
		"condition": "write when:", "if": "write when:", "tier": "write up_to: or, in a deny rule, from_tier:",
		"priority": "deny beats allow, and nothing else orders rules", "order": "deny beats allow, and nothing else orders rules",
		"role": "write allow: { claim: { role: … } }", "roles": "write allow: { claim: { role: … } }", "name": "write id:", "description": "write because:", "reason": "write because:",
	},
	reflect.TypeFor[Selector](): {
		"role": "write claim: { role: … }", "roles": "write claim: { roles: … }", "name": "write identity:", "user": "write identity:", "subject": "name an identity whose match has it",
		"claims": "write claim: { name: value }", "scopes": "write scope:", "or": "write any_of:", "and": "write all_of:",
	},
}

var foreignNames = map[string]string{
	"principal": "caller", "subject": "caller.subject", "identity": "caller.identity", "claims": "caller.claims",
	"resource": "object", "r": "object", "req": "request", "time": "now", "method": "request.method", "path": "request.path",
}

var foreignActions = map[string]string{
	"get": "read", "head": "read", "view": "read", "post": "create", "add": "create", "put": "update", "patch": "update",
	"write": "update", "edit": "update", "change": "update", "remove": "delete", "search": "list", "query": "list", "all": `"*"`,
}

// foreignKey says what to write for a key of another language, or "".
func foreignKey(t reflect.Type, key string) string { return foreignKeys[t][key] }

// foreignName says what to write for a name that a condition has and that nothing is:
// what other languages call it, an attribute without what it is of, or a bare text.
func (sc *scope) foreignName(name string) string {
	switch ours, known := foreignNames[name]; {
	case sc.typ != nil && sc.typ.Slot(name) >= 0:
		return "write object." + name
	case known && (!sc.classifies || ours == "object"):
		return "write " + ours
	case name == "true" || name == "false" || strings.ToLower(name) == "true" || strings.ToLower(name) == "false":
		return "write " + strings.ToLower(name)
	}
	return "a text stands in quotes"
}

// foreignAction says which action is meant by a method or by another word for one.
func (c *compiler) foreignAction(word string) string {
	action, known := foreignActions[strings.ToLower(word)]
	if !known || action != `"*"` && !c.actions[action] {
		return ""
	}
	return "write " + action
}

// foreignCaller says how callers are selected who have no name of their own.
func foreignCaller(word string) string {
	_, kind := ParseCallerKind(word)
	switch {
	case kind:
		return "write { kind: " + word + " }"
	case slices.Contains([]string{anything, "all", "any", "anyone", "everyone", "everybody"}, word):
		return "no word is everyone: name a kind, an issuer or a group, such as { kind: human }"
	}
	return ""
}
