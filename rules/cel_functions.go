package rules

import (
	"errors"
	"fmt"
	"net/netip"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// What conditions can call beside CEL's own functions. All are strict: of an
// argument that is unknown or an error, that is the answer. What they cannot read is
// an error and neither true nor false: an allow rule then does not apply, and a deny
// rule denies.

// constants are the arguments of functions that were read when a condition was loaded,
// by their text. They only grow, and only at load.
type constants struct {
	networks map[string]netip.Prefix
	hours    map[string]*hours
	steps    int // of regular expressions, those of ids and answers among them
}

// functions declares them all, with what a call costs.
func (k *constants) functions() cel.EnvOption {
	text, list := cel.StringType, cel.ListType(cel.TypeParamType("T"))
	options := []cel.EnvOption{
		cel.Function("inNetwork",
			cel.Overload("in_network", []*cel.Type{text, text}, cel.BoolType, cel.BinaryBinding(k.inNetwork)),
			cel.Overload("in_networks", []*cel.Type{text, cel.ListType(text)}, cel.BoolType, cel.BinaryBinding(k.inNetwork))),
		cel.Function("within",
			cel.Overload("within_hours", []*cel.Type{cel.TimestampType, text}, cel.BoolType, cel.BinaryBinding(k.within))),
		cel.Function("intersects",
			cel.Overload("lists_intersect", []*cel.Type{list, list}, cel.BoolType, cel.BinaryBinding(intersect))),
		cel.Function("containsAll",
			cel.Overload("list_contains_all", []*cel.Type{list, list}, cel.BoolType, cel.BinaryBinding(holdsAll))),
		cel.Function("semver",
			cel.Overload("semver_compare", []*cel.Type{text, text}, cel.IntType, cel.BinaryBinding(compareVersions))),
		cel.Function("under",
			cel.Overload("name_under", []*cel.Type{text, text}, cel.BoolType, cel.BinaryBinding(nameUnder))),
		cel.Function("segment",
			cel.Overload("name_segment", []*cel.Type{text, text}, text, cel.BinaryBinding(nameSegment)),
			cel.Overload("name_segment_at", []*cel.Type{text, cel.IntType}, text, cel.BinaryBinding(nameSegment))),
		cel.CostModel(costModels()...),
	}
	return func(e *cel.Env) (_ *cel.Env, err error) {
		for _, o := range options {
			if e, err = o(e); err != nil {
				return nil, err
			}
		}
		return e, nil
	}
}

// costModels say what calls cost: of lists each pair of elements, of texts each ten bytes.
func costModels() []cost.OverloadModel {
	a, b := cost.Length(cost.Arg(0)), cost.Length(cost.Arg(1))
	text, texts := cost.Scale(a, 0.1), cost.Scale(cost.Sum(a, b), 0.1)
	model := func(id string, of cost.QuantityExpr) cost.OverloadModel {
		return cost.Overload(id, cost.EvalCost(cost.Sum(cost.Const(2), of)))
	}
	// A segment is no longer than its name.
	part := func(id string) cost.OverloadModel {
		return cost.Overload(id, cost.EvalCost(cost.Sum(cost.Const(2), text)), cost.ResultSize(a))
	}
	return []cost.OverloadModel{
		model("in_network", text), model("in_networks", cost.Sum(text, b)), model("within_hours", cost.Const(2)),
		model("lists_intersect", cost.Mul(a, b)), model("list_contains_all", cost.Mul(a, b)),
		model("semver_compare", texts), model("name_under", texts), part("name_segment"), part("name_segment_at"),
	}
}

var errUnreadable = errors.New("not what the function reads")

func failure(what string) ref.Val { return types.WrapErr(fmt.Errorf("%s: %w", what, errUnreadable)) }

// inNetwork reports whether an address is in one of the networks. One with a zone
// means something on one machine alone, so it is none.
func (k *constants) inNetwork(address, networks ref.Val) ref.Val {
	addr, err := netip.ParseAddr(string(address.(types.String)))
	if err != nil || addr.Zone() != "" {
		return failure("no address")
	}
	addr, known := addr.Unmap(), true
	in := func(text ref.Val) bool {
		p, ok := k.networks[string(text.(types.String))]
		known = known && ok
		return p.Contains(addr)
	}
	out := false
	if list, ok := networks.(traits.Lister); ok {
		for it := list.Iterator(); it.HasNext() == types.True; {
			out = in(it.Next()) || out
		}
	} else {
		out = in(networks)
	}
	if !known {
		return failure("a network that was not read at load")
	}
	return types.Bool(out)
}

func (k *constants) within(at, text ref.Val) ref.Val {
	h := k.hours[string(text.(types.String))]
	if h == nil {
		return failure("hours that were not read at load")
	}
	return types.Bool(h.hold(at.(types.Timestamp).Time))
}

// intersect reports whether two lists have an element in common.
func intersect(a, b ref.Val) ref.Val {
	for it := a.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		if b.(traits.Container).Contains(it.Next()) == types.True {
			return types.True
		}
	}
	return types.False
}

// holdsAll reports whether every element of b is in a.
func holdsAll(a, b ref.Val) ref.Val {
	for it := b.(traits.Lister).Iterator(); it.HasNext() == types.True; {
		if a.(traits.Container).Contains(it.Next()) != types.True {
			return types.False
		}
	}
	return types.True
}

func compareVersions(a, b ref.Val) ref.Val {
	x, ok := parseVersion(string(a.(types.String)))
	y, ok2 := parseVersion(string(b.(types.String)))
	if !ok || !ok2 {
		return failure("no version")
	}
	return types.Int(x.compare(y))
}

func nameUnder(name, top ref.Val) ref.Val {
	below, above := string(name.(types.String)), string(top.(types.String))
	_, ok := segmentsOf(below)
	_, ok2 := segmentsOf(above)
	if !ok || !ok2 {
		return failure("no hierarchical name")
	}
	return types.Bool(isUnder(below, above))
}

// nameSegment returns the segment behind a collection or at a place. One that is not
// there is absent.
func nameSegment(name, which ref.Val) ref.Val {
	rest, ok := segmentsOf(string(name.(types.String)))
	if !ok {
		return failure("no hierarchical name")
	}
	var segment string
	if place, isPlace := which.(types.Int); isPlace {
		segment, ok = segmentAt(rest, int64(place))
	} else {
		segment, ok = segmentOf(rest, string(which.(types.String)))
	}
	if !ok {
		return types.WrapErr(fmt.Errorf("segment %v: %w", which.Value(), errAbsent))
	}
	return types.String(segment)
}
