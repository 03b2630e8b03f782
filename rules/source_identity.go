package rules

import "time"

// IdentityDecl is an entry of `identities:`.
type IdentityDecl struct {
	Pos      Pos
	Name     At[string]    `yaml:"name"`
	Kind     At[string]    `yaml:"kind"`
	Match    MatchDecl     `yaml:"match"`
	Workload At[string]    `yaml:"workload"`
	Tenant   At[string]    `yaml:"tenant"`
	Owner    At[string]    `yaml:"owner"`
	Purpose  StringsOrNone `yaml:"purpose"` // none: no purpose may be named
	ReviewBy At[time.Time] `yaml:"review_by"`
	Shadow   []ShadowDecl  `yaml:"shadow"`

	Status      At[string]        `yaml:"status"` // active unless given
	Environment At[string]        `yaml:"environment"`
	NotBefore   At[time.Time]     `yaml:"not_before"`
	Expires     At[time.Time]     `yaml:"expires"`
	MaxAge      At[time.Duration] `yaml:"credential_max_age"`
	Network     Strings           `yaml:"network"`
	OnBehalfOf  Strings           `yaml:"on_behalf_of"`
	Strip       At[bool]          `yaml:"strip_credentials"`

	Task  At[string] `yaml:"task"`  // what it is there for
	Needs Strings    `yaml:"needs"` // what that takes: read account[tenant=eu]
}

// CallerKindDecl is an entry of `kinds:`: what every identity of a kind must have.
type CallerKindDecl struct {
	Pos     Pos
	Require DemandsDecl `yaml:"require"`
}

// DemandsDecl is what the identities of a kind must say of themselves.
type DemandsDecl struct {
	Pos          Pos
	Tenant       Demand            `yaml:"tenant"`
	Network      Demand            `yaml:"network"`
	Workload     Demand            `yaml:"workload"`
	Owner        Demand            `yaml:"owner"`
	Purpose      Demand            `yaml:"purpose"`
	Expires      Demand            `yaml:"expires"`
	Environment  Demand            `yaml:"environment"`
	Strip        Demand            `yaml:"strip_credentials"`
	Task         Demand            `yaml:"task"`
	Needs        Demand            `yaml:"needs"`
	MaxLifetime  At[time.Duration] `yaml:"max_lifetime"`       // at most, of the tokens of its issuer
	MaxAge       At[time.Duration] `yaml:"credential_max_age"` // at most
	ReviewWithin At[time.Duration] `yaml:"review_within"`      // of now
}

// Demand is a key that demands by being there: bare, or true.
type Demand struct{ Pos Pos }

// DecodeNode implements Decodable.
func (k *Demand) DecodeNode(d *Decoder, n *Node) {
	if n.Kind != Scalar || n.Tag != "!!null" && n.Value != "true" {
		d.Mistakes.AddHint(n.Pos, "write the key alone, or leave it out", "want nothing or true here")
		return
	}
	k.Pos = n.Pos
}

func (k Demand) given() bool { return k.Pos != Pos{} }

// MatchDecl says which verified callers an identity is: those whom an issuer
// vouches for, or a workload that comes without a token.
type MatchDecl struct {
	Pos     Pos
	Peer    At[string] `yaml:"peer"`
	Issuer  At[string] `yaml:"issuer"`
	Subject At[string] `yaml:"subject"`
	Client  Strings    `yaml:"client"`
}
