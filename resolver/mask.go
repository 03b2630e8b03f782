package resolver

import (
	"slices"
	"strings"

	"github.com/tiergate/tiergate/resolver/rpc"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// masks are the names by which an update says what of an object it changes (AIP-134).
// What a mask names and the body leaves out is cleared, so that a mask writes, too.
var masks = [...]string{"updateMask", "update_mask", "fieldMask", "field_mask"}

// masked names on the targets what the request's masks name: parameters of the query
// and members of the body, and of a message every google.protobuf.FieldMask.
func (r *resolution) masked(targets []rules.Target) error {
	var named paths
	var err error
	if r.op.Protocol == protoRPC && r.op.rpc != nil {
		err = r.fieldMasks(&named)
	} else if err = r.queryMasks(&named); err == nil && r.kind != jsonPatch {
		err = r.bodyMasks(r.body, &named)
	}
	if err != nil || len(named.list) == 0 {
		return err
	}
	for i := range targets {
		all := paths{list: slices.Clone(targets[i].Properties)}
		for _, path := range named.list {
			all.add(path)
		}
		targets[i].Properties = all.list
	}
	return nil
}

// queryMasks reads those that are parameters: updateMask=a,b and
// updateMask.fieldPaths=a. One that the line reads itself is no mask.
func (r *resolution) queryMasks(to *paths) error {
	if r.op.Protocol != "" {
		return nil
	}
	for i, param := range r.params() {
		if !slices.ContainsFunc(masks[:], param.Is) || slices.ContainsFunc(r.op.Query, param.Is) {
			continue
		}
		if _, err := r.op.written.known.request(r.req.Query[i].Value, to); err != nil {
			return err
		}
	}
	return nil
}

// bodyMasks reads those that are members, at any depth: a text, a list of texts, or
// an object with one.
func (r *resolution) bodyMasks(v *tree.Value, to *paths) error {
	for i := range v.Items {
		if v.Kind == tree.Object && isMask(v.Names[i]) {
			if err := r.maskTexts(&v.Items[i], to); err != nil {
				return err
			}
			continue
		}
		if err := r.bodyMasks(&v.Items[i], to); err != nil {
			return err
		}
	}
	return nil
}

func isMask(name string) bool {
	return slices.ContainsFunc(masks[:], func(mask string) bool { return strings.EqualFold(name, mask) })
}

func (r *resolution) maskTexts(v *tree.Value, to *paths) error {
	if v.Kind == tree.String {
		_, err := r.op.written.known.request(v.Text, to)
		return err
	}
	for i := range v.Items {
		if err := r.maskTexts(&v.Items[i], to); err != nil {
			return err
		}
	}
	return nil
}

// fieldMasks reads those of a message. A path that the type says nothing of is a field
// like any other where the object that is written has one, and else may be any.
func (r *resolution) fieldMasks(to *paths) error {
	w := r.op.written
	var into []string
	for _, s := range slices.Concat(w.base, w.list, w.in) {
		if s.each {
			into = append(into, rpc.Each)
		} else {
			into = append(into, s.member)
		}
	}
	for _, path := range r.op.rpc.Masks(r.body) {
		steps := strings.Split(path, ".")
		known := false
		if plainField(path) {
			var err error
			if known, err = w.known.want(steps, to); err != nil {
				return err
			}
		}
		switch {
		case known:
		case r.op.rpc.Has(slices.Concat(into, steps)):
			to.undeclared(&member{}, path)
		default:
			to.add(rules.Everything)
		}
	}
	return nil
}
