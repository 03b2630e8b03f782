package lint

import "time"

// sorts are what a check can be about.
var sorts = []string{"rule", "identity", "type", "line"}

// A thing is what a check is held against, as a condition reads it.
type thing struct {
	name  string // for reports and exceptions
	at    int    // its index among those of its sort
	value any    // *Rule, *Identity, *Type or *Line
}

// Rule is a rule as a check reads it. What is not given is empty, and
// has(rule.review_by) tells whether there is a date.
type Rule struct {
	ID           string   `cel:"id"`
	Effect       string   `cel:"effect"` // allow or deny
	Shadow       bool     `cel:"shadow"`
	Selects      []string `cel:"selects"`      // its selectors as they are written
	Identities   []string `cel:"identities"`   // that it can be about
	Kinds        []string `cel:"kinds"`        // of these
	Environments []string `cel:"environments"` // of these
	Class        bool     `cel:"class"`        // it is about callers that no subject, peer or single client tells apart

	To      string   `cel:"to"` // as it is written: read, list
	On      string   `cel:"on"`
	Actions []string `cel:"actions"` // the same, as lists
	Types   []string `cel:"types"`

	UpTo     string `cel:"up_to"`
	FromTier string `cel:"from_tier"`
	Rank     int    `cel:"rank"` // of up_to or from_tier, the lowest tier is 0; -1 without
	Top      bool   `cel:"top"`  // up_to is the highest tier

	Own       string   `cel:"own"`
	Same      string   `cel:"same"`
	When      string   `cel:"when"`
	For       []string `cel:"for"`
	Every     bool     `cel:"every"` // nothing in it is sure to keep an object out
	Unbounded bool     `cel:"unbounded"`
	Limit     []string `cel:"limit"`    // its limits: 500 objects per 1h
	Requires  []string `cel:"requires"` // what it demands: max_token_age, bound_token, …
	Weight    int      `cel:"weight"`   // of its heaviest action; read weighs 1, delete 8
	Broad     []string `cel:"broad"`    // what makes its rights broad

	Because  string    `cel:"because"`
	Owner    string    `cel:"owner"`
	Ticket   string    `cel:"ticket"`
	ReviewBy time.Time `cel:"review_by"`
}

// Identity is a registered identity as a check reads it.
type Identity struct {
	Name        string    `cel:"name"`
	Kind        string    `cel:"kind"`
	Machine     bool      `cel:"machine"` // any kind but human
	Issuer      string    `cel:"issuer"`
	Subject     string    `cel:"subject"`
	Clients     []string  `cel:"clients"`
	Class       bool      `cel:"class"` // many subjects or clients are this identity
	Workload    string    `cel:"workload"`
	Peer        string    `cel:"peer"`
	Tenant      string    `cel:"tenant"`
	Owner       string    `cel:"owner"`
	Purposes    []string  `cel:"purposes"`
	Status      string    `cel:"status"`
	Environment string    `cel:"environment"`
	NotBefore   time.Time `cel:"not_before"`
	Expires     time.Time `cel:"expires"`
	MaxAge      int       `cel:"credential_max_age"` // seconds, 0 for no limit
	Networks    []string  `cel:"networks"`
	OnBehalfOf  []string  `cel:"on_behalf_of"`
	Strips      bool      `cel:"strip_credentials"`
	ReviewBy    time.Time `cel:"review_by"`
	Selected    bool      `cel:"selected"`  // some allow rule can be about it
	Separated   bool      `cel:"separated"` // some identity of the rules has an environment
}

// Type is a type of objects as a check reads it.
type Type struct {
	Name       string   `cel:"name"`
	Tier       string   `cel:"tier"`
	Rank       int      `cel:"rank"`  // of the tier, the lowest is 0; -1 without
	Broad      bool     `cel:"broad"` // its rows or actions may be above broad_above
	Catalog    string   `cel:"catalog"`
	Parent     string   `cel:"parent"`
	ID         string   `cel:"id"`
	Attributes []string `cel:"attributes"`
	Actions    []string `cel:"actions"`
	Properties []string `cel:"properties"`
	Writable   []string `cel:"writable"` // the actions whose members are limited
	Written    []string `cel:"written"`  // create and update, where some allow rule allows it
	Categories []string `cel:"categories"`
}

// Line is a map line as a check reads it.
type Line struct {
	Host    string   `cel:"host"`
	Text    string   `cel:"text"` // as it is written
	Open    bool     `cel:"open"` // no credential is read
	Because string   `cel:"because"`
	Owner   string   `cel:"owner"`
	Actions []string `cel:"actions"`
	Types   []string `cel:"types"`
	Purpose string   `cel:"purpose"`
	Shadow  bool     `cel:"shadow"`
	Stream  int      `cel:"stream"` // seconds that a stream may last, 0 for none
}
