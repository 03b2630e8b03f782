package rules

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// errAbsent marks a read of a value that is absent.
var errAbsent = errors.New("no such value")

// run evaluates the program of a condition.
func run(p cel.Program, f *facts) truth {
	v, t := eval(p, f)
	if t != yes {
		return t
	}
	if b, ok := v.(types.Bool); ok {
		return truthOf(bool(b))
	}
	return failed
}

// eval runs a program, unless the request has spent what its conditions may. It counts
// cost, not time, so one request has one answer on any machine. cel-go turns a panic
// inside into an error.
func eval(p cel.Program, f *facts) (ref.Val, truth) {
	if f.spent >= maxSpent {
		return nil, failed
	}
	out, details, err := p.Eval((*activation)(f))
	if cost := details.ActualCost(); cost != nil {
		f.spent += *cost
	} else {
		f.spent += maxCost
	}
	if err == nil {
		if types.IsUnknown(out) {
			return nil, unknown
		}
		return out, yes
	}
	// A key that a map does not have is only known by how the message begins; what
	// follows in a message may be the caller's own words.
	if errors.Is(err, errAbsent) || strings.HasPrefix(err.Error(), "no such key: ") {
		return nil, absent
	}
	return nil, failed
}

// activation gives CEL its variables. The structs are all the same facts;
// the fields of their types know what to read.
type activation facts

func (a *activation) Parent() cel.Activation { return nil }

func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case "object", "caller", "user", "request":
		return (*facts)(a), true
	case "peer", "purpose", "action", "now":
		v, err := fetch(&variableRef{name: name, what: builtin[name]}, (*facts)(a))
		if err != nil {
			return types.WrapErr(err), true
		}
		return v, true
	}
	return nil, false
}

// anUnknown is the value of what a collection's bounds do not say.
var anUnknown = types.NewUnknown(1, types.NewAttributeTrail("object"))

// fetch reads a variable the way CEL wants it.
func fetch(r *variableRef, f *facts) (any, error) {
	v, t := r.value(f)
	switch t {
	case yes:
		return v, nil
	case unknown:
		return anUnknown, nil
	case absent:
		return nil, fmt.Errorf("%s: %w", r.name, errAbsent)
	default:
		return nil, fmt.Errorf("%s: unreadable", r.name)
	}
}
