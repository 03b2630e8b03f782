// Package scene runs tiergate and Envoy, by the hardened bootstrap, in front of
// any servers and by any example that users copy. Tests say which servers, send
// what they like, and compare what the servers saw with the decision log.
package scene
