package identity

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"github.com/tiergate/tiergate/rules"
)

// keySet is one immutable state of an issuer's keys. It is a jwkset.Storage that
// can only be read, so keyfunc selects from exactly one generation.
type keySet struct {
	*jwkset.MemoryJWKSet // for the methods that render the set
	byID                 map[string]jwkset.JWK
	prices               map[string]price // by kid
	selector             keyfunc.Keyfunc

	generation  uint64    // grows with every change of the keys
	fetched     time.Time // when the issuer last confirmed them
	made        time.Time // when the issuer wrote the answer, by its own clock; zero when unknown
	bundle      bundle    // of the document
	fingerprint [sha256.Size]byte
}

var errReadOnly = errors.New("a key set is replaced as a whole")

// newKeySet makes a set of keys that were admitted. No keys make a set too: the
// one of an issuer that has withdrawn them all.
func newKeySet(keys []jwkset.JWK, fetched time.Time) (*keySet, error) {
	s := &keySet{
		MemoryJWKSet: jwkset.NewMemoryStorage(),
		byID:         make(map[string]jwkset.JWK, len(keys)),
		prices:       make(map[string]price, len(keys)),
		fetched:      fetched,
	}
	marshals := make(map[string]jwkset.JWKMarshal, len(keys))
	for _, k := range keys {
		s.byID[k.Marshal().KID] = k
		s.prices[k.Marshal().KID] = priceOf(k.Key())
		marshals[k.Marshal().KID] = k.Marshal()
	}
	if err := s.MemoryJWKSet.KeyReplaceAll(context.Background(), keys); err != nil {
		return nil, err
	}
	canonical, err := json.Marshal(marshals) // maps come out in the order of their keys
	if err != nil {
		return nil, err
	}
	s.fingerprint = sha256.Sum256(canonical)
	s.selector, err = keyfunc.New(keyfunc.Options{
		Ctx:          context.Background(),
		Storage:      s,
		UseWhitelist: []jwkset.USE{jwkset.UseSig, ""},
	})
	return s, err
}

// confirmed is the same set, confirmed by a later answer of the issuer.
func (s *keySet) confirmed(by *keySet) *keySet {
	next := *s
	next.fetched, next.bundle = by.fetched, by.bundle
	if by.made.After(next.made) {
		next.made = by.made
	}
	return &next
}

// supersedes returns why this set must not replace another one: it is older. It
// can be told by the number of a SPIFFE bundle, and by the Date of the answer,
// which caches on the way keep. Dates that differ by less than skew say nothing,
// nor do those that are missing.
func (s *keySet) supersedes(old *keySet, skew time.Duration) error {
	switch {
	case old == nil || old.fingerprint == s.fingerprint:
		return nil
	case s.bundle.sequence != 0 && s.bundle.sequence < old.bundle.sequence:
		return fmt.Errorf("it has spiffe_sequence %d, the keys in force have %d", s.bundle.sequence, old.bundle.sequence)
	case !s.made.IsZero() && s.made.Add(skew).Before(old.made):
		return fmt.Errorf("it was made at %v, the keys in force at %v", s.made.UTC(), old.made.UTC())
	}
	return nil
}

// KeyRead implements jwkset.Storage.
func (s *keySet) KeyRead(_ context.Context, kid string) (jwkset.JWK, error) {
	k, ok := s.byID[kid]
	if !ok {
		return jwkset.JWK{}, fmt.Errorf("%w: kid %s", jwkset.ErrKeyNotFound, clip(kid))
	}
	return k, nil
}

// KeyWrite implements jwkset.Storage.
func (s *keySet) KeyWrite(context.Context, jwkset.JWK) error { return errReadOnly }

// KeyDelete implements jwkset.Storage.
func (s *keySet) KeyDelete(context.Context, string) (bool, error) { return false, errReadOnly }

// KeyReplaceAll implements jwkset.Storage.
func (s *keySet) KeyReplaceAll(context.Context, []jwkset.JWK) error { return errReadOnly }

// keyID returns the kid under which the token's key is to be found. Only a set
// of one key may leave the choice to us.
func (s *keySet) keyID(c *compact) (string, error) {
	switch {
	case c.kid != "":
		return c.kid, nil
	case len(s.byID) == 0:
		return "", rules.Faultf(rules.TokenKeyUnknown, "the issuer has withdrawn all its keys")
	case len(s.byID) > 1:
		return "", rules.Faultf(rules.TokenHeader, "the header has no kid and the issuer has %d keys", len(s.byID))
	}
	for kid := range s.byID {
		return kid, nil
	}
	return "", rules.Faultf(rules.Internal, "a key set without keys")
}

func (s *keySet) has(kid string) bool {
	_, ok := s.byID[kid]
	return ok
}

// verify checks the signature with the key of that kid. The token handed to
// keyfunc always names a kid and the algorithm as keys are pinned to it, because
// keyfunc compares the algorithm only if both are there.
func (s *keySet) verify(ctx context.Context, c *compact, kid string) error {
	a := algorithms[c.alg]
	key, err := s.selector.KeyfuncCtx(ctx)(&jwt.Token{
		Method: a.method,
		Header: map[string]any{"alg": a.pin, "kid": kid},
	})
	switch {
	case errors.Is(err, jwkset.ErrKeyNotFound):
		return rules.Faultf(rules.TokenKeyUnknown, "no key has kid %s", clip(kid))
	case err != nil:
		return &rules.Fault{Reason: rules.TokenAlgorithm, Err: err}
	case !a.fits(key):
		return rules.Faultf(rules.TokenAlgorithm, "alg %s does not fit a %T", c.alg, key)
	}
	if err := a.method.Verify(c.signed, c.signature, key); err != nil {
		return &rules.Fault{Reason: rules.TokenSignature, Detail: "kid " + clip(kid), Err: err}
	}
	return nil
}
