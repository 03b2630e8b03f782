// Package stacks sends generated requests through Envoy and tiergate to real HTTP
// stacks, which report what they did to which objects. Whatever the spelling: what a
// stack acts on is what was decided, or the request was denied.
package stacks
