package rules

import (
	"cmp"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Env is what the server's configuration gives to the rules.
type Env struct {
	Partial  bool                 // there is no configuration: what needs it is left unchecked
	Issuers  map[string]IssuerEnv // by name
	Catalogs []string             // names of the sources
	Managed  []string             // header names that rules may set, lower-case
	Peers    PeersEnv             // which workloads a request can come from
	Now      time.Time            // to judge dates by: of shadow entries and of reviews; zero leaves them unchecked

	// Beside reports whether a request has a parameter that some server reads as
	// name, and that the proxy does not replace when it sets name. Without it
	// every request is taken to have one.
	Beside func(req *Request, name string) bool
}

// IssuerEnv is what rules may know of an issuer.
type IssuerEnv struct {
	Claims      map[string]Kind // that it may assert
	Fixed       map[string]any  // what is fixed for its callers: string, int64 or bool
	Binds       bool            // its tokens are said to be bound, all or some
	MaxLifetime time.Duration   // of its tokens; 0 for no limit
	Subjects    SubjectsEnv     // where its subjects are looked up
}

// PeersEnv is what rules may know of peers.
type PeersEnv struct {
	TrustDomains []string // whose workloads can be one; empty for any
	Via          []string // SPIFFE IDs of proxies that speak for others, and are never a peer
	Given        bool     // the configuration says something of peers, whatever it is
}

// SubjectsEnv says which catalog knows the subjects of an issuer, and what becomes
// of one that it does not have. The zero value is no catalog.
type SubjectsEnv struct {
	Catalog string
	Trusts  bool // a subject without a row is who its token says; else it is unknown
}

// Compile checks the tiers, objects, identities and rules against each other
// and against env, and indexes them. It returns every mistake; with any, the Set
// has no rules, and so denies everything: it is good for its schema alone,
// against which the routes can be checked too.
func Compile(src *Source, env Env) (*Set, Mistakes) {
	c := &compiler{
		src: src, env: env,
		set:          &Set{deny: newIndex(), allow: newIndex(), selects: newIndex(), counted: newIndex(), beside: env.Beside, issuers: env.Issuers},
		identities:   make(map[string]*Identity, len(src.Identities)),
		conditions:   make(map[string]compiled),
		claimsOf:     make(map[string]map[string]claimKind),
		marred:       make(map[string]bool),
		answers:      make(map[string]At[string]),
		usedGroups:   make(map[string]bool),
		teamFor:      make(map[string]*Team),
		amongst:      make(map[string]among),
		met:          make(map[place]*met),
		environments: make(map[string]bool),
		products:     products{places: make(map[place]bool), conditions: make(map[string]int), callers: make(map[string]int)},
	}
	if src.Unread {
		c.set.schema = new(Schema)
		return c.set, nil
	}
	var err error
	if c.expressions, err = newExpressions(); err != nil {
		c.ms.Add(Pos{}, "%v", err)
		return &Set{schema: c.schema()}, c.ms
	}
	c.hiddenCharacters()
	c.teams()
	c.definitions()
	c.overdue()
	c.set.schema = c.schema()
	c.registered()
	c.groupsOf()
	c.acting()
	c.callerKinds()
	c.overlaps()
	c.hosts()
	c.glanceAtRoutes()
	c.actionGroups()
	c.givenToTeams()
	c.lower()
	c.needed()
	c.linePurposes()
	c.declaredInVain()
	c.rules()
	c.tooManyLimits()
	c.conflicts()
	c.freshness()
	c.asked()
	c.ended()
	c.unusedGroups()
	c.unusedActionGroups()
	c.unusedDefines()
	c.neverBound()
	c.neverCertified()
	c.unreached()
	c.unusedIdentities()
	c.unusedTiers()
	if len(c.ms) > 0 || src.faulty {
		return &Set{schema: c.set.schema, teams: c.set.teams}, c.ms.cut()
	}
	c.covered() // by rules that are without mistakes
	c.warnings.sort()
	c.set.unchecked, c.set.warnings = c.unchecked(), c.warnings.few()
	return c.set, nil
}

// compiler holds what the sections need of each other.
type compiler struct {
	src          *Source
	env          Env
	ms           Mistakes
	warnings     Mistakes // what loads and is hardly meant
	set          *Set
	identities   map[string]*Identity
	groups       map[string]*group
	groupDecls   map[string]*GroupDecl
	usedGroups   map[string]bool  // by rules
	environments map[string]bool  // of identities
	amongst      map[string]among // by selectors
	met          map[place]*met   // limits
	whole        bool             // identities and groups were read as they were meant
	actions      map[string]bool  // that a rule may name
	actionGroup  map[string]*actionGroup
	usedActions  map[string]bool // groups of them, by rules
	mapped       map[string]bool // actions of map lines
	lines        map[place]bool  // and on which types
	unseen       bool            // some line was not understood
	creates      []glance        // map lines that make new objects
	purposes     []string        // of identities and map lines
	claimsOf     map[string]map[string]claimKind
	expressions  *expressions
	products     products
	conditions   map[string]compiled // by scope and text
	defines      map[string]*define
	said         map[string]bool       // of defines, what is wrong with them
	marred       map[string]bool       // files with characters that do not show
	answers      map[string]At[string] // the headers that rules ask, by the names of the answers
	teamFor      map[string]*Team      // by file
}

// quiet compiles a declaration. Of one that Parse has already found fault with
// it reports nothing: what seems missing may only be misspelt.
func (c *compiler) quiet(at Pos, compile func()) {
	if c.ms.enough() {
		return
	}
	said, warned := len(c.ms), len(c.warnings)
	compile()
	if c.src.broken[at] {
		c.ms, c.warnings = c.ms[:said], c.warnings[:warned]
	}
}

func (c *compiler) unchecked() []string {
	var out []string
	if c.env.Partial {
		out = append(out, "names of issuers and their claims", "names of catalog sources", "managed headers")
		if slices.ContainsFunc(c.src.Kinds, func(e Entry[CallerKindDecl]) bool { return e.V.Require.MaxLifetime.given() }) {
			out = append(out, "max_lifetime of issuers, which kinds demand")
		}
		if slices.ContainsFunc(c.src.Identities, func(d IdentityDecl) bool { return d.Workload.given() || d.Match.Peer.given() }) {
			out = append(out, "trust domains of peers")
		}
	}
	if c.env.Now.IsZero() {
		out = append(out, "that shadow entries end within 90 days and reviews come within two years")
	}
	return out
}

// word is what names of tiers, types, actions, identities and rules are made of.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`)

// name checks a name that others refer to, and that nothing has it yet.
func (c *compiler) name(what string, at At[string], owner Pos, first map[string]Pos) bool {
	switch {
	case at.V == "":
		key := map[string]string{"rule": "id", "type": "type"}[what]
		c.ms.Add(at.or(owner), "the %s has no %s", what, cmp.Or(key, "name"))
		return false
	case !word.MatchString(at.V):
		c.ms.AddHint(at.Pos, "letters, digits, - _ and ., a letter first", "%q is no name for a %s", at.V, what)
		return false
	}
	if pos, dup := first[at.V]; dup {
		c.ms.Add(at.Pos, "%s %q is already defined at %v", what, at.V, pos)
		return false
	}
	first[at.V] = at.Pos
	return true
}

// or is where the value was written, or else where its owner was.
func (a At[T]) or(owner Pos) Pos { return a.Pos.or(owner) }

// given reports whether the value was written at all.
func (a At[T]) given() bool { return a.Pos != Pos{} }

// maxHinted is how many mistakes are searched for what was meant: the search
// reads every name there is.
const maxHinted = 200

// unknownWord reports a reference to something that does not exist.
func (c *compiler) unknownWord(what string, at At[string], known []string) {
	c.unknownAmong(what, at, slices.Values(known))
}

// unknownAmong is unknownWord where there may be many names.
func (c *compiler) unknownAmong(what string, at At[string], among iter.Seq[string]) {
	if len(c.ms) >= maxHinted {
		c.ms.Add(at.Pos, "unknown %s %q", what, at.V)
		return
	}
	known := slices.Sorted(among)
	hint := DidYouMean(at.V, known)
	if hint == "" && len(known) > 0 && len(known) <= 8 {
		hint = "one of " + strings.Join(known, ", ")
	}
	c.ms.AddHint(at.Pos, hint, "unknown %s %q", what, at.V)
}

// tier reads the name of a tier; a name that is not given is NoTier.
func (c *compiler) tier(s *Schema, at At[string]) Tier {
	if !at.given() {
		return NoTier
	}
	t, ok := s.TierByName(at.V)
	if !ok {
		var known []string
		for i := range s.Tiers {
			known = append(known, s.Tiers[i].Name)
		}
		c.unknownWord("tier", at, known)
	}
	return t
}

// issuer checks the name of an issuer.
func (c *compiler) issuer(at At[string]) {
	if c.env.Partial {
		return
	}
	if _, ok := c.env.Issuers[at.V]; !ok {
		c.unknownAmong("issuer", at, maps.Keys(c.env.Issuers))
	}
}
