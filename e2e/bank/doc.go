// Package bank is an HTTP API with the flaws that real APIs have: it checks no
// owner, binds every member of a body, takes ids from path, query and body,
// believes headers that name the customer, cleans paths as lenient frameworks
// do, and has a debug route that no document mentions.
//
// A bank never refuses a caller. What it was asked is what it did, and it
// keeps each request as it arrived, so that a test can say what got through.
package bank
