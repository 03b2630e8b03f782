package extauthz

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// Challenges are what a denial can tell a client about credentials that would do.
type Challenges struct {
	DPoP             map[string][]string // algorithms of proofs, by the names of the issuers that take them
	ResourceMetadata string              // URL of the resource's metadata (RFC 9728); "" for none
}

// check refuses what would end a quoted parameter early.
func (c *Challenges) check() error {
	for _, issuer := range slices.Sorted(maps.Keys(c.DPoP)) {
		for _, alg := range c.DPoP[issuer] {
			if !quotable(alg) || strings.Contains(alg, " ") {
				return fmt.Errorf("extauthz: Options.Challenges: %q of issuer %q is no algorithm", alg, issuer)
			}
		}
	}
	if !quotable(c.ResourceMetadata) {
		return fmt.Errorf("extauthz: Options.Challenges.ResourceMetadata %q cannot stand in a header", c.ResourceMetadata)
	}
	return nil
}

// quotable reports whether text is visible ASCII that needs no escape between quotes.
func quotable(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// challenges are the parameters of each scheme as they are written, made once.
type challenges struct {
	algs     map[string]string // of the DPoP challenge, by issuer
	allAlgs  string            // where the issuer is not known: everybody's
	metadata string
}

func newChallenges(c *Challenges) challenges {
	out := challenges{algs: make(map[string]string, len(c.DPoP))}
	var all []string
	for _, issuer := range slices.Sorted(maps.Keys(c.DPoP)) {
		out.algs[issuer] = parameter("algs", strings.Join(c.DPoP[issuer], " "))
		for _, alg := range c.DPoP[issuer] {
			if !slices.Contains(all, alg) {
				all = append(all, alg)
			}
		}
	}
	out.allAlgs = parameter("algs", strings.Join(all, " "))
	out.metadata = parameter("resource_metadata", c.ResourceMetadata)
	return out
}

func parameter(name, value string) string {
	if value == "" {
		return ""
	}
	return name + `="` + value + `"`
}

// The schemes.
const (
	schemeBearer = "Bearer"
	schemeDPoP   = "DPoP"
)

// of is the WWW-Authenticate of a denial: what would satisfy the first demand
// that the request did not meet, and never which check that was (RFC 6750
// section 3, RFC 9449 section 7, RFC 9470 section 3). "" is no header.
func (c *challenges) of(out *rules.Outcome, raw *rules.RawRequest) string {
	issuer, anonymous := callerOf(out)
	algs := c.algsOf(issuer)
	switch {
	case out.Reason == rules.TokenNotBound && algs != "": // a 403 may say it too (RFC 9110 section 11.6.1)
		return c.challenge(schemeDPoP, algs)
	case out.Status() != 401:
		return ""
	case out.Reason == rules.BindingNonce:
		return c.challenge(schemeDPoP, `error="use_dpop_nonce"`, algs)
	case out.Reason == rules.CredentialMissing, anonymous:
		return c.offer("", algs)
	}
	used := schemeOf(raw)
	if used == schemeBearer {
		algs = "" // they are DPoP's
	}
	switch {
	case aboutLogin(out.Reason):
		age := ""
		if out.MaxAuthAge > 0 {
			age = strconv.FormatInt(out.MaxAuthAge, 10)
		}
		return c.challenge(used, `error="insufficient_user_authentication"`,
			parameter("acr_values", strings.Join(out.ACR, " ")), parameter("max_age", age), algs)
	case out.Reason == rules.TokenTooOld || used == schemeDPoP:
		return c.challenge(used, `error="invalid_token"`, algs)
	}
	return c.offer(`error="invalid_token"`, c.algsOf(issuer))
}

// aboutLogin reports whether another login of the user would do.
func aboutLogin(r rules.Reason) bool {
	return r == rules.AuthTooOld || r == rules.AuthTooWeak || r == rules.AuthMethodMissing
}

// offer is the challenge of Bearer, with an error or without, and that of DPoP
// where it is taken.
func (c *challenges) offer(failure, algs string) string {
	text := c.challenge(schemeBearer, failure)
	if algs != "" {
		text += ", " + c.challenge(schemeDPoP, algs)
	}
	return text
}

// challenge writes one scheme with those of its parameters that are not empty.
func (c *challenges) challenge(scheme string, parameters ...string) string {
	text, sep := scheme, " "
	for _, p := range append(parameters, c.metadata) {
		if p != "" {
			text += sep + p
			sep = ", "
		}
	}
	return text
}

func (c *challenges) algsOf(issuer string) string {
	if issuer == "" {
		return c.allAlgs
	}
	return c.algs[issuer]
}

// callerOf returns the issuer that vouches for the caller, "" when nobody was
// verified, and whether it came without a credential.
func callerOf(out *rules.Outcome) (issuer string, anonymous bool) {
	if out.Caller == nil || out.Caller.Verified == nil {
		return "", out.Caller != nil && out.Caller.Kind == rules.Anonymous
	}
	return out.Caller.Issuer, out.Caller.Anonymous
}

// schemeOf is the scheme that the client used, as far as it is one of ours.
func schemeOf(raw *rules.RawRequest) string {
	for i := range raw.Headers {
		if h := &raw.Headers[i]; h.Name == "authorization" {
			if scheme, _, ok := strings.Cut(h.Value, " "); ok && strings.EqualFold(scheme, schemeDPoP) {
				return schemeDPoP
			}
		}
	}
	return schemeBearer
}
