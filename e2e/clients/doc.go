// Package clients holds real clients, written by others, against the rules under
// examples/clients: whatever they send in good faith passes.
package clients
