// Package suite runs the tests that stand beside the rules, in *_test.yaml
// files: who sends what, what is known of the objects, and what the answer is to be.
//
// A test is decided by policy.Check, as every request of the server is. Only two
// things are swapped: the verifier, whose answer is who the test says the caller
// is, and the catalog's sources, which hold the test's own facts and no others.
// So tests begin behind the verification of a token: what it judges (signature,
// audience, expiry, …) is refused in a test by name, never skipped in silence.
package suite
