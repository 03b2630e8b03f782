// Package audit writes and reads the decision record: one JSON line for each
// answer, enough to explain the decision and to decide it again.
//
// A line is whole or not there, in the order of its seq. What could not be
// written stands in the log as a gap, so that a reader knows what it does not
// know; how much a process that was killed had in hand is unknown, and its gap
// says so. A record never holds a token or a cookie, and of a path, a query and a
// body only the ids and values that rules name; details hold none of them.
// docs/reference/record.md documents every member.
package audit

import (
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Version is the version of the record's form. Within it members are only added.
const Version = 1

// Record is one decision, or, when Gap is not 0, the place of records that were lost.
type Record struct {
	V        int       `json:"v"`
	Seq      uint64    `json:"seq"`
	Gap      uint64    `json:"gap,omitempty"` // records lost, from Seq on
	Why      string    `json:"why,omitempty"` // of a gap: buffer_full, torn or killed
	ID       string    `json:"id,omitempty"`
	EnvoyID  string    `json:"envoy_id,omitempty"`
	Trace    string    `json:"trace,omitempty"` // trace id of the traceparent header
	Time     time.Time `json:"time"`            // UTC, microseconds
	Caller   Caller    `json:"caller,omitzero"`
	Actor    *Caller   `json:"actor,omitempty"`
	Peer     string    `json:"peer,omitempty"`
	Op       string    `json:"op,omitempty"` // the map line
	OpPos    Pos       `json:"op_pos,omitzero"`
	Stream   int64     `json:"stream_s,omitempty"` // seconds for which a stream may go on; 0 for what is none
	Targets  []Target  `json:"targets,omitempty"`
	Effect   string    `json:"effect,omitempty"`
	Status   int       `json:"status,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	Shadow   *Shadow   `json:"shadow,omitempty"`
	Answers  []Answer  `json:"answers,omitempty"`
	Spend    []Spend   `json:"spend,omitempty"`
	Stripped bool      `json:"stripped,omitempty"` // the upstream did not get the credential
	Versions Versions  `json:"versions,omitzero"`
	Inputs   []Input   `json:"inputs,omitempty"`
	Cut      bool      `json:"cut,omitempty"` // inputs, and if need be targets, were left out of a line too long
	Cache    Cache     `json:"cache,omitzero"`
	Us       Us        `json:"us,omitzero"`
}

// closedInOrder is the Why of the line that ends a log: everything up to its seq
// was written. It is no decision, and Read passes over it.
const closedInOrder = "closed"

// Caller is who asked. The token appears as its id (jti) alone.
type Caller struct {
	Kind     string `json:"kind"`
	Identity string `json:"identity,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
	Subject  string `json:"subject,omitempty"`
	Client   string `json:"client,omitempty"`
	Token    string `json:"token,omitempty"`
	Key      string `json:"key,omitempty"` // kid that verified the token
	Bound    bool   `json:"bound,omitempty"`
	BoundBy  string `json:"bound_by,omitempty"` // workload, mtls or dpop
	Purpose  string `json:"purpose,omitempty"`
}

// Target is the verdict on one target, in the order of the request.
type Target struct {
	Action     string   `json:"action"`
	Type       string   `json:"type"`
	ID         string   `json:"id,omitempty"`
	Tier       string   `json:"tier,omitempty"`
	TierFrom   string   `json:"tier_from,omitempty"`
	Categories []string `json:"categories,omitempty"` // of its data
	Effect     string   `json:"effect"`
	Reason     string   `json:"reason"`
	Rule       string   `json:"rule,omitempty"`
	Pos        Pos      `json:"pos,omitzero"`
	Missing    string   `json:"missing,omitempty"`
	As         string   `json:"as,omitempty"` // actor: decided for who acts for the caller
}

// Shadow is what the decision would have been without the shadow entry that
// excused it, or with the rules that are in shadow.
type Shadow struct {
	Effect string    `json:"effect"`
	Reason string    `json:"reason"`
	Detail string    `json:"detail,omitempty"`
	Rule   string    `json:"rule,omitempty"`
	By     string    `json:"by"` // entry or rules
	Until  time.Time `json:"until,omitzero"`
}

// Answer is what the caller said where a rule that applied asks.
type Answer struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Spend is what a target took from a limit of the rule that allowed it.
type Spend struct {
	Target int    `json:"target"` // index into Targets
	Rule   string `json:"rule"`
	Limit  string `json:"limit"`  // in words: 500 objects per 1h
	Amount int64  `json:"amount"` // 1 of an object, also where it was counted before
}

// Versions names what decided.
type Versions struct {
	Policy  string `json:"policy,omitempty"`
	Config  string `json:"config,omitempty"`
	Catalog uint64 `json:"catalog,omitempty"`
	Keys    uint64 `json:"keys,omitempty"`
}

// Input is a value that a condition read. Value is a string, an int64, a bool,
// a []string, a []int64, or nil when it was absent. A sensitive value is given
// as Hash alone.
type Input struct {
	Target int    `json:"target"` // index into Targets
	Name   string `json:"name"`
	Value  any    `json:"value,omitempty"`
	Hash   string `json:"hash,omitempty"`
}

// Cache says what the caches answered.
type Cache struct {
	Token  bool `json:"token,omitempty"`
	Hits   int  `json:"hits,omitempty"`
	Misses int  `json:"misses,omitempty"`
	Stale  int  `json:"stale,omitempty"` // of the misses
}

// Us are microseconds spent in each step, and in all of the Check.
type Us struct {
	Decode   int64 `json:"decode,omitempty"`
	Match    int64 `json:"match,omitempty"`
	Identify int64 `json:"identify,omitempty"`
	Resolve  int64 `json:"resolve,omitempty"`
	Decide   int64 `json:"decide,omitempty"`
	Total    int64 `json:"total"`
}

// Pos is a place in a rules file, written file:line:col.
type Pos rules.Pos

// MarshalText implements encoding.TextMarshaler.
func (p Pos) MarshalText() ([]byte, error) { return []byte(rules.Pos(p).String()), nil }
