package rules

import "time"

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

// ShadowDecl turns denials on a type, an identity or a host into recorded
// allows until its end.
type ShadowDecl struct {
	Pos   Pos
	Host  At[string] `yaml:"host"` // on a type or an identity: only for this host; empty for all
	Until EndDate    `yaml:"until"`
}
