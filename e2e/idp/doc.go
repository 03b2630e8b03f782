// Package idp is an identity provider for tests: an issuer on a loopback port
// that publishes OIDC discovery and a JWKS, mints any token, well formed or
// not, and fails on demand in the ways real providers do.
//
// Everything a Provider does is asked for: keys change only through AddKey,
// RemoveKey and Rotate, faults only through Break, and every request for the
// key set is counted, so that a test can prove that none was made.
package idp
