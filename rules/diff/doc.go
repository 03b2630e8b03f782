// Package diff says whom a change of rules gives what, and from whom it takes it.
//
// Both versions decide on the same requests: for each identity the callers that
// rules can tell apart, for each thing that map lines bring up the objects that
// rules can tell apart, at each moment at which a rule or an identity begins or
// ends. Callers and objects are apart where something that is written in either
// version makes them so: a name, a claim, a scope, a peer, an id, a tier, a value
// of an attribute. One stands for all of its class, so what is structured
// (selectors, to, on, tiers, category, for, own, same, only, unbounded, dates) is
// judged exactly as long as the classes are not too many; where they are, the
// report names the place.
//
// A condition in CEL is tried on the values that it spells out and on others, which
// proves what it is found to allow, and nothing of what it is not. What differs and
// cannot be judged is named, and whoever wants no new access has to look at it.
//
// An identity has access to a thing when a map line brings it up for a purpose that
// the identity can have, the rules allow it, and whatever else the line cannot do
// without can be allowed too. Captures of one line are taken as independent. Callers
// are at their best: their token is fresh, and they bring what `require` and `ask`
// demand, as in package review.
package diff
