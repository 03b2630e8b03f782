package rules

import (
	"strings"
	"time"
)

// Source is a rules directory as written: the syntax of every section with
// positions, before any of it was checked against the rest. Each section's owner
// compiles it: rules the tiers, objects, identities and rules; package resolver the routes.
type Source struct {
	Files        []File // in byte order of their paths
	Tiers        []TierDecl
	Unclassified At[string]
	BroadAbove   At[string]
	Overdue      At[string]
	Weights      Entries[At[int]]
	Categories   Strings
	Objects      []ObjectDecl
	Routes       []HostDecl
	Identities   []IdentityDecl
	Groups       []GroupDecl
	ActionGroups Entries[Strings]
	Define       Entries[At[string]]
	Kinds        Entries[CallerKindDecl]
	Rules        []RuleDecl
	Teams        []TeamDecl

	// Layers names the directories whose files come first in paths, the top layer
	// first; nil where there is one layer alone.
	Layers []string

	// Unread: a file could not be read at all, so what the others refer to may
	// be missing for no fault of theirs. Nothing is to be checked against it.
	Unread bool

	faulty bool         // Parse has reported mistakes
	broken map[Pos]bool // declarations with a mistake inside; what they lack is not reported again
}

// File is one rules file: its path below the rules directory and its content.
type File struct {
	Path string
	Text string
	Hash string // hex SHA-256 of the content
}

// TierDecl is an entry of `tiers:`, written low to high.
type TierDecl struct {
	Pos           Pos
	Name          At[string]  `yaml:"name"`
	Require       RequireDecl `yaml:"require"`
	RequireShadow RequireDecl `yaml:"require_shadow"` // for the second verdict alone
	Justify       Strings     `yaml:"justify"`        // what allow rules that reach it must say
}

// RequireDecl is what a tier or a rule demands of the caller beyond its identity.
type RequireDecl struct {
	Pos         Pos
	MaxTokenAge At[time.Duration] `yaml:"max_token_age"`
	MaxAuthAge  At[time.Duration] `yaml:"max_auth_age"`
	BoundToken  At[bool]          `yaml:"bound_token"`
	Purpose     At[bool]          `yaml:"purpose"`

	MTLS         At[bool]          `yaml:"mtls"`
	Network      Strings           `yaml:"network"`
	ACR          Strings           `yaml:"acr"` // any of
	AMR          Strings           `yaml:"amr"` // all of
	FreshCatalog At[time.Duration] `yaml:"fresh_catalog"`
}

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

// ActionDecl is an entry of an object's `actions:`.
type ActionDecl struct {
	Pos  Pos
	Tier At[string]        `yaml:"tier"`
	Body Entries[KindDecl] `yaml:"body"` // members that its requests bring, for conditions to read
}

// ShadowDecl turns denials on a type, an identity or a host into recorded
// allows until its end.
type ShadowDecl struct {
	Pos   Pos
	Host  At[string] `yaml:"host"` // on a type or an identity: only for this host; empty for all
	Until EndDate    `yaml:"until"`
}

// HostDecl is an entry of `routes:`.
type HostDecl struct {
	Pos    Pos
	Host   At[string]   `yaml:"host"`
	CORS   At[bool]     `yaml:"cors"`
	Shadow []ShadowDecl `yaml:"shadow"`

	TrailingSlash At[string] `yaml:"trailing_slash"` // exact or ignore
	Case          At[string] `yaml:"case"`           // likewise, of the templates' text

	GraphQL GraphQLDecl `yaml:"graphql"`
	GRPC    GRPCDecl    `yaml:"grpc"`
	MCP     []MCPDecl   `yaml:"mcp"`

	Map []LineDecl `yaml:"map"`
}

// LineDecl is one map line, `operation -> action target`, with the options that
// stand in a mapping behind it.
type LineDecl struct {
	Pos     Pos
	Line    string
	Path    PathDecl
	Max     At[int]    // of the line's targets; 100 unless set
	Purpose At[string] // of requests on this line whose token names none
	Because At[string] // of an open line
	Owner   At[string]
	Stream  StreamDecl

	Body     Strings    // content types of a body that is read: json, merge-patch, json-patch, form
	Reads    At[string] // where in the body the members are that conditions read
	Writes   At[string] // where in the body the members are that the line's first target is written with
	Fields   At[string] // the parameter that says which properties are asked for; without it, all
	Select   At[string] // the same, as OData has it
	Expand   At[string] // the parameter that asks for further properties
	Integers At[string] // exact: the upstream reads integers of 64 bits exactly
}

// StreamDecl lets what a line decides once go on for a while. The zero Pos means
// that it does not.
type StreamDecl struct {
	Pos Pos
	Max At[time.Duration] `yaml:"max"`
}

// PathDecl says how the upstream of a line reads paths, where it is unlike others.
type PathDecl struct {
	Pos          Pos
	EncodedSlash At[string] `yaml:"encoded_slash"` // in_capture: %2F in a capture is a part of its value
	Proxy        At[string] `yaml:"proxy"`         // the path_with_escaped_slashes_action that this relies on
}

type lineOptions struct {
	Path    PathDecl   `yaml:"path"`
	Max     At[int]    `yaml:"max"`
	Purpose At[string] `yaml:"purpose"`
	Because At[string] `yaml:"because"`
	Owner   At[string] `yaml:"owner"`
	Stream  StreamDecl `yaml:"stream"`

	Body     Strings    `yaml:"body"`
	Reads    At[string] `yaml:"reads"`
	Writes   At[string] `yaml:"writes"`
	Fields   At[string] `yaml:"fields"`
	Select   At[string] `yaml:"select"`
	Expand   At[string] `yaml:"expand"`
	Integers At[string] `yaml:"integers"`
}

// DecodeNode implements Decodable: the line alone, or a mapping from the line to its options.
func (l *LineDecl) DecodeNode(d *Decoder, n *Node) {
	l.Pos = n.Pos
	if n.Kind == Scalar {
		l.Line = n.Value
		return
	}
	if n.Kind != Mapping || len(n.Items) != 2 {
		d.Mistakes.Add(n.Pos, "want a map line, or one map line with its options as a mapping")
		return
	}
	var o lineOptions
	l.Pos, l.Line = n.Items[0].Pos, n.Items[0].Value
	d.Into(n.Items[1], &o)
	l.Path = o.Path
	l.Max, l.Purpose, l.Because, l.Owner, l.Stream = o.Max, o.Purpose, o.Because, o.Owner, o.Stream
	l.Body, l.Reads, l.Writes, l.Fields, l.Select, l.Expand, l.Integers = o.Body, o.Reads, o.Writes, o.Fields, o.Select, o.Expand, o.Integers
}

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
