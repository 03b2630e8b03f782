package suite

import (
	"reflect"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/shape"
)

// Shape is what a *_test.yaml may hold.
func Shape() shape.Shape {
	b := shape.Builder{About: func(t reflect.Type, key string) (string, []string) { return keyWords[t][key], nil }}
	return b.Of(reflect.TypeFor[file]())
}

// Read reports what is wrong with the form of a *_test.yaml.
func Read(n *rules.Node) rules.Mistakes {
	d := rules.Decoder{}
	d.Into(n, new(file))
	return d.Mistakes
}

// Shape implements shape.Shaped.
func (asDecl) Shape(b *shape.Builder) shape.Shape {
	return shape.Text().Or(b.Struct(reflect.TypeFor[asDecl]()))
}

// Shape implements shape.Shaped.
func (node) Shape(*shape.Builder) shape.Shape { return shape.Shape{Any: true} }

// Shape implements shape.Shaped.
func (wantDecl) Shape(b *shape.Builder) shape.Shape {
	return shape.OneOf("snapshot").Or(b.Of(reflect.TypeFor[wantParts]()))
}

// Shape implements shape.Shaped.
func (callerDecl) Shape(b *shape.Builder) shape.Shape {
	return shape.Text().Or(b.Part(reflect.TypeFor[testDecl](), "as", "act", "claims", "peer", "bound", "source", "headers", "subjects"))
}

// Shape implements shape.Shaped.
func (requestDecl) Shape(b *shape.Builder) shape.Shape {
	return shape.Text().Or(b.Part(reflect.TypeFor[testDecl](), "send", "headers", "body"))
}

// keyWords are in one sentence what keys are for.
var keyWords = map[reflect.Type]map[string]string{
	reflect.TypeFor[file](): {
		"tests":    "Requests, each with the answer that it must get.",
		"matrices": "Pictures of who may do what.",
	},
	reflect.TypeFor[testDecl](): {
		"name":     "What the test shows; every test has a name of its own.",
		"as":       "Who sends it: an identity, anonymous, or an issuer's subject and client.",
		"act":      "Who acts for that caller.",
		"claims":   "Claims of the token, such as sub.",
		"peer":     "The SPIFFE ID of the connection's peer.",
		"bound":    "What was proven of the token: mtls or dpop.",
		"source":   "The address that the request comes from.",
		"send":     "A method and an absolute URL.",
		"after":    "Requests that are sent first, as this one is: what they spend of limits is spent.",
		"headers":  "Headers of the request.",
		"body":     "The body: a text, or what is sent as JSON.",
		"objects":  "What the catalogs say, by type/id; null for an object that is not there.",
		"subjects": "What the catalogs of subjects say, by issuer/subject.",
		"at":       "When it is sent.",
		"want":     "The answer.",
		"rows":     "Tests that differ from this one in what they say.",
	},
	reflect.TypeFor[matrixDecl](): {
		"name":       "What the matrix shows.",
		"identities": "Who sends the requests, a line each.",
		"actions":    "The requests, by the letters that stand for them.",
		"objects":    "What they act on, a column each: type/id and facts; null where nothing is known.",
		"facts":      "Facts of objects that are no columns.",
		"at":         "When they are sent.",
		"want":       "The picture: in each cell the letters of what is allowed.",
	},
	reflect.TypeFor[asDecl](): {
		"issuer":  "The issuer, by its name in tiergate.yaml.",
		"subject": "The token's subject.",
		"client":  "The token's client.",
	},
	reflect.TypeFor[wantParts](): {
		"allow":   "true, or the id of a rule that must have applied.",
		"deny":    "The reason.",
		"status":  "The status of the denial.",
		"rule":    "The rule that denied.",
		"headers": "What the upstream gets; null for a header that must not be set.",
	},
}
