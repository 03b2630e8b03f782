// Package pairs holds the oracle's evaluator against the engine in one process.
//
// Of each seed it writes the files of a world, loads them with the very loader the
// server uses, and compares what Check says of requests with what the slow and
// obvious evaluator says. Nothing else is between the two: no proxy, no server, no
// signature. So thousands of rule sets are tried in the time in which the oracle's
// runs, which have all of that, try one. What the callers' tokens prove is stated, as
// `tiergate explain --as` states it. The requests of a world come one after the other,
// within a minute, and spend what its rules limit from one ledger.
//
// The package has tests only: the oracle itself imports nothing of the engine.
package pairs
