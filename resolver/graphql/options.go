package graphql

import "cmp"

// Options are the limits of a GraphQL endpoint, and what its map lines are about.
// A zero limit is its default.
type Options struct {
	MaxDepth   int // fields within fields, 15
	MaxAliases int // aliases of one HTTP request, counted where fragments are spread, 30
	MaxCalls   int // calls of one HTTP request, 100
	MaxTokens  int // lexical tokens of one document, comments too, 4000

	// Batch permits a JSON array of requests.
	Batch bool

	// Persisted are the documents that a request may name by their SHA-256, in
	// lower-case hexadecimal. OnlyPersisted refuses all others. PersistedFile is
	// where mistakes in them are reported.
	Persisted     map[string]string
	PersistedFile string
	OnlyPersisted bool

	// Mapped reports whether a map line is about a field, as Type.field. A nil
	// Mapped has no lines. Free reports whether a nested field may have arguments
	// although no line is about it, or, as @name, whether a directive that the
	// schema declares may stand in documents; nil frees nothing. Both are asked by
	// Compile only.
	Mapped func(name string) bool
	Free   func(name string) bool

	// IgnoredParams are parameters of the URL that the servers behind do not read
	// as GraphQL, such as op. All others are refused.
	IgnoredParams []string
}

// Limits that are no option: honest requests are far below them.
const (
	maxVariables  = 256     // declared by one operation, or given to it
	maxSelections = 5000    // fields and fragments of one HTTP request, counted where they are spread
	maxValues     = 100_000 // values in the arguments of one HTTP request, counted at each use
)

func (o *Options) setDefaults() {
	o.MaxDepth = cmp.Or(o.MaxDepth, 15)
	o.MaxAliases = cmp.Or(o.MaxAliases, 30)
	o.MaxCalls = cmp.Or(o.MaxCalls, 100)
	o.MaxTokens = cmp.Or(o.MaxTokens, 4000)
}

func (o *Options) mapped(name string) bool { return o.Mapped != nil && o.Mapped(name) }

func (o *Options) free(name string) bool { return o.Free != nil && o.Free(name) }
