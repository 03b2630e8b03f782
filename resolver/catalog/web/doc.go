// Package web is a catalog source over an HTTP API that answers in JSON.
//
// A type is a GET for each id, or a POST for a batch of them. What cannot happen
// here: an id that changes which resource is asked for, whatever bytes it has; a row
// that answers for an id that is not its own byte for byte, or that lacks a member
// which is mapped; a redirect that is followed, a proxy that the environment names,
// or an address that no catalog has; a secret or an id in an error; more requests at
// a time than the options say, or one that outlives its Lookup.
//
// An API has no versions that we could see: rows of one Lookup are of as many
// moments as there were requests, and all are generation 1.
package web
