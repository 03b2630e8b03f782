package oracle

import "time"

// World is what a seed fixes: everything but keys, ports and the clock.
type World struct {
	Seed         uint64
	Tiers        []Tier // low to high
	Unclassified string
	Categories   []string // beside the usual ones
	Types        []*Type
	Hosts        []*Host
	Issuers      []*Issuer
	Identities   []*Identity
	Kinds        []KindDemand
	Groups       []Group
	ActionGroups []ActionGroup
	Defines      []Define
	Rules        []*Rule  // in byte order of File, then in the order of the file
	Weighed      []string // actions beside the usual ones
	Managed      []string
	Teams        []Team
	Overdue      bool // deny what is overdue for review
	BodyLimit    int  // limits.body in bytes
	Origins      []Origin
	Trust        string // whose peers count: anybody's, any certificate's, domains or bundles (of example.com alone)
	Revocations  []*Revocation
	Tokens       []*Token
}

// Team is an entry of `teams:`: whose files may speak of what. That is judged when they
// load, so nothing of it is the evaluator's.
type Team struct {
	Name, File, UpTo                         string
	Types, Hosts, Actions, Catalogs, Headers []string
}

// Tier is an entry of `tiers:`.
type Tier struct {
	Name    string
	Require Require
	Trial   Require // require_shadow
	Justify []string
}

// Require is what a tier or a rule demands beyond the identity.
type Require struct {
	MaxTokenAge time.Duration
	MaxAuthAge  time.Duration
	BoundToken  bool
	Purpose     bool
	MTLS        bool
	Networks    []string
	ACR         []string
	AMR         []string
	Fresh       time.Duration // fresh_catalog
}

// Type is an entry of `objects:` together with its catalog.
type Type struct {
	Name       string
	Tier       string // "" when the type has none
	MaxRowTier string
	Parent     string // the type of the parent, "" for none
	IDPattern  string // "" for any id
	IDStyle    idStyle
	Attributes []Attribute
	Actions    []ActionTier
	Properties []Property
	Writable   []Writable
	Bodies     []ActionBody
	Category   []string
	Classify   []Class
	Shadow     []Shadow
	Source     *Source // nil without a catalog

	above string // a tier above MaxRowTier, "" when there is none
}

// Attribute is a declared attribute: kind is string, int, bool, [string] or [int].
type Attribute struct{ Name, Kind string }

// ActionTier is an action's own tier.
type ActionTier struct{ Action, Tier string }

// Property is a body member that raises the tier.
type Property struct {
	Member, Tier string
	Category     []string
}

// Writable is the closed list of body members for an action.
type Writable struct {
	Action  string
	Members []string
}

// Shadow is a shadow entry; an empty Host means every host.
type Shadow struct {
	Host string
	Days int // until the end of the day so many days from now; a negative one has passed
}

// Source is a catalog file.
type Source struct {
	Name   string
	Format string        // csv, jsonl or yaml
	Tiers  bool          // rows may have tiers
	Typed  bool          // the file is shared with other types, and rows name theirs
	Extra  bool          // rows have a column that nothing declares
	Fails  string        // the reason, "" for a source that answers
	Age    time.Duration // since it was written
	Rows   []*Row
}

// Row is one line of a catalog file.
type Row struct {
	ID     string
	Tier   string // "" for none
	Parent string
	Values map[string]any // string, int64, bool, []string or []int64 by attribute; absent when missing
	Nulls  bool           // absent values are written as null, where the format has it
	Bad    string         // why the row is bad, "" when it is good: see spoil
}

// Host is an entry of `routes:`.
type Host struct {
	Name   string
	Served bool // by the listener
	CORS   bool
	Slash  bool // trailing_slash: ignore
	Case   bool // case: ignore
	Shadow []Shadow
	Lines  []*Line
}

// Line is one map line.
type Line struct {
	Method  string // ANY for all; several as PUT|PATCH
	Path    []Segment
	Query   []Capture // captures written in the template, as ?name={name}
	Open    bool
	Targets []TargetSpec
	Max     int // 0 for the default
	Purpose string
	Form    bool   // body: form
	Reads   string // where conditions read: body, body.member, form
	Fields  bool   // the parameter fields says which properties are asked for

	InCapture bool // path: { encoded_slash: in_capture }

	Bodies []string      // of bodyTypes, nil for JSON alone
	Writes string        // the member in which what is written stands, "" for the body itself
	Select bool          // the parameters $select and expand say which properties are asked for
	Exact  bool          // integers: exact
	Stream time.Duration // 0 for none
}

// Segment is one segment of a template: a literal, a capture, a rest capture with
// the text behind it, or several captures with text around them.
type Segment struct {
	Literal string
	Capture string
	Rest    bool
	Verb    string
	Names   []string
	Text    []string // one more than Names
}

// TargetSpec is what a line says of one target: an object, a new object or a collection.
type TargetSpec struct {
	Actions    []string // one, or create and update
	Type       string
	ID         *Capture
	ParentType string
	Parent     *Capture
	Bounds     []Bound
}

// Bound is `[attr={capture}]`.
type Bound struct {
	Attr string
	From Capture
}

// Capture says where in the request a value stands.
type Capture struct {
	In       string // path, query, header, body, form or claim
	Name     string // of the path capture, parameter, header or claim
	Body     []string
	Each     int  // index in Body of the member that is an array, -1 for none
	Comma    bool // a comma-separated query parameter
	Repeated bool // a query parameter that may come more than once
	Optional bool
	With     []Capture // further parts of an id
}

// Issuer is an entry of `issuers:`.
type Issuer struct {
	Name      string
	URL       string // the iss claim
	Audience  string
	Algorithm string // of its good key
	JWKS      string // file, url or dead: a URL that always answers 500
	MayAssert []Attribute
	Fixed     []FixedClaim
	Purpose   string // the claim that carries the purpose, "" for none
	Client    string // the claim that names the client, "" for the default
	Subjects  []string
	Clients   []string

	Directory    *Directory // its subjects in a catalog, nil for none
	RequireBound string     // mtls, dpop or any
	Nonce        bool       // proofs need one of ours
	ProofAlgs    []string   // of proofs, nil for the default
	AnyLifetime  bool       // tokens need no iat
}

// FixedClaim is a claim whose value the configuration pins for an issuer.
type FixedClaim struct{ Claim, Value string }

// Identity is an entry of `identities:`.
type Identity struct {
	Name     string
	Kind     string
	Issuer   string
	Subject  string
	Clients  []string
	Peer     string // instead of an issuer: who needs no token
	Workload string
	Tenant   string
	Purposes []string
	Shadow   []Shadow

	Status     string        // "" for active
	NotBefore  int           // in days from now, 0 for none
	Expires    int           // likewise
	MaxAge     time.Duration // of credentials
	Networks   []string      // of which some hold the client, and others do not: see holdsClient
	OnBehalfOf []string
	Strip      bool // the upstream does not get its credential

	Environment string
	Review      int // in days from now, 0 for some time ahead
	Task        string
	Needs       []string
}

// Rule is an entry of `rules:`.
type Rule struct {
	File       string
	ID         string
	Deny       bool
	Shadow     bool // mode: shadow
	Who        []Selector
	To         []string // actions, or *
	On         []string // types, or *
	UpTo       string
	FromTier   string
	ByCategory bool // it has `category`, be it empty
	Category   []string
	For        []string
	Own        string
	Same       string
	Only       *Only // nil for all
	When       *Cond
	Require    Require
	Unbounded  bool
	Set        []Mutation
	NotBefore  int // in days from now, 0 for none
	Until      int // likewise, a day that is still in
	Review     int // likewise, of an allow rule; 0 for some time ahead
	Ask        *Ask
	Status     int // of a deny rule, 0 for none
	Text       string
	Ticket     string
	Limits     []Limit // in worlds that are judged in process alone
}

// Selector says which callers a rule is about; members that are set must all match.
type Selector struct {
	Identity string
	Kind     string
	Issuer   string
	Claim    []FixedClaim

	Group       string
	Scope       []string
	Workload    string // of the peer; ending in /*, any below
	Environment string
	AnyOf       []Selector
	AllOf       []Selector
	Not         []Selector
}

// Mutation is one entry of `then:`.
type Mutation struct {
	Query bool // a query parameter, else a header
	Name  string
	Value []TemplatePart
}

// TemplatePart is literal text or a reference, never both.
type TemplatePart struct {
	Text string
	Ref  string // object.tenant, object.id, caller.subject, caller.claims.role
}

func (w *World) tier(name string) int {
	for i, t := range w.Tiers {
		if t.Name == name {
			return i
		}
	}
	return -1
}

func (w *World) typ(name string) *Type {
	for _, t := range w.Types {
		if t.Name == name {
			return t
		}
	}
	return nil
}

func (w *World) issuer(name string) *Issuer {
	for _, i := range w.Issuers {
		if i.Name == name {
			return i
		}
	}
	return nil
}

func (t *Type) attribute(name string) (Attribute, bool) {
	for _, a := range t.Attributes {
		if a.Name == name {
			return a, true
		}
	}
	return Attribute{}, false
}

// row returns the row of id; the source has one row an id.
func (t *Type) row(id string) *Row {
	for _, r := range t.Source.Rows {
		if r.ID == id {
			return r
		}
	}
	return nil
}
