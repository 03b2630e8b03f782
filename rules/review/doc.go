// Package review answers what identities can reach, by asking the rules about
// every object of the catalog. It never shows an estimate as a count: what it
// cannot count it names.
//
// # What is counted
//
// A pair is an object of the catalog and an action on it. A pair is exposed when
// some map line takes the action on the type and the object can be its target:
// by its id, or as a member of a collection that the line bounds by values that
// the object has. Actions and objects that no line exposes are not counted, and
// neither are objects that do not exist yet: where something may be created is
// said apart. A body that names protected properties is not considered.
//
// An identity reaches an exposed pair when rules.Set.Decide allows it to the
// identity with a fresh token from its own workload, for a purpose that it can
// have on the line, and when each target that the line cannot do without is
// allowed on at least one object too: money can be sent to an account only by
// who may take it from one. Captures of one line are taken as independent.
//
// Who is suspended or retired, has not begun or has expired reaches nothing now;
// what it would reach stands beside. Who acts on behalf of others reaches for them
// at most what it reaches alone, for both must be allowed: its row bounds
// that, and is no count of its own where only their tokens are bound or name a purpose.
//
// "Any valid token" reaches every exposed pair: it is what checks of the endpoint
// alone leave open.
//
// # Classes
//
// A class has many subjects. Subjects that differ are those whose name an object
// holds (in its id, parent or attributes) or a condition spells out; all others
// are alike, as one stranger. The reach of a class is the union over all of
// them, what the class as a whole can touch; beside it stands the largest reach
// of one subject, which is what one leaked token is worth, and what containment
// is measured by. Claims, scopes and peers that selectors ask for make a variant of the identity each.
// Callers whom an issuer vouches for and no identity matches are a class of their
// own, where some rule can allow them something.
//
// A row is exact when nothing that a rule reads of the caller or the request was
// left open: the time, a client or peer that the identity does not pin, claims
// that no selector asks for, scopes, who acts, what a catalog says of the subject, or a subject that a condition does more with than
// compare it.
//
// # Weights
//
// The blast radius is the sum over the pairs of w(tier) times a(action). w is
// public 0, internal 1, confidential 5 and restricted 25 where all tiers have
// these names; else 0 for the lowest and 5 to the power of its rank for each
// one above, which agrees with it. a is what the rules' `weights` say, the usual
// actions having defaults. The tier of a pair is that of the action on the object,
// also where it was reached through a collection.
package review
