package rules

import "time"

// Effect is deny or allow; the zero value denies.
type Effect uint8

// The effects.
const (
	Deny Effect = iota
	Allow
)

func (e Effect) String() string {
	if e == Allow {
		return "allow"
	}
	return "deny"
}

// Decision is the answer to one request. The zero value denies as internal.
type Decision struct {
	Effect      Effect
	Reason      Reason
	Detail      string // for the log only
	Targets     []Verdict
	Obligations Obligations
	Shadow      *ShadowVerdict // nil when shadow rules and entries change nothing
	MaxAuthAge  int64          // where a new login would do: the seconds that may pass since; 0 for any
	Refusal     Refusal        // how a deny rule wants the denial answered
	Answers     []Answer       // of the caller, where rules that applied ask
	Spend       Spend          // of budgets, once the decision stands
	ACR         []string       // likewise: what its acr may be; empty for any
}

// Status is the HTTP status of the answer; an unnamed reason is 503.
func (d *Decision) Status() int {
	if d.Effect == Allow {
		return 200
	}
	if d.Refusal.Status != 0 {
		return d.Refusal.Status
	}
	if s := d.Reason.Status(); s != 200 {
		return s
	}
	return 503
}

// Verdict is the decision on one target.
type Verdict struct {
	Effect     Effect
	Reason     Reason
	Action     string
	Type       string
	ID         string // "" for a collection or a new object
	Tier       string
	TierFrom   string   // type, action, property NAME, row, classified N, unclassified or collection
	Categories []string // of the data, all that it may have
	Rule       string   // the rule that decided: the first that applied, or the deny rule, or the nearest
	Pos        Pos      // of that rule
	Missing    string   // for a denial, the first demand that the nearest rule missed
	Inputs     []Input
	Actor      bool // decided for who acts for the caller, as a caller in its own right
}

// Input is a value that a condition of an evaluated rule read.
type Input struct {
	Name      string // object.tenant, caller.claims.role, …
	Value     any    // nil when absent
	Sensitive bool   // the record holds a keyed hash instead
}

// Obligations are the changes that the PEP must make to an allowed request.
// Names are lower-case; no name occurs twice in a list.
type Obligations struct {
	SetHeaders []Header
	SetQuery   []Param
}

// ShadowVerdict is what the decision would have been: without the shadow entry
// that excused it, or with the rules that are in shadow.
type ShadowVerdict struct {
	Effect Effect
	Reason Reason
	Detail string
	Rule   string
	By     string // "entry" or "rules"
	Until  time.Time
}

// Step names the parts of a Check that are timed.
type Step uint8

// The steps of a Check, in order.
const (
	StepDecode Step = iota
	StepMatch
	StepIdentify
	StepResolve
	StepDecide
	Steps
)

var stepNames = [...]string{"decode", "match", "identify", "resolve", "decide"}

func (s Step) String() string { return stepNames[s] }

// Outcome is a decision with everything the answer, the record and explain need.
type Outcome struct {
	Decision
	Request   *Request // nil when the request could not be decoded
	Caller    *Caller  // nil when nobody was identified
	Operation string   // the map line, "" when none matched
	OpPos     Pos
	Stream    time.Duration // of a request that becomes a stream: for how long messages may pass that nobody reads
	Calls     []Pos         // of the lines of all calls of a request to an endpoint
	Reply     Reply         // who waits for an answer in JSON-RPC
	Policy    string        // hash of the policy version
	Asked     []string      // headers in which its rules ask: the upstream gets none of them
	Nonce     string        // for the client's next proofs, with whatever answer; "" for none
	Catalog   uint64        // highest generation read; 0 when nothing was
	Took      [Steps]time.Duration
	TokenHit  bool // the verified-token cache answered
	Hits      int  // catalog rows from the cache
	Misses    int  // catalog rows from a source
	Stale     int  // of the misses, rows past their time that stood in for a source that failed
}
