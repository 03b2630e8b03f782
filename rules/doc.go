// Package rules decides whether a caller may act on the objects a request touches.
//
// It holds the nouns that every other package speaks (Request, Caller, Target,
// Decision), reads the syntax of the rules directory with positions, and
// compiles it. After Compile a Set never changes, does no I/O and returns no
// error: what it cannot evaluate, it denies. The order of its steps is fixed in
// docs/reference/decisions.md.
package rules
