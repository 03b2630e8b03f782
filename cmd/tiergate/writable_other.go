//go:build !unix

package main

// writable leaves the question to the first write.
func writable(string) error { return nil }
