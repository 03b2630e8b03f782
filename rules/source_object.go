package rules

// ObjectDecl is an entry of `objects:`.
type ObjectDecl struct {
	Pos        Pos
	Type       At[string]             `yaml:"type"`
	Tier       At[string]             `yaml:"tier"`
	MaxRowTier At[string]             `yaml:"max_row_tier"`
	Catalog    At[string]             `yaml:"catalog"`
	Parent     At[string]             `yaml:"parent"`
	ID         At[string]             `yaml:"id"`
	Attributes Entries[KindDecl]      `yaml:"attributes"`
	Actions    Entries[ActionDecl]    `yaml:"actions"`
	Properties Entries[PropertyDecl]  `yaml:"properties"`
	Writable   Entries[StringsOrNone] `yaml:"writable"` // none: no member may be written
	Category   Strings                `yaml:"category"`
	Classify   []ClassDecl            `yaml:"classify"`
	Shadow     []ShadowDecl           `yaml:"shadow"`
}

// PropertyDecl is an entry of an object's `properties:`: a tier, or a mapping with it.
type PropertyDecl struct {
	Pos      Pos
	Tier     At[string]
	Category Strings
}

type propertyParts struct {
	Tier     At[string] `yaml:"tier"`
	Category Strings    `yaml:"category"`
}

// DecodeNode implements Decodable.
func (p *PropertyDecl) DecodeNode(d *Decoder, n *Node) {
	p.Pos = n.Pos
	if n.Kind != Mapping {
		d.Into(n, &p.Tier)
		return
	}
	var all propertyParts
	d.Into(n, &all)
	p.Tier, p.Category = all.Tier, all.Category
}

// ClassDecl is an entry of an object's `classify:`.
type ClassDecl struct {
	Pos      Pos
	When     At[string] `yaml:"when"`
	Tier     At[string] `yaml:"tier"`
	Category Strings    `yaml:"category"`
}

// ActionDecl is an entry of an object's `actions:`.
type ActionDecl struct {
	Pos  Pos
	Tier At[string]        `yaml:"tier"`
	Body Entries[KindDecl] `yaml:"body"` // members that its requests bring, for conditions to read
}

// KindDecl is the kind of an attribute or a claim: a word, or a word in a list.
type KindDecl struct {
	Pos  Pos
	Kind Kind
}

// DecodeNode implements Decodable.
func (k *KindDecl) DecodeNode(d *Decoder, n *Node) {
	k.Pos = n.Pos
	word, list := n, n.Kind == Sequence
	if list {
		if len(n.Items) != 1 {
			d.Mistakes.AddHint(n.Pos, "write [string]", "a list kind has one element kind")
			return
		}
		word = n.Items[0]
	}
	kind, ok := kindOf(word.Value, list)
	if !ok || word.Kind != Scalar {
		d.Mistakes.AddHint(n.Pos, "one of string, int, bool, [string], [int]", "unknown kind %q", word.Value)
		return
	}
	k.Kind = kind
}
