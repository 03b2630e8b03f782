// Package rpc reads the message of a gRPC call into a tree, strictly: what it
// accepts, every protobuf library reads as the same values. What libraries merge,
// skip, truncate or let the last one of win is refused, and nothing is repaired.
package rpc
