// Package mcp reads one message of the Model Context Protocol, as its Streamable
// HTTP transport carries it, into the call that it makes.
//
// A message is JSON-RPC 2.0 and has exactly one reading here, or none: what two
// servers could take for two calls is refused, and a header that repeats what the
// body says must repeat it truly.
package mcp
