package rules

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Need is a part of what an identity says that its task takes: an action on the
// objects of a type, on one of them, or on those that attributes pick. It gives
// no right: what is granted beyond it is surplus.
type Need struct {
	Pos    Pos
	Text   string // as it is written
	Action string
	Type   *Type
	ID     string // "" for any
	bounds []needBound
}

// needBound picks objects by an attribute that equals, or as a list contains, a
// text; the slot -1 is the parent's id.
type needBound struct {
	slot int
	text string
}

// Covers reports whether the task takes an action on an object.
func (n *Need) Covers(action string, o *Object) bool {
	if n.Action != action || n.Type != o.Type || n.ID != "" && n.ID != o.ID {
		return false
	}
	for _, b := range n.bounds {
		if b.slot < 0 {
			if o.Parent != b.text {
				return false
			}
			continue
		}
		if v, ok := o.Attribute(b.slot); !ok || !claimHas(v, b.text) {
			return false
		}
	}
	return true
}

// All reports whether it is about every object of its type.
func (n *Need) All() bool { return n.ID == "" && len(n.bounds) == 0 }

// needForm is `read account`, `read account/AC1`, `read account[tenant=eu]` or
// `list account in customer/C1`.
var needForm = regexp.MustCompile(`^([\w.-]+) +([\w.-]+)(?:/(\S+))?(?:\[([^\]]*)\])?(?: +in +([\w.-]+)/(\S+))?$`)

// needs reads what an identity's task takes.
func (c *compiler) needs(d *IdentityDecl) (out []Need) {
	c.readable("task", d.Task)
	if len(d.Needs) > 0 && strings.TrimSpace(d.Task.V) == "" {
		c.ms.AddHint(d.Needs[0].Pos, "task: what it is there for", "identity %q has needs and no task", d.Name.V)
	}
	for _, w := range d.Needs {
		if n := c.need(w); n != nil {
			out = append(out, *n)
		}
	}
	return out
}

func (c *compiler) need(w At[string]) *Need {
	m := needForm.FindStringSubmatch(w.V)
	if m == nil {
		c.ms.AddHint(w.Pos, "such as read account, read account/AC1 or read account[tenant=eu]", "not a need: %q", w.V)
		return nil
	}
	n := &Need{Pos: w.Pos, Text: w.V, Action: m[1], Type: c.set.schema.Types[m[2]], ID: m[3]}
	if n.Type == nil {
		c.unknownAmong("type", At[string]{w.Pos, m[2]}, maps.Keys(c.set.schema.Types))
		return nil
	}
	if n.Type.ID != nil && n.ID != "" && !n.Type.ID.MatchString(n.ID) {
		c.ms.Add(w.Pos, "no %s has the id %q: its pattern is another", m[2], n.ID)
	}
	if m[4] != "" || strings.Contains(w.V, "[") {
		for part := range strings.SplitSeq(m[4], ",") {
			if b, ok := c.needBound(w, n.Type, part); ok {
				n.bounds = append(n.bounds, b)
			}
		}
	}
	if m[5] != "" {
		if n.Type.Parent != m[5] {
			c.ms.Add(w.Pos, "the parent of type %s is %q, not %q", m[2], n.Type.Parent, m[5])
		}
		n.bounds = append(n.bounds, needBound{-1, m[6]})
	}
	return n
}

func (c *compiler) needBound(w At[string], t *Type, part string) (needBound, bool) {
	name, text, ok := strings.Cut(strings.TrimSpace(part), "=")
	if !ok || name == "" || text == "" {
		c.ms.AddHint(w.Pos, "write [tenant=eu]", "not a bound: %q", part)
		return needBound{}, false
	}
	slot := t.Slot(name)
	if slot < 0 {
		var known []string
		for _, a := range t.Attributes {
			known = append(known, a.Name)
		}
		c.ms.AddHint(w.Pos, DidYouMean(name, known), "type %s has no attribute %q", t.Name, name)
		return needBound{}, false
	}
	kind := t.Attributes[slot].Kind
	v, ok := kind.ParseScalar(text)
	if !ok {
		c.ms.Add(w.Pos, "attribute %q is %v, %q is not", name, kind, text)
		return needBound{}, false
	}
	canonical, _ := textOf(v)
	return needBound{slot, canonical}, true
}

// needed checks, once all words are known, that needs name actions that there are.
func (c *compiler) needed() {
	for _, id := range c.set.identities {
		for i := range id.Needs {
			n := &id.Needs[i]
			if !c.actions[n.Action] {
				c.ms.AddHint(n.Pos, DidYouMean(n.Action, slices.Sorted(maps.Keys(c.actions))), "unknown action %q", n.Action)
			}
		}
	}
}
