package rules

// TeamDecl is an entry of `teams:`: who keeps some files of the lower layers, and
// what these may speak about.
type TeamDecl struct {
	Pos   Pos
	Name  At[string] `yaml:"name"`
	Files Strings    `yaml:"files"` // as positions show them; a directory ends in a slash
	Owns  OwnsDecl   `yaml:"owns"`
	Owner At[string] `yaml:"owner"`
}

// OwnsDecl is what the top layer gives to a team. What it does not name the team
// does not have.
type OwnsDecl struct {
	Pos      Pos
	Types    Strings    `yaml:"types"`
	Hosts    Strings    `yaml:"hosts"`
	UpTo     At[string] `yaml:"up_to"`    // the highest tier that its rules allow
	Actions  Strings    `yaml:"actions"`  // that its rules allow; without it, all
	Catalogs Strings    `yaml:"catalogs"` // sources of the types that it declares
	Headers  Strings    `yaml:"headers"`  // that its rules set, or ask in
	Open     At[bool]   `yaml:"open"`     // its lines may pass without a caller
}
