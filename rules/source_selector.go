package rules

import (
	"reflect"
	"time"
)

// GroupDecl is an entry of `groups:`: a name for several callers. Identities and
// groups share one namespace.
type GroupDecl struct {
	Pos      Pos
	Name     At[string]    `yaml:"name"`
	Members  Strings       `yaml:"members"` // identities, and other groups
	Because  At[string]    `yaml:"because"`
	Owner    At[string]    `yaml:"owner"`
	ReviewBy At[time.Time] `yaml:"review_by"`
}

// Selector says which callers a rule is about: an identity or a group by its name
// alone, or all whose facts match. Every member that is given must match.
type Selector struct {
	Pos         Pos
	Name        string              // of an identity or a group, written alone
	Identity    At[string]          `yaml:"identity"`
	Group       At[string]          `yaml:"group"`
	Kind        At[string]          `yaml:"kind"`
	Issuer      At[string]          `yaml:"issuer"`
	Claim       Entries[At[string]] `yaml:"claim"`       // equal to, or for a list claim, contains
	Scope       Strings             `yaml:"scope"`       // of the token, all of them
	Workload    At[string]          `yaml:"workload"`    // the verified peer, or all below a path: spiffe://a/b/*
	Environment At[string]          `yaml:"environment"` // of the registered identity
	AnyOf       Selectors           `yaml:"any_of"`
	AllOf       Selectors           `yaml:"all_of"`
	Not         Selectors           `yaml:"not"` // none of them
}

// DecodeNode implements Decodable: a name, or a mapping.
func (s *Selector) DecodeNode(d *Decoder, n *Node) {
	if n.Kind == Scalar {
		s.Pos, s.Name = n.Pos, n.Value
		return
	}
	s.Pos = n.Pos
	d.structure(n, reflect.ValueOf(s).Elem())
}

// Selectors are callers: any of the list. The zero Pos means that the key is not
// there.
type Selectors struct {
	Pos  Pos
	List []Selector
}

// DecodeNode implements Decodable: a name, a mapping, or a list of these.
func (s *Selectors) DecodeNode(d *Decoder, n *Node) {
	s.Pos = n.Pos
	items := []*Node{n}
	if n.Kind == Sequence {
		items = n.Items
	}
	s.List = make([]Selector, len(items))
	for i, item := range items {
		s.List[i].DecodeNode(d, item)
	}
}

func (s *Selectors) given() bool { return s.Pos != Pos{} }
