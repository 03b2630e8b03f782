package rules

// OnlyDecl is `only` of a rule: which objects of its types it is about. Every member
// that is given must fit. The zero Pos means that it is about all of them.
type OnlyDecl struct {
	Pos    Pos
	ID     Strings          `yaml:"id"`        // any of them
	Prefix Strings          `yaml:"id_prefix"` // any of them
	Parent Strings          `yaml:"parent"`    // any of them
	Label  Entries[Strings] `yaml:"label"`     // of each attribute, any of its values
}
