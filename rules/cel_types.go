package rules

import (
	"strings"

	"cel.dev/cel-go/common/types"
)

// celTypes describes the structs object, caller, user, request and those inside
// them, as the scope at hand declares their members.
type celTypes struct {
	types.Provider
	scope *scope
}

// inner are the members that are structs themselves.
var inner = map[string]bool{"object.parent": true, "caller.claims": true, "caller.actor": true, "request.header": true}

// isInner reports whether a member is a struct, as what stands in a body may be, too.
func (t *celTypes) isInner(path string) bool {
	below, ok := strings.CutPrefix(path, "request.body")
	return inner[path] || ok && (below == "" || below[0] == '.' && t.scope.leads(strings.Split(below[1:], ".")))
}

// structType names a struct by its path. The mark keeps a condition from taking
// the name for a type of its own.
func structType(path string) *types.Type { return types.NewObjectType("@" + path) }

func (t *celTypes) FindStructType(name string) (*types.Type, bool) {
	path, ours := strings.CutPrefix(name, "@")
	if !ours {
		return t.Provider.FindStructType(name)
	}
	return types.NewTypeTypeWithParam(structType(path)), true
}

func (t *celTypes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	path, ours := strings.CutPrefix(name, "@")
	if !ours {
		return t.Provider.FindStructFieldType(name, field)
	}
	if t.isInner(path + "." + field) {
		self := func(target any) (any, error) { return target, nil }
		return &types.FieldType{Type: structType(path + "." + field), IsSet: isSet, GetFrom: self}, true
	}
	member, presence := strings.CutPrefix(field, "?")
	r, used, text, _ := t.scope.lookup(append(strings.Split(path, "."), member))
	if text != "" || used == 0 {
		return nil, false
	}
	if presence {
		return &types.FieldType{Type: types.BoolType, IsSet: isSet, GetFrom: func(target any) (any, error) {
			f, ok := target.(*facts)
			if !ok {
				return nil, errAbsent
			}
			if t := r.present(f); t != unknown {
				return t == yes, nil
			}
			return anUnknown, nil
		}}, true
	}
	return &types.FieldType{Type: celType(r), IsSet: isSet, GetFrom: func(target any) (any, error) {
		f, ok := target.(*facts)
		if !ok {
			return nil, errAbsent
		}
		return fetch(r, f)
	}}, true
}

func isSet(any) bool { return true }

func celType(r *variableRef) *types.Type {
	if r.what == nowVar {
		return types.TimestampType
	}
	if r.what == callerDetails {
		return types.NewListType(types.NewMapType(types.StringType, types.DynType))
	}
	if r.what == requestQuery {
		return types.NewMapType(types.StringType, types.StringType)
	}
	switch r.kind {
	case String:
		return types.StringType
	case Int:
		return types.IntType
	case Bool:
		return types.BoolType
	case StringList:
		return types.NewListType(types.StringType)
	case IntList:
		return types.NewListType(types.IntType)
	default:
		return types.DynType
	}
}
