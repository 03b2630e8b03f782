package resolver

import "github.com/tiergate/tiergate/rules"

// endpoints builds the protocols of a host.
func (c *compiler) endpoints(d *rules.HostDecl) {
	later := func(at rules.Pos, key string) {
		if given(at) {
			c.mistakes.Add(at, "%s is not supported yet", key)
		}
	}
	later(d.GraphQL.Pos, "graphql")
	later(d.GRPC.Pos, "grpc")
	for i := range d.MCP {
		later(d.MCP[i].Pos, "mcp")
	}
}
