package rules

import (
	"strings"
	"time"
)

// CategoryDecl is `category` of a rule. An empty list is no category at all.
type CategoryDecl struct {
	Pos  Pos
	List StringsOrNone
}

// DecodeNode implements Decodable.
func (k *CategoryDecl) DecodeNode(d *Decoder, n *Node) {
	k.Pos = n.Pos
	d.Into(n, &k.List)
}

func (k CategoryDecl) given() bool { return k.Pos != Pos{} }

// spelt is the list in words.
func (k CategoryDecl) spelt() string {
	if len(k.List) == 0 {
		return "none"
	}
	return strings.Join(k.List.Values(), ", ")
}

// RuleDecl is an entry of `rules:`.
type RuleDecl struct {
	Pos       Pos
	ID        At[string]    `yaml:"id"`
	Mode      At[string]    `yaml:"mode"`
	Allow     Selectors     `yaml:"allow"` // any of them; a rule has either allow or deny
	Deny      Selectors     `yaml:"deny"`
	To        Strings       `yaml:"to"`
	On        Strings       `yaml:"on"`
	UpTo      At[string]    `yaml:"up_to"`
	FromTier  At[string]    `yaml:"from_tier"`
	Category  CategoryDecl  `yaml:"category"`
	For       Strings       `yaml:"for"`
	Own       At[string]    `yaml:"own"`
	Same      At[string]    `yaml:"same"`
	Only      OnlyDecl      `yaml:"only"`
	When      At[string]    `yaml:"when"`
	Require   RequireDecl   `yaml:"require"`
	Unbounded At[bool]      `yaml:"unbounded"`
	Because   At[string]    `yaml:"because"`
	Owner     At[string]    `yaml:"owner"`
	Ticket    At[string]    `yaml:"ticket"` // where it was asked for and agreed
	ReviewBy  At[time.Time] `yaml:"review_by"`
	Then      ThenDecl      `yaml:"then"`

	NotBefore At[time.Time] `yaml:"not_before"`
	Until     EndDate       `yaml:"until"`
	Ask       AskDecl       `yaml:"ask"`
	Limit     LimitDecls    `yaml:"limit"`
	Status    At[int]       `yaml:"status"` // of a deny rule, as is Text
	Text      At[string]    `yaml:"text"`
}

// ThenDecl is what an allow does to the request on its way to the upstream.
// Values are templates such as "{object.tenant}".
type ThenDecl struct {
	Pos        Pos
	SetHeaders Entries[At[string]] `yaml:"set_headers"`
	SetQuery   Entries[At[string]] `yaml:"set_query"`
}
