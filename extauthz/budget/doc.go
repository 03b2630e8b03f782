// Package budget counts what rules with a limit have allowed.
//
// A Ledger takes all that a request wants from its budgets or nothing of it, and
// what it has taken it counts for the whole of the budget's time: no restart, no
// reload and no clock that is set back gives anything back. What it cannot write
// down it does not take.
//
// Distinct objects are counted exactly, in a window that slides. Sums are kept in
// 60 parts of a window and count for up to a sixtieth of it too long, never too
// short. A ledger holds no id and no subject, only hashes of 16 bytes, and of one
// budget no more of them than the budget allows.
package budget
