package spec

import (
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Document is a specification as read.
type Document struct {
	Name string // of its file, without folder and endings: what its output is called
	Kind string // openapi, graphql, proto or mcp
	Host string // that it names itself, or ""

	Operations []Operation // in the document's own order, or sorted where it has none

	unread  []Skipped // what the document offers and no operation stands for
	propose func(*proposer)
}

// Operation is one thing that a specification lets clients ask for.
type Operation struct {
	Name   string // as the specification calls it: "GET /v1/accounts/{id}", "RPC pkg.Service/Method"
	Key    string // the same whatever its parameters are called
	Method string // of HTTP; RPC, GRAPHQL or MCP for the other kinds
	Path   string // below the host, with {parameters}; of the other kinds what stands behind the word
	Host   string // where it is served, if that is not the document's host

	// Changed when clients have to send or get something else under the same key.
	shape string

	rest *rest // of HTTP
}

// SideFile is a file that stands beside the rules, because a host's declaration names it.
type SideFile struct {
	Name string
	Text []byte
}

// Options steer what Propose makes of a document.
type Options struct {
	Host   string            // overrides the document's; "" takes that, or example.com
	Server string            // what MCP lines begin with; "" takes the document's name
	Path   string            // of a GraphQL or MCP endpoint; "" takes /graphql or /mcp
	Top    string            // the highest tier, for names that hint at secrets
	Names  map[string]string // names that types have from an earlier import, by their keys
}

// Proposal is what to write into a rules directory.
type Proposal struct {
	Document *Document
	Host     string
	Protocol []string // lines of the host's declaration: graphql, grpc, mcp
	Types    []Type   // by name
	Lines    []Line   // by path and method
	Skipped  []Skipped
	Side     []SideFile

	declare func(*rules.HostDecl) // what Protocol says
	top     string                // the tier of properties that hint at secrets
}

// Type is a proposed object type.
type Type struct {
	Key        string // where it comes from: the path that names one of it, or its own name
	Name       string
	Tier       string
	Parent     string
	Attributes []string
	Actions    []string
	Properties []string // hinted at by their names, at the highest tier
	Guesses    []string
}

// Line is a proposed map line.
type Line struct {
	Operation *Operation
	Key       string        // Operation.Key
	Text      string        // operation -> targets
	Stream    time.Duration // 0 where the line is for no stream
	Guesses   []string

	Action, Type string   // of the first target
	types        []string // of all targets, and their parents
	acts         []act    // of all targets
	only         bool     // there is one target, whose id is the path's own captures
}

// act is an action on a type.
type act struct{ typ, action string }

// Skipped is an operation without a line, and why.
type Skipped struct {
	Name, Why string
}
