package resolver

import "github.com/tiergate/tiergate/rules"

func (c *compiler) attachRPC(_ *host, op *Operation) {
	c.mistakes.Add(op.Pos, "RPC operations are not supported yet")
}

func (r *resolution) readMessage() error {
	return rules.Faultf(rules.NoRoute, "no descriptors")
}
