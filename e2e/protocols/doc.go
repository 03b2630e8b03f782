// Package protocols plays one own and one foreign object through each protocol
// that map lines can be written for: the real Envoy, the built tiergate, and
// servers and clients that speak the protocol.
package protocols
