// Package oracle checks the whole product against a slow and obvious one.
//
// From a seed it makes an API, its issuers, identities, catalog and rules, and
// traffic for them; it runs that through a real Envoy and the built server, and
// compares every answer with what its own evaluator says. The evaluator is
// written from docs/reference/decisions.md alone: this package imports none of
// the engine's packages, so a mistake in one is not repeated in the other.
//
// Traffic comes in phases. Between two of them the run revokes and restores, by the
// control socket and by the file, replaces the directories of subjects, and offers
// a misspelt catalog that nobody may take; before the first it misspells the files
// one slip at a time, and `tiergate check` must refuse each. What must be reached
// beside the reasons is listed in constructs.
//
// A world is made of structures that both sides read: rendered to the files
// that users write for the server, read as they are by the evaluator, which
// therefore parses neither map lines nor conditions.
//
// No rule of a run has a limit: what it allows hangs on which request came before, and
// requests come side by side. In the worlds of the package pairs, where they come one
// after the other, rules have, and the evaluator a Book of what was spent.
package oracle
