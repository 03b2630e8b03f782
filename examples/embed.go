// Package examples holds the examples that users copy, for the programs that
// run them.
package examples

import "embed"

// FS holds each example under its directory's name.
//
//go:embed bank
var FS embed.FS
