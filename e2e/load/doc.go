// Package load sends traffic to tiergate, straight over gRPC or through an
// Envoy, and measures what each answer costs.
//
// Load is always bounded in count and time. An open loop takes each latency from
// the moment at which the request was due, so that a server which stalls is seen
// to: waiting for it would hide what its callers feel.
package load
