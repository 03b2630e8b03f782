package rules

import "reflect"

// later names keys that the language will have and does not have yet, by the
// struct they would stand in. Refused by name, they tell a reader of newer
// documentation that nothing is misspelt.
var later = map[reflect.Type][]string{
	reflect.TypeFor[sections]():     {"groups", "define", "grants", "budgets", "limits", "revocations", "classification"},
	reflect.TypeFor[RuleDecl]():     {"ask", "limit", "status", "during", "from", "expires", "not_before"},
	reflect.TypeFor[ObjectDecl]():   {"classification", "classify", "relations"},
	reflect.TypeFor[IdentityDecl](): {"groups"},
	reflect.TypeFor[Selector]():     {"group", "groups", "actor"},
	reflect.TypeFor[lineOptions]():  {"stream", "form"},
	reflect.TypeFor[RequireDecl]():  {"mfa", "acr", "approval", "network"},
	reflect.TypeFor[ThenDecl]():     {"remove_headers", "set_response_headers", "limit"},
}
