// Package catalog answers what is known about objects: their attributes, their
// parent and their tier, by type and id.
//
// A Source reads rows; a Catalog caches them; a View gives them the shape that
// one policy version declares. What cannot happen here: a row that is answered
// for another key than its own; a row older than its type's bound or its
// source's max_age, or of before a change that its source told of; two generations
// of one source in one Check; a row that contradicts its declaration and is used
// all the same. Each of these is a fault with a reason, and so a denial. Nor does a
// version of a file take effect that lost a column which types read, or misspells
// one in a single row, or that nobody accepted though it takes tiers or rows away
// by the dozen: the rows before it stay.
package catalog
