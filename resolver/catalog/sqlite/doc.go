// Package sqlite is a catalog source over a SQLite file that Import builds: for
// more rows than memory holds.
//
// A file is built whole and never changed; a new one takes its place by renaming.
// What cannot happen here: a row of another file than the one in force, for all
// connections are opened on it before it serves and none afterwards; a row that
// answers for an id that is not its own byte for byte; a row that the disk gave
// back otherwise than it was written; a file of another program, of another schema
// or cut short that serves. The file is opened read only, and taken for immutable.
package sqlite
