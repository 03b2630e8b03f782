package suite

import (
	"time"

	"github.com/tiergate/tiergate/rules"
)

// file is the syntax of one *_test.yaml.
type file struct {
	Tests    []testDecl   `yaml:"tests"`
	Matrices []matrixDecl `yaml:"matrices"`
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
	After   rules.Strings    `yaml:"after"` // requests that are sent before it
	Headers node             `yaml:"headers"`
	Body    node             `yaml:"body"`
	Objects node             `yaml:"objects"`

	Subjects node                `yaml:"subjects"` // what the catalogs of subjects say, by issuer/subject
	At       rules.At[time.Time] `yaml:"at"`
	Want     wantDecl            `yaml:"want"`

	Rows []testDecl `yaml:"rows"` // tests that differ from this one in what they say
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

// wantDecl is the answer that a test expects: allow, deny with a reason, or the
// word snapshot.
type wantDecl struct {
	Pos      rules.Pos
	Snapshot bool // the whole answer is kept beside the tests

	Allow   rules.At[string] // true, or the id of a rule that must have applied
	Deny    rules.At[string]
	Status  rules.At[int]
	Rule    rules.At[string]
	Headers node // what the upstream gets; null for a header that must not be set
}

type wantParts struct {
	Allow   rules.At[string] `yaml:"allow"`
	Deny    rules.At[string] `yaml:"deny"`
	Status  rules.At[int]    `yaml:"status"`
	Rule    rules.At[string] `yaml:"rule"`
	Headers node             `yaml:"headers"`
}

// DecodeNode implements rules.Decodable.
func (w *wantDecl) DecodeNode(d *rules.Decoder, n *rules.Node) {
	if w.Pos = n.Pos; n.Kind == rules.Scalar {
		w.Snapshot = true // nor is more said of another word
		if n.Value != "snapshot" {
			d.Mistakes.AddHint(n.Pos, "{ allow: true }, { deny: no_rule } or snapshot", "want a mapping or the word snapshot, found %q", n.Value)
		}
		return
	}
	var want wantParts
	d.Into(n, &want)
	w.Allow, w.Deny, w.Status, w.Rule, w.Headers = want.Allow, want.Deny, want.Status, want.Rule, want.Headers
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
