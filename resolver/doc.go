// Package resolver says which objects a request touches.
//
// Canonical turns a raw request into the one reading that every server behind
// us must share, or denies it: nothing ambiguous is repaired. Compile reads the
// map lines of the rules directory into operations, and refuses at load what
// could have two answers. After that matching a request and naming its targets
// are pure: no I/O, no clock, no state, and every failure is a *rules.Fault.
package resolver
