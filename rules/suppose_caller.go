package rules

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// someone is the subject of a class of callers, where none is named.
const someone = "someone"

// ofCaller are the keys about what a credential proves.
var ofCaller = []string{"subject", "client", "scope", "acr", "amr", "purpose", "token_age", "auth_age", "actor"}

// Evidence is what is supposed to be proven: by another caller, or by the same one with
// another credential. The error says what cannot be so.
func (s *Suppose) Evidence(e Evidence, set *Set, now time.Time) (Evidence, error) {
	if name, ok := s.last("identity"); ok {
		actor := actorOf(e.Verified)
		who, err := set.As(name, "", now)
		if err != nil {
			return e, err
		}
		if e = who; !e.Verified.Anonymous {
			e.Verified.Actor = actor
		}
	}
	if name, ok := s.last("issuer"); ok {
		issuer, known := set.issuers[name]
		if !known {
			return e, fmt.Errorf("no issuer %q %s", name, DidYouMean(name, slices.Collect(maps.Keys(set.issuers))))
		}
		e.Verified = newVerified(name, issuer, "", now)
	}
	for i := range s.settings {
		if err := s.settings[i].prove(&e, set, now); err != nil {
			return e, err
		}
	}
	if e.Verified != nil && e.Verified.Subject == "" && !e.Verified.Anonymous {
		v := *e.Verified
		v.Subject, e.Verified = someone, &v
	}
	return e, nil
}

// Claims sets the supposed claims once more, where a catalog knows the subject: what is
// supposed is so whatever a row says.
func (s *Suppose) Claims(e *Evidence, set *Set, now time.Time) error {
	for i := range s.settings {
		if v := &s.settings[i]; strings.HasPrefix(v.key, "claim.") {
			if err := v.prove(e, set, now); err != nil {
				return err
			}
		}
	}
	return nil
}

func actorOf(v *Verified) *Actor {
	if v == nil {
		return nil
	}
	return v.Actor
}

// prove changes one thing of the evidence; what is shared is copied first.
func (s *whatIf) prove(e *Evidence, set *Set, now time.Time) error {
	claim, isClaim := strings.CutPrefix(s.key, "claim.")
	switch {
	case s.key == "peer":
		e.Peer = s.value
		return nil
	case s.key == "bound":
		e.Bound = Binding(slices.Index(bindings[:], s.value)) //nolint:gosec // it was checked
		return nil
	case !isClaim && !slices.Contains(ofCaller, s.key):
		return nil
	case e.Verified == nil || e.Verified.Anonymous:
		if isClaim {
			return errors.New("nobody claims anything: the caller has no token")
		}
		return fmt.Errorf("%s: the caller has no token", s.key)
	}
	v := *e.Verified
	e.Verified, e.Cached = &v, false
	age, _ := time.ParseDuration(s.value)
	switch s.key {
	case "subject":
		v.Subject = s.value
	case "client":
		v.ClientID = s.value
	case "scope":
		v.Scopes = list(strings.ReplaceAll(s.value, " ", ","))
	case "acr":
		v.ACR = s.value
	case "amr":
		v.AMR = list(s.value)
	case "purpose":
		v.Purpose = s.value
	case "token_age":
		v.IssuedAt = now.Add(-age)
	case "auth_age":
		v.AuthTime = now.Add(-age)
	case "actor":
		e.Actor = nil
		return v.actsBy(s.value, set)
	default:
		return v.claim(claim, s.value, set.issuers[v.Issuer])
	}
	return nil
}

// claim sets what an issuer may assert; an empty text takes the claim away.
func (v *Verified) claim(name, text string, issuer IssuerEnv) error {
	if _, fixed := issuer.Fixed[name]; issuer.Claims[name] == NoKind || fixed {
		return fmt.Errorf("issuer %q may not assert the claim %q (%s)", v.Issuer, name, strings.Join(slices.Sorted(maps.Keys(issuer.Claims)), ", "))
	}
	value, err := issuer.Claims[name].Parse(text)
	if err != nil {
		return fmt.Errorf("claim %q: %w", name, err)
	}
	if v.Claims = maps.Clone(v.Claims); v.Claims == nil {
		v.Claims = make(map[string]any)
	}
	if v.Claims[name] = value; value == nil {
		delete(v.Claims, name)
	}
	return nil
}

// actsBy lets an identity act for the subject; "" lets nobody.
func (v *Verified) actsBy(name string, set *Set) error {
	if name == "" {
		v.Actor = nil
		return nil
	}
	id, err := set.Identity(name)
	switch {
	case err != nil:
		return err
	case id.Peer != "":
		return fmt.Errorf("%q comes without a token, so no token names it as the actor", name)
	}
	v.Actor = &Actor{Issuer: id.Issuer, Subject: cmp.Or(id.Subject, name)}
	if len(id.Clients) > 0 {
		v.Actor.ClientID = id.Clients[0]
	}
	return nil
}

// Identity finds a registered identity by its name.
func (s *Set) Identity(name string) (*Identity, error) {
	var names []string
	for _, id := range s.identities {
		if id.Name == name {
			return id, nil
		}
		names = append(names, id.Name)
	}
	return nil, fmt.Errorf("no identity %q in the rules %s", name, DidYouMean(name, names))
}

// As is what a caller of an identity proves at its best, or the one without a credential
// where the name is anonymous: a token that was issued now to it, after a login now,
// with what is fixed for its issuer, over a connection of the workload that it is bound to. The subject is
// that of the identity, or of a class the one that is given.
func (s *Set) As(name, subject string, now time.Time) (Evidence, error) {
	if name == Anonymous.String() {
		return Evidence{Verified: &Verified{Anonymous: true}}, nil
	}
	id, err := s.Identity(name)
	if err != nil {
		return Evidence{}, err
	}
	if id.Peer != "" {
		return Evidence{Verified: &Verified{Anonymous: true}, Peer: id.Peer}, nil
	}
	v := newVerified(id.Issuer, s.issuers[id.Issuer], cmp.Or(id.Subject, subject), now)
	if len(id.Clients) > 0 {
		v.ClientID = id.Clients[0]
	}
	return Evidence{Verified: v, Peer: id.Workload}, nil
}

func newVerified(issuer string, env IssuerEnv, subject string, now time.Time) *Verified {
	v := &Verified{Issuer: issuer, Subject: subject, Claims: maps.Clone(env.Fixed), Fixed: env.Fixed, IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(5 * time.Minute)}
	if v.Claims == nil {
		v.Claims = make(map[string]any)
	}
	return v
}
