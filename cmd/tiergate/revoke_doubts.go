package main

import (
	"fmt"

	"github.com/tiergate/tiergate/extauthz/identity"
)

// doubts says what speaks against a token that is to be revoked, "" when nothing
// does. It is revoked all the same: who may revoke may name any token. But the
// issuer and the jti of one whose signature is bad, or could not be checked, may
// be anybody's. Nothing of the token is in the text.
func doubts(e *identity.Explanation) string {
	var signed, key identity.Gate
	for _, g := range e.Gates {
		switch g.Name {
		case "signature":
			signed = g
		case "key":
			key = g
		}
	}
	switch first, refused := e.Refused(); {
	case signed.State == identity.GateFailed:
		return "its signature is bad, so that no server believes it: the jti in it may be made up, or another token's"
	case signed.State == identity.GatePassed && refused:
		return fmt.Sprintf("its signature is good, and a server refuses it anyway: %s", first.Reason)
	case signed.State == identity.GatePassed:
		return ""
	}
	why := "no key goes with its algorithm"
	if key.State == identity.GateFailed {
		why = string(key.Reason) + ", with the keys of files and those that state_dir keeps"
	}
	return fmt.Sprintf("its signature was not checked (%s): the jti in it may be made up, or another token's", why)
}
