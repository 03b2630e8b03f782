package review

import (
	"fmt"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Line is a map line, as far as it bears on what can be reached. Lines that are
// open touch no object and are left out.
type Line struct {
	Name    string // host and line
	Purpose string // of requests whose token names none
	Derived bool   // a target comes from the caller's own claims
	Streams bool   // messages may pass behind the decision, which nobody reads
	Shadow  []rules.Shadow
	Touches []Touch
}

// Touch is one target of a line.
type Touch struct {
	Action, Type string
	Collection   bool
	New          bool   // an object that does not exist yet
	Upsert       bool   // one of the two actions of create|update
	Optional     bool   // the line does without it
	FixedID      string // of a line that names its object itself
	Bounds       []Bound
}

// Bound is what fixes a collection or a new object: an attribute, or "parent".
type Bound struct {
	Attribute string
	Optional  bool
	Fixed     string // the line's own word, "" where the request chooses
}

// unit is a touch for one purpose: what one decision is about.
type unit struct {
	Touch
	typ     *rules.Type
	purpose string
	alone   bool  // some way asks for nothing else
	joint   []int // the ways that ask for something else too
}

// way is a line for one purpose.
type way struct {
	units    []int // indexes of what it touches, without what may be left out
	optional []int
}

// plan is everything that lines let a caller of some purposes do.
type plan struct {
	units []unit
	ways  []way
	index map[string]int
}

// add plans a line for a purpose. An upsert of an object that exists is an update.
func (p *plan) add(schema *rules.Schema, l *Line, purpose string) {
	var w way
	for _, t := range l.Touches {
		typ := schema.Types[t.Type]
		if typ == nil || t.Upsert && t.Action == "create" {
			continue
		}
		key := fmt.Sprintf("%q %q %q %t %t %q %v", t.Type, t.Action, purpose, t.Collection, t.New, t.FixedID, t.Bounds)
		at, known := p.index[key]
		if !known {
			at = len(p.units)
			p.index[key] = at
			p.units = append(p.units, unit{Touch: t, typ: typ, purpose: purpose})
		}
		if t.Optional {
			w.optional = append(w.optional, at)
		} else if !slices.Contains(w.units, at) {
			w.units = append(w.units, at)
		}
	}
	p.ways = append(p.ways, w)
}

// link tells every unit the ways that it is part of.
func (p *plan) link() {
	for i := range p.ways {
		w := &p.ways[i]
		for _, unit := range w.units {
			p.units[unit].uses(i, len(w.units) > 1)
		}
		for _, unit := range w.optional {
			p.units[unit].uses(i, len(w.units) > 0)
		}
	}
}

func (u *unit) uses(way int, joint bool) {
	if joint {
		u.joint = append(u.joint, way)
	} else {
		u.alone = true
	}
}

// open reports whether some way that has the unit can be used.
func (p *plan) open(unit int, usable string) bool {
	u := &p.units[unit]
	return u.alone || slices.ContainsFunc(u.joint, func(way int) bool { return usable[way] == 1 })
}

// maxID is the longest id that a request can name, in bytes.
const maxID = 1 << 10

// target makes the target by which the unit touches an object, or false when it
// cannot. For a unit that creates, o is an object like the new one.
func (u *unit) target(o *rules.Object) (rules.Target, bool) {
	t := rules.Target{Action: u.Action}
	if !u.Collection && !u.New {
		t.Object = *o
		named := u.FixedID == "" || u.FixedID == o.ID
		return t, named && o.ID != "" && len(o.ID) <= maxID && (o.Type.ID == nil || o.Type.ID.MatchString(o.ID))
	}
	t.Collection = u.Collection
	t.Object = rules.Object{Type: u.typ, RowTier: rules.NoTier}
	if u.New {
		t.Object.State = rules.New
	}
	bound := false
	for _, b := range u.Bounds {
		slot := u.typ.Slot(b.Attribute)
		value, has := o.Attribute(slot)
		if b.Attribute == "parent" && slot < 0 {
			value, has = o.Parent, o.Parent != ""
		}
		switch {
		case !has && b.Optional:
			continue
		case !has, b.Fixed != "" && b.Fixed != fmt.Sprint(value):
			return t, false
		}
		bound = true
		if slot < 0 {
			t.Object.Parent = o.Parent
			t.Object.ParentState, t.Object.ParentAttributes = o.ParentState, o.ParentAttributes
			continue
		}
		if t.Object.Attributes == nil {
			t.Object.Attributes = make([]any, len(u.typ.Attributes))
		}
		t.Object.Attributes[slot] = value
	}
	t.Unbounded = u.Collection && !bound
	return t, true
}
