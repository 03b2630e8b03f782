// Package oracle checks the whole product against a slow and obvious one.
//
// From a seed it makes an API, its issuers, identities, catalog and rules, and
// traffic for them; it runs that through a real Envoy and the built server, and
// compares every answer with what its own evaluator says. The evaluator is
// written from docs/reference/decisions.md alone: this package imports none of
// the engine's packages, so a mistake in one is not repeated in the other.
//
// A world is made of structures that both sides read: rendered to the files
// that users write for the server, read as they are by the evaluator, which
// therefore parses neither map lines nor conditions.
package oracle
