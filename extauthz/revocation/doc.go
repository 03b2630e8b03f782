// Package revocation knows what is not to be believed any more, however valid
// it is: tokens, sessions, subjects, clients, keys, issuers and identities.
//
// An entry is in force from the moment at which it was made durable until it is
// restored or its own end has come. Nothing else turns one off: a file that
// cannot be read keeps the entries that were read from it, and a journal that is
// damaged, cut or older than it was stops the server before it answers anybody.
//
// Looking up costs the same whatever the number of entries, allocates nothing
// and waits for nobody.
package revocation
