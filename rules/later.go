package rules

import (
	"reflect"
	"slices"
)

// Later is implemented by structs of other packages that will have keys which
// they do not have yet.
type Later interface {
	// LaterKeys names them. It is asked of the zero value.
	LaterKeys() []string
}

// comesLater reports whether a struct will have a key one day. Refused by name,
// it tells a reader of newer documentation that nothing is misspelt.
func comesLater(v reflect.Value, key string) bool {
	if l, ok := v.Interface().(Later); ok {
		return slices.Contains(l.LaterKeys(), key)
	}
	return slices.Contains(later[v.Type()], key)
}

// later names the keys that the language will have, by the struct they would stand in.
var later = map[reflect.Type][]string{
	reflect.TypeFor[sections]():     {"grants", "budgets", "limits", "revocations"},
	reflect.TypeFor[RuleDecl]():     {"during", "from", "expires"},
	reflect.TypeFor[ObjectDecl]():   {"relations"},
	reflect.TypeFor[IdentityDecl](): {"groups"},
	reflect.TypeFor[Selector]():     {"actor"},
	reflect.TypeFor[lineOptions]():  {"form"},
	reflect.TypeFor[RequireDecl]():  {"mfa", "approval"},
	reflect.TypeFor[ThenDecl]():     {"remove_headers", "set_response_headers", "limit"},
}
