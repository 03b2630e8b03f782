package rules

import (
	"net/netip"
	"time"
)

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
	TokenID   string           // jti
	KeyID     string           // kid of the key that verified it
	IssuedAt  time.Time        // zero when the token has no iat
	ExpiresAt time.Time        // of the token
	AuthTime  time.Time        // zero when the token has no auth_time
	Purpose   string           // the issuer's mapped purpose claim
	Session   string           // sid
	Scopes    []string         // of the scope or scp claim
	Details   []map[string]any // authorization_details that are for us (RFC 9396): each has a string "type"
	Claims    map[string]any   // only those the issuer may assert, in their kinds, and what is fixed for it
	Fixed     map[string]any   // only what is fixed for the issuer
	Keys      uint64           // generation of the key set that verified it
	ACR       string           // how strong the login was, as the issuer calls it; "" when not told
	AMR       []string         // by which methods (RFC 8176)
	Actor     *Actor           // who acts for the subject (RFC 8693 section 4.1, the outermost act); nil for nobody
	Confirm   Confirmation     // whose token it is; the zero value is a bearer token
}

// Actor is the party that a delegated token lets act for its subject.
type Actor struct {
	Issuer   string // name of the issuer in the configuration that speaks for it
	Subject  string
	ClientID string
}

// Confirmation is what must be proven to use a token (RFC 7800). Each value is
// the base64url text of the claim, 43 bytes, or "".
type Confirmation struct {
	Certificate string // x5t#S256 (RFC 8705 section 3.1)
	Key         string // jkt (RFC 9449 section 6.1)
}

// Binding is how a caller proved that its credential is its own.
type Binding uint8

// The bindings. NotBound is a bearer credential.
const (
	NotBound      Binding = iota
	ByWorkload            // the verified peer is the identity's workload, or the caller itself
	ByCertificate         // RFC 8705
	ByKey                 // DPoP, RFC 9449
)

var bindings = [...]string{"none", "workload", "mtls", "dpop"}

func (b Binding) String() string { return bindings[b] }

// Evidence is all that a request proves about who sends it, whatever the rules
// say. The zero value proves nothing.
type Evidence struct {
	Verified *Verified // shared, MUST NOT be changed; anonymous without a credential
	Peer     string    // SPIFFE ID of the verified peer, "" when there is none
	Bound    Binding   // what was proven for this request
	Actor    *Verified // who acts for the subject, where more is known than what the token says
	Cached   bool      // the credential was verified before
	Nonce    string    // for the client's next proofs (RFC 9449 section 8), "" when it needs no new one
}

// Caller is the authenticated principal of a request. The zero value is anonymous.
type Caller struct {
	*Verified // nil for the zero value
	Kind      CallerKind
	Identity  *Identity // nil when anonymous or unknown
	Peer      string    // SPIFFE ID of the verified peer, "" when there is none
	Bound     Binding
	Purpose   string  // effective purpose of this request
	Actor     *Caller // who acts for this caller, nil for nobody; both must be allowed
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
	Overdue  time.Time // from when on it is denied for want of a review; zero for never
	Shadow   []Shadow

	Peer        string // SPIFFE ID of callers that have no token, "" for none
	Status      Status
	Environment string
	NotBefore   time.Time      // zero for no bound
	Expires     time.Time      // zero for no bound
	MaxAge      time.Duration  // of a credential since it was issued; 0 for no bound
	Networks    []netip.Prefix // client addresses; empty for any. IPv4 ones are unmapped
	OnBehalfOf  []string       // of an agent: the identities whose callers it may act for
	Strip       bool           // the credential does not reach the upstream
	Task        string         // what it is there for
	Needs       []Need         // what that takes; they give no right
}

// ByPeer is what is known of the callers of an identity that has no token: their
// SPIFFE ID is the subject, and nothing says when they were.
func (id *Identity) ByPeer() *Verified { return &Verified{Subject: id.Peer} }

// Status says whether a registered identity may be used. The zero value may.
type Status uint8

// The states of an identity.
const (
	Active Status = iota
	Suspended
	Retired
)

var identityStates = [...]string{"active", "suspended", "retired"}

func (s Status) String() string { return identityStates[s] }

// ParseStatus reads a status that users write.
func ParseStatus(word string) (Status, bool) {
	for i, name := range identityStates {
		if name == word {
			return Status(i), true
		}
	}
	return Active, false
}

// Shadow is a compiled shadow entry.
type Shadow struct {
	Host  string    // "" for every host
	Until time.Time // the first moment at which it excuses nothing
}

// Last is the day, in UTC, that it still excuses denials on.
func (s *Shadow) Last() string { return lastOf(s.Until).Format(time.DateOnly) }

// Name returns the identity's name, or "" when the caller has none.
func (c *Caller) Name() string {
	if c == nil || c.Identity == nil {
		return ""
	}
	return c.Identity.Name
}

// Strips reports whether the credential ends here: the upstream of an allowed
// request does not get it. Who acts may demand it as well.
func (c *Caller) Strips() bool {
	return c != nil && (c.Identity != nil && c.Identity.Strip || c.Actor.Strips())
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
