// Package postgres is a catalog source over PostgreSQL 13 or newer.
//
// A type is a mapping of a table's columns or a query. One Lookup is one round
// trip and one snapshot, whatever it asks for. What cannot happen here: a row that
// answers for an id that is not its own byte for byte, whatever the column's
// collation or type says is equal; a row of a read replica that does not provably
// hold everything that the primary had committed MaxLag before; a change that is
// neither told nor covered by Lost within two heartbeats of its commit; a password
// or an id in an error.
package postgres
