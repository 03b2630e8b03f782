package rules

// GraphQLDecl is the GraphQL endpoint of a host. The zero Pos means none.
type GraphQLDecl struct {
	Pos        Pos
	Path       At[string] `yaml:"path"`
	Schema     SideFile   `yaml:"schema"`    // SDL
	Persisted  SideFile   `yaml:"persisted"` // JSON object: hex SHA-256 -> document
	MaxDepth   At[int]    `yaml:"max_depth"`
	MaxAliases At[int]    `yaml:"max_aliases"`
	MaxCalls   At[int]    `yaml:"max_calls"`
	Batch      At[bool]   `yaml:"batch"`
	Only       At[bool]   `yaml:"persisted_only"`
	Ignore     Strings    `yaml:"ignore_params"` // of the URL, which the servers behind do not read
	Free       Strings    `yaml:"free"`          // nested fields whose arguments name no object: Type.field; directives: @name
}

// GRPCDecl describes the gRPC services of a host.
type GRPCDecl struct {
	Pos         Pos
	Descriptors SideFile `yaml:"descriptors"` // a google.protobuf.FileDescriptorSet, as protoc and buf write it
}

// MCPDecl is one MCP endpoint of a host.
type MCPDecl struct {
	Pos    Pos
	Server At[string] `yaml:"server"` // what lines call it
	Path   At[string] `yaml:"path"`
	Tools  SideFile   `yaml:"tools"` // the answer to tools/list whose definitions are pinned

	Pins   Entries[At[string]] `yaml:"pins"`          // tool -> the start of its definition's hash
	Status At[int]             `yaml:"denied_status"` // of HTTP, with denials that are JSON-RPC errors: 200, or absent
}
