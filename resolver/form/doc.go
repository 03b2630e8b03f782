// Package form reads forms into the shape of JSON, strictly: it returns the one
// reading that the servers which read brackets and those which do not agree on,
// or an error.
//
// A name is a member of the form. Brackets behind it lead into it: customer[email]
// is a member of customer, items[0][price] of the first element of items, and
// ids[] one more element. A name that comes more than once is a list. Values are
// strings; of a file only the name is kept.
package form
