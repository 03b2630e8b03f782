// Package extauthz answers Envoy's external authorization calls
// (envoy.service.auth.v3.Authorization/Check) and is the only package of the
// server that knows Envoy's messages.
//
// Every answer is an explicit allow or an explicit denial with a status and a
// reason, never a gRPC error, which a proxy may turn into an allow. An answer
// starts as a denial: only an allow of the Checker, whose mutations are all
// valid, that is in time and in the decision log, becomes one.
package extauthz
