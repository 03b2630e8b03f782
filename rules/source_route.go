package rules

import "time"

// HostDecl is an entry of `routes:`.
type HostDecl struct {
	Pos    Pos
	Host   At[string]   `yaml:"host"`
	CORS   At[bool]     `yaml:"cors"`
	Shadow []ShadowDecl `yaml:"shadow"`

	TrailingSlash At[string] `yaml:"trailing_slash"` // exact or ignore
	Case          At[string] `yaml:"case"`           // likewise, of the templates' text

	GraphQL GraphQLDecl `yaml:"graphql"`
	GRPC    GRPCDecl    `yaml:"grpc"`
	MCP     []MCPDecl   `yaml:"mcp"`

	Map []LineDecl `yaml:"map"`
}

// LineDecl is one map line, `operation -> action target`, with the options that
// stand in a mapping behind it.
type LineDecl struct {
	Pos     Pos
	Line    string
	Path    PathDecl
	Max     At[int]    // of the line's targets; 100 unless set
	Purpose At[string] // of requests on this line whose token names none
	Because At[string] // of an open line
	Owner   At[string]
	Stream  StreamDecl

	Body     Strings    // content types of a body that is read: json, merge-patch, json-patch, form
	Reads    At[string] // where in the body the members are that conditions read
	Writes   At[string] // where in the body the members are that the line's first target is written with
	Fields   At[string] // the parameter that says which properties are asked for; without it, all
	Select   At[string] // the same, as OData has it
	Expand   At[string] // the parameter that asks for further properties
	Integers At[string] // exact: the upstream reads integers of 64 bits exactly
}

// StreamDecl lets what a line decides once go on for a while. The zero Pos means
// that it does not.
type StreamDecl struct {
	Pos Pos
	Max At[time.Duration] `yaml:"max"`
}

// PathDecl says how the upstream of a line reads paths, where it is unlike others.
type PathDecl struct {
	Pos          Pos
	EncodedSlash At[string] `yaml:"encoded_slash"` // in_capture: %2F in a capture is a part of its value
	Proxy        At[string] `yaml:"proxy"`         // the path_with_escaped_slashes_action that this relies on
}

type lineOptions struct {
	Path    PathDecl   `yaml:"path"`
	Max     At[int]    `yaml:"max"`
	Purpose At[string] `yaml:"purpose"`
	Because At[string] `yaml:"because"`
	Owner   At[string] `yaml:"owner"`
	Stream  StreamDecl `yaml:"stream"`

	Body     Strings    `yaml:"body"`
	Reads    At[string] `yaml:"reads"`
	Writes   At[string] `yaml:"writes"`
	Fields   At[string] `yaml:"fields"`
	Select   At[string] `yaml:"select"`
	Expand   At[string] `yaml:"expand"`
	Integers At[string] `yaml:"integers"`
}

// DecodeNode implements Decodable: the line alone, or a mapping from the line to its options.
func (l *LineDecl) DecodeNode(d *Decoder, n *Node) {
	l.Pos = n.Pos
	if n.Kind == Scalar {
		l.Line = n.Value
		return
	}
	if n.Kind != Mapping || len(n.Items) != 2 {
		d.Mistakes.Add(n.Pos, "want a map line, or one map line with its options as a mapping")
		return
	}
	var o lineOptions
	l.Pos, l.Line = n.Items[0].Pos, n.Items[0].Value
	d.Into(n.Items[1], &o)
	l.Path = o.Path
	l.Max, l.Purpose, l.Because, l.Owner, l.Stream = o.Max, o.Purpose, o.Because, o.Owner, o.Stream
	l.Body, l.Reads, l.Writes, l.Fields, l.Select, l.Expand, l.Integers = o.Body, o.Reads, o.Writes, o.Fields, o.Select, o.Expand, o.Integers
}
