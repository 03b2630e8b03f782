// Package envoy wires tiergate into Envoy: the bootstrap that users copy, and
// the same file with other addresses for the tests that run it.
//
// hardened.yaml, base.yaml and tls.yaml load as they are. Bootstrap changes in
// them what a user would edit and nothing else, so what the tests run is what
// users copy.
package envoy
