package suite

import (
	"time"

	"github.com/tiergate/tiergate/rules"
)

// file is the syntax of one *_test.yaml.
type file struct {
	Tests []testDecl `yaml:"tests"`
}

type testDecl struct {
	Pos     rules.Pos
	Name    rules.At[string] `yaml:"name"`
	As      asDecl           `yaml:"as"`
	Act     asDecl           `yaml:"act"` // who acts for the caller
	Claims  node             `yaml:"claims"`
	Peer    rules.At[string] `yaml:"peer"`
	Bound   rules.At[string] `yaml:"bound"`  // what was proven of the token: mtls or dpop
	Source  rules.At[string] `yaml:"source"` // address that the request comes from
	Send    rules.At[string] `yaml:"send"`
	Headers node             `yaml:"headers"`
	Body    node             `yaml:"body"`
	Objects node             `yaml:"objects"`

	Subjects node                `yaml:"subjects"` // what the catalogs of subjects say, by issuer/subject
	At       rules.At[time.Time] `yaml:"at"`
	Want     wantDecl            `yaml:"want"`
}

// asDecl is who sends the request: a registered identity by name, anonymous, or
// anybody whom an issuer vouches for.
type asDecl struct {
	Pos     rules.Pos
	Name    string
	Issuer  rules.At[string] `yaml:"issuer"`
	Subject rules.At[string] `yaml:"subject"`
	Client  rules.At[string] `yaml:"client"`
}

// DecodeNode implements rules.Decodable.
func (a *asDecl) DecodeNode(d *rules.Decoder, n *rules.Node) {
	a.Pos = n.Pos
	if n.Kind == rules.Scalar {
		d.Into(n, &a.Name)
		return
	}
	var who struct {
		Issuer  rules.At[string] `yaml:"issuer"`
		Subject rules.At[string] `yaml:"subject"`
		Client  rules.At[string] `yaml:"client"`
	}
	d.Into(n, &who)
	a.Issuer, a.Subject, a.Client = who.Issuer, who.Subject, who.Client
}

// wantDecl is the answer that a test expects: allow, or deny with a reason.
type wantDecl struct {
	Pos     rules.Pos
	Allow   rules.At[string] `yaml:"allow"` // true, or the id of a rule that must have applied
	Deny    rules.At[string] `yaml:"deny"`
	Status  rules.At[int]    `yaml:"status"`
	Rule    rules.At[string] `yaml:"rule"`
	Headers node             `yaml:"headers"` // what the upstream gets; null for a header that must not be set
}

// node keeps a part of a test as it was written. The zero node was not.
type node struct{ *rules.Node }

// DecodeNode implements rules.Decodable.
func (k *node) DecodeNode(_ *rules.Decoder, n *rules.Node) { k.Node = n }

// pairs are the keys and values of a mapping.
func (k node) pairs(ms *rules.Mistakes, what string) []pair {
	if k.Node == nil {
		return nil
	}
	if k.Kind != rules.Mapping {
		ms.Add(k.Pos, "want %s as a mapping, found %v", what, k.Kind)
		return nil
	}
	out := make([]pair, 0, len(k.Items)/2)
	for i := 0; i+1 < len(k.Items); i += 2 {
		out = append(out, pair{k.Items[i], k.Items[i+1]})
	}
	return out
}

type pair struct{ key, value *rules.Node }

func isNull(n *rules.Node) bool { return n.Kind == rules.Scalar && n.Tag == "!!null" }

// word reads a scalar that is not null as text.
func word(ms *rules.Mistakes, n *rules.Node) string {
	if n.Kind != rules.Scalar || isNull(n) {
		ms.Add(n.Pos, "want a value")
		return ""
	}
	return n.Value
}
