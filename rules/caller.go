package rules

import "time"

// CallerKind is the kind of a caller. Only registered identities have one of
// the last five.
type CallerKind uint8

// The kinds of callers.
const (
	Anonymous CallerKind = iota // no credential
	Unknown                     // verified, but no identity matches; no selector names it
	Human
	Service
	Workload
	ThirdParty
	Agent
)

var callerKinds = [...]string{"anonymous", "unknown", "human", "service", "workload", "third-party", "agent"}

func (k CallerKind) String() string { return callerKinds[k] }

// ParseCallerKind reads a kind that users write; unknown is not one.
func ParseCallerKind(word string) (CallerKind, bool) {
	for i, name := range callerKinds {
		if name == word && CallerKind(i) != Unknown {
			return CallerKind(i), true
		}
	}
	return 0, false
}

// Verified is what a credential and a connection prove, whatever the rules say:
// it is cached and outlives a reload. It MUST NOT be changed once made.
type Verified struct {
	Anonymous bool
	Issuer    string // name of the issuer in the configuration, not the URL
	Subject   string
	ClientID  string
	TokenID   string         // jti
	KeyID     string         // kid of the key that verified it
	IssuedAt  time.Time      // zero when the token has no iat
	ExpiresAt time.Time      // of the token
	AuthTime  time.Time      // zero when the token has no auth_time
	Purpose   string         // the issuer's mapped purpose claim
	Claims    map[string]any // only those the issuer may assert, in their kinds, and what is fixed for it
	Fixed     map[string]any // only what is fixed for the issuer
	Keys      uint64         // generation of the key set that verified it
}

// Caller is the authenticated principal of a request. The zero value is anonymous.
type Caller struct {
	*Verified // nil for the zero value
	Kind      CallerKind
	Identity  *Identity // nil when anonymous or unknown
	Peer      string    // SPIFFE ID of the verified peer, "" when there is none
	Bound     bool      // the identity's workload equals the peer
	Purpose   string    // effective purpose of this request
	Actor     *Caller   // always nil until delegation is supported
}

// Identity is a registered caller or class of callers, compiled from `identities:`.
type Identity struct {
	Pos      Pos
	Name     string
	Kind     CallerKind
	Issuer   string   // name in the configuration
	Subject  string   // "" for a class
	Clients  []string // empty for any
	Workload string   // SPIFFE ID, or ""
	Tenant   string
	Owner    string
	Purposes []string
	ReviewBy time.Time
	Shadow   []Shadow
}

// Shadow is a compiled shadow entry.
type Shadow struct {
	Host  string // "" for every host
	Until time.Time
}

// Name returns the identity's name, or "" when the caller has none.
func (c *Caller) Name() string {
	if c == nil || c.Identity == nil {
		return ""
	}
	return c.Identity.Name
}

// Pinned returns what is pinned for the caller under a name: the identity's
// tenant, else what is fixed for its issuer. It never comes from the token.
func (c *Caller) Pinned(name string) (any, bool) {
	if name == "tenant" && c.Identity != nil && c.Identity.Tenant != "" {
		return c.Identity.Tenant, true
	}
	if c.Verified == nil {
		return nil, false
	}
	v, ok := c.Fixed[name]
	return v, ok
}
