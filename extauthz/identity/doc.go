// Package identity says who sends a request: it verifies the credential and the
// peer, and recognises the registered identity behind them.
//
// What can never happen here: a request calls an identity provider itself; a
// token is accepted that has more than one reading, or whose key, algorithm,
// issuer or audience is not exactly the configured one; an entry of the token
// cache outlives its token, its key set or its configuration; one issuer's keys
// vouch for another's subjects, nor one trust domain's authorities for another's
// workloads; a token that is bound passes without proof, or one
// proof passes twice in one process; a token is printed.
//
// Verify is independent of the rules and cached. Recognise belongs to one
// policy version. A server's keys are fetched in the background by Run alone: a
// request with an unknown key id may wake it, at most twice at once and then
// once in 30 seconds an issuer.
package identity
