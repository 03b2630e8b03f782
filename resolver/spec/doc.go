// Package spec reads what an API says of itself and proposes map lines for it.
//
// A Document is the operations of an OpenAPI file, a GraphQL schema, a protobuf
// descriptor set or an MCP server's list of tools. Propose guesses objects and
// actions by general habits of naming, never by who wrote the file, marks each
// guess, and returns only lines that load together: what cannot be said in the
// map language is listed with its reason, so that no operation vanishes.
// Merge puts a proposal into a file that people edit without touching what they
// wrote. Cover holds operations against the rules in force.
package spec
