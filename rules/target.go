package rules

import (
	"regexp"
	"time"
)

// Tier is how sensitive an object is: an index into Schema.Tiers, from low to
// high. NoTier is "nothing said".
type Tier int8

// NoTier marks a type, an action or a row that does not classify.
const NoTier Tier = -1

// Schema is the compiled `tiers:` and `objects:` of one policy version.
type Schema struct {
	Tiers        []TierInfo // low to high, at least one
	Unclassified Tier
	BroadAbove   Tier
	Weights      map[string]int // action weights of the blast radius, defaults included
	Categories   []string       // the usual ones, then those that are declared
	Types        map[string]*Type
}

// TierInfo is one tier.
type TierInfo struct {
	Pos     Pos
	Name    string
	Require Require
	Trial   Require  // of the second verdict alone
	Justify []string // keys that an allow rule which reaches it must have
}

// TierName returns the name of t, or "" for NoTier.
func (s *Schema) TierName(t Tier) string {
	if t < 0 || int(t) >= len(s.Tiers) {
		return ""
	}
	return s.Tiers[t].Name
}

// TierByName returns the tier of that name.
func (s *Schema) TierByName(name string) (Tier, bool) {
	for i := range s.Tiers {
		if s.Tiers[i].Name == name {
			return Tier(i), true
		}
	}
	return NoTier, false
}

// Type is a compiled object type. Its attributes have fixed slots, so that a
// row is a slice and a condition reads by index.
type Type struct {
	Pos        Pos
	Name       string
	Tier       Tier // floor, or NoTier
	MaxRowTier Tier
	Classified Tier           // the highest that its `classify` raises to, or NoTier
	RowTiers   bool           // max_row_tier is given and above Tier: the catalog must have a place for rows' tiers
	Catalog    string         // name of the source, "" for none
	Parent     string         // type of the parent, "" for none
	Above      *Type          // that type, nil for none
	Children   []*Type        // types whose decisions read this one's rows as their parents'
	ID         *regexp.Regexp // matches whole ids; nil for any
	Attributes []Attribute
	Actions    map[string]Tier
	Body       []Member                   // what requests' bodies bring to conditions, by slot
	Properties map[string]Tier            // by path, see PropertyPath
	Writable   map[string]map[string]bool // action -> paths; an action without entry has no limit
	Shadow     []Shadow
	Fresh      time.Duration // how old its rows may be for whatever demands it; 0 for no demand

	category           categories
	categoryNames      []string
	propertyCategory   map[string]categories // by path
	classes            []class
	classifiedByParent bool // some class reads the parent's row

	groups *idGroups // nil where ids give no attributes
}

// Attribute is a declared attribute; its index in Type.Attributes is its slot.
type Attribute struct {
	Name string
	Kind Kind
}

// Slot returns the slot of a declared attribute, or -1.
func (t *Type) Slot(name string) int {
	for i := range t.Attributes {
		if t.Attributes[i].Name == name {
			return i
		}
	}
	return -1
}

// State says what is known about an object's existence.
type State uint8

// The states of an object.
const (
	Unchecked State = iota // nothing was looked up: no catalog, or no rule could fit
	Stored                 // the catalog has it
	Absent                 // the catalog has no such row
	New                    // it is being created; its attributes are what the request binds
)

// Object is a record that a request touches. ID is "" for a new object.
type Object struct {
	Type       *Type
	ID         string
	Parent     string // id of the parent, "" when unknown
	Attributes []any  // by slot; nil means absent; a short slice means the rest is absent
	RowTier    Tier   // what the row says, or NoTier
	State      State
	Generation uint64        // of the source that answered
	Age        time.Duration // of what the source says, where Type.Fresh asks for it

	ParentState      State // what is known of the parent's row: Unchecked, Stored or Absent
	ParentAttributes []any // of that row, by slot of Type.Above
	ParentAge        time.Duration
}

// Attribute returns the value in a slot, and whether it is present.
func (o *Object) Attribute(slot int) (any, bool) {
	if slot < 0 || slot >= len(o.Attributes) || o.Attributes[slot] == nil {
		return nil, false
	}
	return o.Attributes[slot], true
}

// ParentAttribute returns the value in a slot of the parent, and whether it is present.
func (o *Object) ParentAttribute(slot int) (any, bool) {
	if o.ParentState != Stored || slot < 0 || slot >= len(o.ParentAttributes) || o.ParentAttributes[slot] == nil {
		return nil, false
	}
	return o.ParentAttributes[slot], true
}

// Target is one action on one object, or on a collection of objects.
type Target struct {
	Action     string
	Upsert     bool // create or update, settled by existence before Decide
	Object     Object
	Collection bool     // Object then holds only what bounds it: Attributes, Parent
	Unbounded  bool     // a collection that nothing bounds
	Properties []string // paths of the body that are written, for create and update
	Reads      []string // paths that are asked for: they raise the tier and need not be writable
	Body       []any    // by slot of Type.Body, what the request brings; nil means absent, and so does what is behind its end

	otherwise *otherwise // what an explanation supposes; nil for nothing
}
