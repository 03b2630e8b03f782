package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// shape is one declaration of a type: what its rows look like once typed, and
// how long they may be kept. Views whose declarations are equal share the shape
// and so the cached rows; any other declaration never sees them.
type shape struct {
	source     *source
	typ        string
	tiers      []string   // low to high: a typed row holds an index into it
	floor      rules.Tier // NoTier where only rows classify
	none       rules.Tier // of a row without one
	maxRow     rules.Tier
	rowTiers   bool // without a place for them every row is bad
	attributes []rules.Attribute
	byID       *rules.Type   // whose ids give attributes, nil for none
	ttl        time.Duration // of a row that was found; 0 is never kept
	maxStale   time.Duration // beyond that, while the source fails
	ages       bool          // somebody demands to know how old the rows are
	salt       uint64        // of the type in hashes of keys
	near       neighbours    // of undeclared columns
	partial    bool          // a row need not have all attributes, and shows which it has
}

// Empty is an attribute that the source of a type of the server's own knows, and
// that a row does not have.
type Empty struct{}

// fingerprint says in text everything that typing a row and keeping it depends on.
func fingerprint(schema *rules.Schema, t *rules.Type, partial bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q %d %d %t %d %t", t.Catalog, t.Name, t.Tier, t.MaxRowTier, t.RowTiers, schema.Unclassified, partial)
	for i := range schema.Tiers {
		fmt.Fprintf(&b, " %q", schema.Tiers[i].Name)
	}
	for _, a := range t.Attributes {
		fmt.Fprintf(&b, " %q:%d", a.Name, a.Kind)
	}
	if t.NamesAttributes() {
		fmt.Fprintf(&b, " by %q", t.ID)
	}
	for _, t := range withChildren(t) {
		low, high := aged(t)
		fmt.Fprintf(&b, " %d..%d %v", low, high, t.Fresh)
	}
	return b.String()
}

func newShape(schema *rules.Schema, t *rules.Type, c *Catalog) *shape {
	s := &shape{
		source: c.sources[t.Catalog], typ: t.Name, floor: t.Tier, maxRow: t.MaxRowTier, rowTiers: t.RowTiers,
		attributes: slices.Clone(t.Attributes), salt: c.cache.salt(t.Name), ttl: leastOf(schema, t, c.ttlOf(schema)),
	}
	for _, t := range withChildren(t) {
		if t.Fresh > 0 {
			s.ttl, s.ages = min(s.ttl, t.Fresh), true
		}
	}
	if s.none = s.floor; s.floor == rules.NoTier {
		s.none = schema.Unclassified
	}
	if t.NamesAttributes() {
		s.byID = t
	}
	if s.ttl > 0 { // what is read every time is not kept
		s.maxStale = leastOf(schema, t, c.maxStaleOf(schema))
	}
	for i := range schema.Tiers {
		s.tiers = append(s.tiers, schema.Tiers[i].Name)
	}
	return s
}

// ttlOf is how long rows that a source has just read are taken for true.
func (c *Catalog) ttlOf(schema *rules.Schema) func(rules.Tier) time.Duration {
	return func(tier rules.Tier) time.Duration {
		if d, ok := c.ttl[schema.TierName(tier)]; ok {
			return d
		}
		if d, ok := c.ttl["default"]; ok {
			return d
		}
		return defaultTTL
	}
}

// maxStaleOf is how much longer they serve while their source fails. The default
// is not for the highest tier.
func (c *Catalog) maxStaleOf(schema *rules.Schema) func(rules.Tier) time.Duration {
	return func(tier rules.Tier) time.Duration {
		if d, ok := c.maxStale[schema.TierName(tier)]; ok || int(tier) == len(schema.Tiers)-1 {
			return d
		}
		return c.maxStale["default"]
	}
}

// leastOf is the least that of gives for a tier that a row of t can have, so that
// a row that was raised meanwhile does not outlive the bound of its new tier. A row
// that decides on the objects below it has their bounds, too.
func leastOf(schema *rules.Schema, t *rules.Type, of func(rules.Tier) time.Duration) time.Duration {
	least := of(t.MaxRowTier)
	for _, t := range withChildren(t) {
		if t.Tier == rules.NoTier {
			least = min(least, of(schema.Unclassified))
		}
		low, high := aged(t)
		for tier := low; tier <= high; tier++ {
			least = min(least, of(tier))
		}
	}
	return least
}

// withChildren are the types whose decisions rest on rows of t.
func withChildren(t *rules.Type) []*rules.Type { return append([]*rules.Type{t}, t.Children...) }

// aged are the lowest and the highest tier that an object of a type can have by
// its row.
func aged(t *rules.Type) (low, high rules.Tier) {
	return max(t.Tier, 0), max(t.MaxRowTier, t.Classified)
}

// entry is a row in its shape. It never changes once others can see it, for
// objects share its attributes: put sets expires before it keeps the entry.
type entry struct {
	found      bool
	bad        string // with the place, without values and with the id only as a hash
	parent     string
	tier       rules.Tier
	attributes []any
	generation uint64
	stamp      uint64        // of its source's changes, before its look-up began
	read       time.Duration // since the catalog's start, when its look-up began
	expires    time.Duration // likewise since the start
}

// usable reports whether the row exists and says what can be decided on.
func (e *entry) usable() bool { return e.found && e.bad == "" }

// entrySize is about what an entry, its node and its place in a map take, in bytes.
const entrySize = 288

// size estimates how many bytes an entry takes: a fixed part, texts, and a slot for each attribute.
func (e *entry) size() int {
	n := entrySize + len(e.bad) + len(e.parent)
	for _, value := range e.attributes {
		n += 16 // of the slot, and as much again for a text, a number or the head of a list
		switch v := value.(type) {
		case string:
			n += 16 + len(v)
		case int64:
			n += 16
		case []int64:
			n += 24 + 8*len(v)
		case []string:
			n += 24
			for _, text := range v {
				n += 16 + len(text)
			}
		}
	}
	return n
}

// apply gives an object what the row says. A row that is absent says only that;
// what the request binds for a new object stays.
func (e *entry) apply(o *rules.Object) {
	o.Generation = e.generation
	if !e.found {
		o.State = rules.Absent
		return
	}
	o.State, o.Attributes, o.Parent, o.RowTier = rules.Stored, e.attributes, e.parent, e.tier
}

// entry types a row. note is told of columns that the type does not declare.
func (s *shape) entry(row Row, note func(column string)) *entry {
	e := &entry{found: row.Found, tier: rules.NoTier, parent: row.Parent, generation: row.Generation}
	if !row.Found {
		return e
	}
	wrong := row.Bad
	if wrong == "" {
		wrong = s.typed(e, row, note)
	}
	if wrong != "" {
		e.attributes = nil
		e.bad = fmt.Sprintf("%s %s: %s", s.typ, idHash(row.Key), wrong)
		if row.Pos.Line > 0 {
			e.bad = fmt.Sprintf("%v: %s", row.Pos, e.bad)
		}
	}
	return e
}

func (s *shape) typed(e *entry, row Row, note func(column string)) (wrong string) {
	if wrong := s.tierOf(e, row); wrong != "" {
		return wrong
	}
	e.attributes = make([]any, len(s.attributes))
	declared := 0
	for slot, a := range s.attributes {
		raw, known := row.Columns[a.Name]
		if !known {
			if row.Whole && !s.partial && (s.byID == nil || !s.byID.ByID(slot)) {
				return fmt.Sprintf("the source has no column %q", a.Name)
			}
			continue
		}
		declared++
		value, ok := typed(a.Kind, raw)
		if !ok {
			return fmt.Sprintf("attribute %q is not of kind %v", a.Name, a.Kind)
		}
		if e.attributes[slot] = value; value == nil && s.partial {
			e.attributes[slot] = Empty{}
		}
	}
	if declared < len(row.Columns) {
		for name, value := range row.Columns {
			if value != nil && !slices.ContainsFunc(s.attributes, func(a rules.Attribute) bool { return a.Name == name }) {
				if almost := s.slip(row, name); almost != "" {
					return fmt.Sprintf("column %q is almost %q, which the row does not have", name, almost)
				}
				note(name)
			}
		}
	}
	if s.byID != nil {
		return s.byID.Named(row.Key.ID, e.attributes)
	}
	return ""
}

// tierOf gives an entry the tier that its row says.
func (s *shape) tierOf(e *entry, row Row) (wrong string) {
	if row.Tier != "" {
		tier := slices.Index(s.tiers, row.Tier)
		if tier < 0 {
			return "the tier is none of the declared ones"
		}
		if e.tier = rules.Tier(tier); e.tier > s.maxRow { //nolint:gosec // an index into the tiers
			return fmt.Sprintf("tier %s is above the type's max_row_tier %s", row.Tier, s.tiers[s.maxRow])
		}
	}
	if row.Untiered && s.rowTiers {
		return `the source has no column "tier", and the type's max_row_tier wants one`
	}
	if row.NoTier && s.floor == rules.NoTier {
		return "the tier is empty, and the type has none of its own"
	}
	return ""
}

// typed reads a source's value as kind. nil, which is absent, stays nil.
func typed(kind rules.Kind, raw any) (any, bool) {
	switch v := raw.(type) {
	case nil:
		return nil, true
	case Text:
		return typedText(kind, string(v))
	}
	return kind.Value(raw)
}

func typedText(kind rules.Kind, text string) (any, bool) {
	if kind != rules.StringList && kind != rules.IntList {
		return kind.ParseScalar(text)
	}
	parts := strings.Split(text, ";")
	items := make([]any, len(parts))
	for i, part := range parts {
		item, ok := kind.ParseScalar(part)
		if !ok || part == "" {
			return nil, false
		}
		items[i] = item
	}
	return kind.Value(items)
}

// idHash names a key in a log without showing the id. Both parts are hashed
// with their length, so that no two keys run together.
func idHash(k Key) string {
	h := sha256.New()
	for _, part := range []string{k.Type, k.ID} {
		fmt.Fprintf(h, "%d:", len(part))
		_, _ = io.WriteString(h, part)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)[:8])
}
