package resolver

import (
	"slices"

	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// writing says which members of a body are written to the line's first target, or
// where each element of a list has one of its own, to which.
type writing struct {
	root  *member // what the type declares
	known *member // what a mask may name: that, the attributes and the id
	base  []step  // to the object that is written
	id    []step  // below it, to the member that names the target: it is no property of it
	list  []step  // of a batch: below base, to each element; what is beside it belongs to all targets
	in    []step  // of a batch: below the element, to the object that is written
	only  bool    // writes says so: what is outside is not written, unless the type declares it
	name  []step  // then: from the body, or of a batch from the element, to the member that names the target
}

// written compiles what the line's first target is written with.
func (b *builder) written() {
	w, at := b.op.written, b.decl.Writes
	if w == nil {
		b.without(at.Pos, "nothing of the body is decided: its first target is not created or updated, or its type has neither properties nor writable")
		return
	}
	first := &b.op.targets[0]
	actions := []string{first.action}
	if first.upsert {
		actions = []string{"create", "update"}
	}
	w.root, w.known = declared(first.typ, actions...), known(first.typ)
	var id []step
	if first.id != nil && first.id.kind == fromBody {
		id = first.id.steps
	}
	if given(at.Pos) {
		e, ok := b.place(at, "writes")
		if !ok {
			return
		}
		if b.op.bodies&jsonPatch != 0 {
			b.mistakes.Add(at.Pos, "a JSON patch says itself what it writes")
			return
		}
		if kind := e.reads(); kind == 0 && e.kind != fromArgs && e.kind != fromMessage || kind != 0 && (kind == formBody) != (b.op.bodies == formBody) {
			b.mistakes.AddHint(at.Pos, "write body.member, or args.member on a GRAPHQL or MCP line", "writes is %q, which is not in the body", at.V)
			return
		}
		b.bodyName(e)
		w.only, w.name = true, id
		if each := lastEach(e.steps); each > 0 {
			if lastEach(id) != each || !slices.Equal(e.steps[:each], id[:each]) {
				b.mistakes.AddHint(at.Pos, "capture the ids in the same list", "writes is %q, and the line's first target has no id in each of its elements", at.V)
				return
			}
			w.list, w.in = e.steps[:each], e.steps[each:]
			w.name = id[each:]
			if id = w.name; len(id) > len(w.in) && slices.Equal(id[:len(w.in)], w.in) {
				w.id = id[len(w.in):]
			}
			return
		}
		w.base = e.steps
		if len(id) < len(w.base) || !slices.Equal(id[:len(w.base)], w.base) {
			return
		}
		id = id[len(w.base):]
	}
	each := lastEach(id)
	w.list, w.id = id[:each], id[each:]
}

// lastEach is how many steps there are up to the last into each element of a list.
func lastEach(steps []step) int {
	for i := len(steps); i > 0; i-- {
		if steps[i-1].each {
			return i
		}
	}
	return 0
}

// properties names what is written on the targets of the line's first one, and
// what is asked for on them.
func (r *resolution) properties(out []rules.Target) ([]rules.Target, error) {
	mine := out[r.start:r.first]
	if err := r.asked(mine); err != nil {
		return nil, err
	}
	w := r.op.written
	if w == nil {
		return out, nil
	}
	write := r.wrote
	if r.kind == jsonPatch {
		write = r.patched
	}
	if err := write(mine); err != nil {
		return nil, err
	}
	return out, r.masked(mine)
}

// wrote names what the body writes on the targets of the line's first one.
func (r *resolution) wrote(mine []rules.Target) error {
	w := r.op.written
	body, err := r.at(r.body, w.base)
	if err != nil {
		return err
	}
	var common paths
	name := w.name
	if len(w.list) > 0 { // it is in the elements
		name = nil
	}
	if err := w.outside(r.body, slices.Concat(w.base, w.list), name, &common); err != nil {
		return err
	}
	switch {
	case len(w.list) == 0:
		err = w.object(body, &common, w.id)
	case !w.only:
		err = w.beside(body, w.list, &common)
	}
	if err != nil {
		return err
	}
	for _, loose := range r.loose { // an element without an id belongs to nobody alone
		if err := w.element(r, loose, &common); err != nil {
			return err
		}
	}
	return r.each(mine, common)
}

// each gives every target the common paths, and in a batch those of its element.
func (r *resolution) each(targets []rules.Target, common paths) error {
	for i := range targets {
		targets[i].Properties = common.list
		if i >= len(r.elements) {
			continue
		}
		own := paths{slices.Clone(common.list), common.strange}
		if err := r.op.written.element(r, r.elements[i], &own); err != nil {
			return err
		}
		targets[i].Properties = own.list
	}
	return nil
}

// at goes down to the object that is written. One that is not there is refused,
// for the line would decide on nothing.
func (r *resolution) at(v *tree.Value, steps []step) (*tree.Value, error) {
	for _, s := range steps {
		next, twin := v.Member(s.member)
		if twin {
			return nil, rules.Faultf(rules.AmbiguousParameter, "another member may be read as %q", s.member)
		}
		if next == nil {
			return nil, rules.Faultf(rules.BodyMalformed, "the body has no %q to be written", s.member)
		}
		v = next
	}
	return v, nil
}

// element names what is written of one element of a batch. One that is no object,
// such as an id in a list of ids, has no members.
func (w *writing) element(r *resolution, v *tree.Value, to *paths) error {
	if len(w.in) == 0 && len(w.id) == 0 {
		return nil
	}
	set, err := r.at(v, w.in)
	if err != nil {
		return err
	}
	if err := w.outside(v, w.in, w.name, to); err != nil {
		return err
	}
	return w.object(set, to, w.id)
}

// outside names what stands beside the way to the object that writes names, and beside
// the member that names the target, as far as the type declares it: a server that reads
// such a member there, too, writes it. All else may be what it likes.
func (w *writing) outside(v *tree.Value, way, name []step, to *paths) error {
	if !w.only || len(way) == 0 {
		return nil
	}
	if way[0].each {
		for i := range v.Items {
			if err := w.outside(&v.Items[i], way[1:], name, to); err != nil {
				return err
			}
		}
		return nil
	}
	rest := tree.Value{Kind: tree.Object}
	var next *tree.Value
	for i, member := range v.Names {
		if member == way[0].member {
			next = &v.Items[i]
			continue
		}
		rest.Names, rest.Items = append(rest.Names, member), append(rest.Items, v.Items[i])
	}
	declared := paths{list: to.list, strange: true} // as if one had been named
	if err := members(&rest, w.root, &declared, name); err != nil {
		return err
	}
	if to.list = declared.list; next == nil {
		return nil
	}
	if len(name) > 0 && name[0] == way[0] {
		name = name[1:]
	} else {
		name = nil
	}
	return w.outside(next, way[1:], name, to)
}

// object names the members of the object that is written, but for the one that
// is its id.
func (w *writing) object(v *tree.Value, to *paths, id []step) error {
	if v.Kind != tree.Object {
		return rules.Faultf(rules.BodyMalformed, "what is written is not an object, so its members are unknown")
	}
	return members(v, w.root, to, id)
}

// beside names what stands beside the elements of a batch, at every level above.
func (w *writing) beside(v *tree.Value, list []step, to *paths) error {
	if list[0].each {
		if len(list) == 1 || v.Kind != tree.Array {
			return nil
		}
		for i := range v.Items {
			if err := w.beside(&v.Items[i], list[1:], to); err != nil {
				return err
			}
		}
		return nil
	}
	if v.Kind != tree.Object {
		return rules.Faultf(rules.BodyMalformed, "what is written is not an object, so its members are unknown")
	}
	if err := members(v, w.root, to, list[:1]); err != nil {
		return err
	}
	if next, _ := v.Member(list[0].member); next != nil {
		return w.beside(next, list[1:], to)
	}
	return nil
}

// members names those of an object, without the one that skip leads to.
func members(v *tree.Value, m *member, to *paths, skip []step) error {
	for i, name := range v.Names {
		below := []step(nil)
		if len(skip) > 0 && name == skip[0].member {
			if len(skip) == 1 {
				continue
			}
			below = skip[1:]
		}
		next, err := m.find(name)
		if err != nil {
			return err
		}
		switch {
		case next == nil:
			to.undeclared(m, name)
			continue
		case next.free:
			continue
		}
		if err := value(&v.Items[i], next, to, below); err != nil {
			return err
		}
	}
	return nil
}

// value names a member, or what is in it where that is declared one by one. A value
// of another shape than the declared one replaces all of it.
func value(v *tree.Value, m *member, to *paths, skip []step) error {
	switch {
	case v.Kind == tree.Object && len(m.names) > 0 && len(v.Names) > 0:
		return members(v, m, to, skip)
	case v.Kind == tree.Array && m.each != nil && len(v.Items) > 0:
		for i := range v.Items {
			if err := value(&v.Items[i], m.each, to, nil); err != nil {
				return err
			}
		}
		return nil
	}
	to.add(m.path)
	return nil
}
