package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// supposed is what --what-if takes to be otherwise.
type supposed struct {
	policy.Suppose
	at     time.Time // zero for the time of the request
	claims map[string]string
}

// parseSupposed reads tier=NAME, at=TIME, claim.NAME=VALUE and object.NAME=VALUE.
func parseSupposed(all []string) (s supposed, err error) {
	s.Attributes, s.claims = make(map[string]string), make(map[string]string)
	for _, one := range all {
		key, value, ok := strings.Cut(one, "=")
		claim, isClaim := strings.CutPrefix(key, "claim.")
		attribute, isAttribute := strings.CutPrefix(key, "object.")
		switch {
		case ok && isClaim && claim != "":
			s.claims[claim] = value
		case ok && isAttribute && attribute != "":
			s.Attributes[attribute] = value
		case ok && key == "tier" && value != "":
			s.Tier = value
		case ok && key == "at":
			if s.at, err = time.Parse(time.RFC3339, value); err != nil {
				return s, fmt.Errorf("no time %q, want 2027-01-31T12:00:00Z", value)
			}
		default:
			return s, fmt.Errorf("nothing can be supposed by --what-if %q: want tier=NAME, claim.NAME=VALUE, object.NAME=VALUE or at=TIME", one)
		}
	}
	return s, nil
}

// onceVerified is a verifier that answers as it did the first time: a proof of
// possession is good for no second one.
type onceVerified struct {
	policy.Verifier

	evidence rules.Evidence
	err      error
	done     bool
}

// Verify implements policy.Verifier.
func (o *onceVerified) Verify(ctx context.Context, req *rules.Request) (rules.Evidence, error) {
	if !o.done {
		o.evidence, o.err = o.Verifier.Verify(ctx, req)
		o.done = true
	}
	return o.evidence, o.err
}

// claiming is a verifier whose callers claim otherwise than their credential does.
type claiming struct {
	policy.Verifier

	claims map[string]string
	config *config
	err    error // why something could not be claimed
}

// Verify implements policy.Verifier.
func (c *claiming) Verify(ctx context.Context, req *rules.Request) (rules.Evidence, error) {
	e, err := c.Verifier.Verify(ctx, req)
	if err != nil || len(c.claims) == 0 {
		return e, err
	}
	if e.Verified == nil || e.Verified.Anonymous {
		c.err = errors.New("nobody claims anything: the caller has no token")
		return e, c.err
	}
	v := *e.Verified
	v.Claims = maps.Clone(v.Claims)
	for i := range c.config.Issuers {
		if issuer := &c.config.Issuers[i]; issuer.Name.V == v.Issuer {
			c.err = claim(&v, issuer, c.claims)
		}
	}
	e.Verified = &v
	return e, c.err
}

// claim sets what an issuer may assert; an empty text takes the claim away.
func claim(v *rules.Verified, issuer *issuerConfig, claims map[string]string) error {
	kinds := issuer.kinds()
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		kind, asserts := kinds[name]
		if _, fixed := v.Fixed[name]; !asserts || fixed {
			return fmt.Errorf("issuer %q may not assert the claim %q (%s)", v.Issuer, name, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		}
		if claims[name] == "" {
			delete(v.Claims, name)
			continue
		}
		value, err := parseClaim(kind, claims[name])
		if err != nil {
			return fmt.Errorf("claim %q: %w", name, err)
		}
		v.Claims[name] = value
	}
	return nil
}

// whatIf explains the request once more, as it would be decided if what is
// supposed were so.
func (a *asked) whatIf(ctx context.Context, w io.Writer, c *config, parts *parts, raw *rules.RawRequest) error {
	s, err := parseSupposed(a.suppose)
	if err != nil {
		return err
	}
	other := *raw
	claims := &claiming{Verifier: parts.options.Verifier, claims: s.claims, config: c}
	if once, ok := claims.Verifier.(*onceVerified); ok && !s.at.IsZero() {
		claims.Verifier, other.Now = once.Verifier, s.at // whether the credential is good then is to be asked
	}
	parts.options.Verifier = claims
	p, _, err := parts.load()
	if err != nil {
		return err
	}
	out, near, err := p.ExplainIf(ctx, &other, s.Suppose)
	if err = errors.Join(claims.err, err); err != nil {
		return fmt.Errorf("--what-if: %w", err)
	}
	if a.output == "text" {
		fmt.Fprintf(w, "\nWHAT IF %s\n", printable(strings.Join(a.suppose, ", ")))
	}
	return a.print(w, out, near, &other)
}
