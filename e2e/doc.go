// Package e2e is the laboratory: a real Envoy, an identity provider and a bank
// around the built tiergate, all on loopback ports that the system chooses.
//
// It drives tiergate only as a user does: by configuration files, signals and
// requests. Every process it starts ends with the one that started it.
package e2e
