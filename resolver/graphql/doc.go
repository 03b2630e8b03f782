// Package graphql says which fields a GraphQL request calls, and with which arguments.
//
// Compile reads a schema once. After that a Schema never changes, and Read is
// pure: it turns one HTTP request into every call that some server may make of
// it, or denies it with a *rules.Fault. It reads more rather than less: fields
// behind @skip, every alias, every fragment for every type. What servers read in
// two ways is refused, and so is an argument of a field that no line is about,
// for an id could stand there. Details name places in a document and words of the
// schema, never what the client wrote.
package graphql
