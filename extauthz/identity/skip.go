package identity

import (
	"errors"
	"fmt"
	"slices"
)

// cause says in a word, for metrics, why a key of a set is not used.
type cause string

// The causes. The first three mean that the issuer's keys are not safe with it:
// they raise an alarm.
const (
	causePrivate   cause = "private"   // it publishes private key material
	causeSymmetric cause = "symmetric" // whoever can verify can also sign
	causeWeak      cause = "weak"      // too short, too long, a bad exponent, or of a broken generator
	causeUse       cause = "use"       // for something other than verifying our tokens
	causeAlgorithm cause = "algorithm" // none that is supported and fits
	causeDuplicate cause = "duplicate" // an earlier key has its kid
	causeMalformed cause = "malformed"
)

// causes are all of them, so that each has its metric before it happens.
var causes = []cause{causePrivate, causeSymmetric, causeWeak, causeUse, causeAlgorithm, causeDuplicate, causeMalformed}

// unsafe reports whether a key must not even be there.
func (c cause) unsafe() bool {
	return c == causePrivate || c == causeSymmetric || c == causeWeak
}

// skip is a key that is not used, and why.
type skip struct {
	cause cause
	err   error
}

func (s *skip) Error() string { return s.err.Error() }
func (s *skip) Unwrap() error { return s.err }

func skipf(c cause, format string, args ...any) *skip { return &skip{c, fmt.Errorf(format, args...)} }

// errForeign is a key of a SPIFFE bundle that is none of the issuer's business:
// no fault, so nobody hears of it.
var errForeign = errors.New("a key for another purpose of the bundle")

// skipped are the keys of one document that are not used.
type skipped []*skip

// add notes why the key at an index is not used.
func (s *skipped) add(index int, err error) {
	if errors.Is(err, errForeign) {
		return
	}
	why := causeMalformed
	if known, ok := errors.AsType[*skip](err); ok {
		why = known.cause
	}
	*s = append(*s, &skip{why, fmt.Errorf("key %d: %w", index, err)})
}

// count returns how many keys each cause took.
func (s skipped) count() map[string]int {
	n := make(map[string]int, len(causes))
	for _, c := range causes {
		n[string(c)] = 0
	}
	for _, k := range s {
		n[string(k.cause)]++
	}
	return n
}

// same reports whether others are skipped for the same reasons: an alarm that
// repeats with every fetch is not read.
func (s skipped) same(o skipped) bool {
	return slices.EqualFunc(s, o, func(a, b *skip) bool { return a.Error() == b.Error() })
}

// first is why there is no key at all.
func (s skipped) first() error {
	if len(s) == 0 {
		return errForeign
	}
	return s[0]
}
