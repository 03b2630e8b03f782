package resolver

import (
	"slices"
	"strings"

	"github.com/tiergate/tiergate/resolver/rpc"
	"github.com/tiergate/tiergate/rules"
)

// memberSlot is a member of the body that conditions may read of a target.
type memberSlot struct {
	slot int
	kind rules.Kind
	from source // of a list, its last step goes into each element
}

// reads compiles what conditions read of the body. The line says where that is: a
// place that is taken for granted would be one beside what the server acts on.
func (b *builder) reads() {
	at, first := b.decl.Reads, -1
	slots := make([][]int, len(b.op.targets))
	for i := range b.op.targets {
		t := &b.op.targets[i]
		if slots[i] = t.typ.BodyOf(t.actions()...); len(slots[i]) > 0 && first < 0 {
			first = i
		}
	}
	switch {
	case first < 0:
		b.without(at.Pos, "nothing of the body is read by conditions: no action of the line declares a body with its type")
		return
	case !given(at.Pos):
		b.mistake(0, b.hintReads(), "rules may read %s of the body of %s %s, and the line does not say where that is",
			b.op.targets[first].names(slots[first]), b.op.targets[first].actions()[0], b.op.targets[first].typ.Name)
		return
	}
	root, ok := b.readsFrom(at)
	if !ok {
		return
	}
	for i := range b.op.targets {
		for _, slot := range slots[i] {
			b.reading(&b.op.targets[i], slot, root)
		}
	}
}

// readsFrom is the object of the body that `reads` names.
func (b *builder) readsFrom(at rules.At[string]) (root *expr, ok bool) {
	if kind, whole := roots[at.V]; whole {
		root = &expr{kind: kind}
	} else if root, ok = b.place(at, "reads"); !ok {
		return nil, false
	}
	switch kind := root.reads(); {
	case !b.brings(root.kind):
		b.mistakes.AddHint(at.Pos, b.hintReads(), "reads is %q, which is not in the body", at.V)
	case slices.ContainsFunc(root.steps, func(s step) bool { return s.each }):
		b.mistakes.AddHint(at.Pos, "name what stands beside the list, or map requests for one object", "reads is %q: to read a member of each element is not supported yet", at.V)
	case b.op.bodies&jsonPatch != 0:
		b.mistakes.Add(at.Pos, "a JSON patch holds no members to read")
	case kind != 0 && (kind == formBody) != (b.op.bodies == formBody):
		b.mistakes.AddHint(at.Pos, "say body: form, or body: json", "reads is %q, which is of another kind of body than the line reads", at.V)
	default:
		return root, true
	}
	return nil, false
}

// brings reports whether requests of the line have a body of such a kind.
func (b *builder) brings(kind exprKind) bool {
	switch b.op.Protocol {
	case "":
		return kind == fromBody || kind == fromForm
	case protoRPC:
		return kind == fromMessage
	default:
		return kind == fromArgs
	}
}

// reading compiles one member of a target's body.
func (b *builder) reading(t *target, slot int, root *expr) {
	m := &t.typ.Body[slot]
	e := &expr{kind: root.kind, steps: slices.Clone(root.steps)}
	for _, member := range m.Path {
		e.steps = append(e.steps, step{member: member})
	}
	if m.Kind == rules.StringList || m.Kind == rules.IntList {
		e.steps = append(e.steps, step{each: true})
	}
	from := b.source(e)
	from.member = true
	b.bodyName(e)
	b.op.NeedsBody = true
	b.members = append(b.members, e)
	t.body = append(t.body, memberSlot{slot: slot, kind: m.Kind, from: *from})
}

// hintReads is how a line of this kind says where members are.
func (b *builder) hintReads() string {
	root := "body"
	switch {
	case b.op.Protocol == protoRPC:
		root = "message"
	case b.op.Protocol != "":
		root = "args"
	case b.op.bodies == formBody:
		root = "form"
	}
	return "write reads: " + root + " on the line, or " + root + ".member where they stand in a member"
}

// actions are those that the target may come to.
func (t *target) actions() []string {
	if t.upsert {
		return []string{"create", "update"}
	}
	return []string{t.action}
}

func (t *target) names(slots []int) string {
	names := make([]string, len(slots))
	for i, slot := range slots {
		names[i] = t.typ.Body[slot].Name
	}
	return strings.Join(names, ", ")
}

// members holds what is read of a message against the types of its fields.
func (c *compiler) members(op *Operation, paths map[string]*callPath, t *target) {
	for i := range t.body {
		m := &t.body[i]
		p := paths[m.from.text]
		leaf, err := op.rpc.Leaf(p.path)
		if err != nil { // reported
			continue
		}
		switch isBool := m.kind == rules.Bool; {
		case leaf.Kind == rpc.LeafOther, isBool != (leaf.Kind == rpc.LeafBool):
			c.mistakes.AddHint(p.at, "declare it as the field is; bytes and floating numbers are not read", "%s is not of kind %v in the message", m.from.text, m.kind)
		case isBool && !leaf.Presence:
			c.mistakes.AddHint(p.at, "declare it optional in the .proto file", "%s has no presence, so that false is the same as absent", m.from.text)
		case leaf.Default:
			c.mistakes.AddHint(p.at, "declare it without a default in the .proto file", "%s has a default, which servers read where it is absent", m.from.text)
		}
	}
}
