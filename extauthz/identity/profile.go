package identity

import (
	"fmt"
	"slices"
	"strings"
)

// A token is made for one use. Nothing in its signature says which, so a token
// of the right issuer that was made for another use must not pass for one of ours
// (RFC 8725 sections 2.8 and 3.12). Each issuer has one profile, the kind of
// tokens that it is trusted for; a token that shows a sign of any other kind is
// refused by that kind's name.

// profile says what the tokens of an issuer look like.
type profile struct {
	name       string                 // as users write it
	kind       string                 // of its tokens, the name of one of kinds
	types      []string               // values of typ, as typeOf writes them; "" is none at all
	requires   []string               // claims beside sub, aud and exp, which every token has
	algorithms []string               // nil for all that an issuer can be given
	demands    func(c *compact) error // what a list cannot say; nil for nothing
}

const defaultProfile = "legacy-access"

var profiles = []*profile{
	// What most providers send: nothing but its audience tells it from other
	// tokens, so every sign of another kind counts.
	{name: defaultProfile, kind: accessToken, types: []string{"", "jwt", "at+jwt"}},

	// RFC 9068 section 4: the type alone says what it is.
	{name: "rfc9068", kind: accessToken, types: []string{"at+jwt"}, requires: []string{"client_id", "iat", "jti"}},

	// OpenID Connect Core section 2.
	{name: "id-token", kind: idToken, types: []string{"", "jwt"}, requires: []string{"iat"}},

	// SPIFFE JWT-SVID sections 2 and 3.
	{
		name: "jwt-svid", kind: svid, types: []string{"", "jwt", "jose"}, demands: demandSPIFFE,
		algorithms: []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"},
	},

	// Bound tokens of Kubernetes service accounts (TokenRequest).
	{
		name: "k8s-sa", kind: serviceAccount, types: []string{"", "jwt"},
		requires: []string{"iat"}, demands: demandServiceAccount,
	},

	// OpenID Connect tokens of GitHub Actions jobs.
	{
		name: "github-oidc", kind: workflow, types: []string{"", "jwt"},
		requires: []string{"iat", "jti", "repository", "repository_owner", "workflow", "run_id"},
	},
}

// Profiles returns the names of all profiles.
func Profiles() []string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.name
	}
	return names
}

// profileOf finds a profile by its name.
func profileOf(name string) (*profile, error) {
	for _, p := range profiles {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("profile %q is not known, want one of %v", name, Profiles())
}

// The kinds that a profile takes.
const (
	accessToken    = "an access token"
	idToken        = "an ID token"
	svid           = "a JWT-SVID"
	serviceAccount = "a Kubernetes service account's token"
	workflow       = "a GitHub Actions token"
)

// kind is a use that tokens are made for, and the signs by which one is known.
type kind struct {
	name    string
	types   []string // values of typ
	words   []string // of the claims that say in one word what a token is, in lower case
	members []string // claims that no other kind has
	event   string   // a member of events
	subject string   // how sub begins, unless the token names a client or scopes
}

// kinds are all that are known. Those that no profile takes come first and are
// refused before the issuer is looked at.
var kinds = []kind{
	{name: "a refresh token", types: []string{"refresh+jwt", "rt+jwt"}, words: []string{"refresh", "offline"}},
	{name: "a logout token", types: []string{"logout+jwt"}, words: []string{"logout"}, event: "http://schemas.openid.net/event/backchannel-logout"},
	{name: "a security event", types: []string{"secevent+jwt"}, members: []string{"events"}},
	{name: "a DPoP proof", types: []string{"dpop+jwt"}, members: []string{"htm", "htu"}},
	{name: "a status list", types: []string{"statuslist+jwt"}, members: []string{"status_list"}},
	{name: "a workload proof", types: []string{"wpt+jwt"}, members: []string{"wth"}},
	{name: "a workload identity token", types: []string{"wit+jwt"}},
	{name: "a transaction token", types: []string{"txntoken+jwt", "txn_token"}, members: []string{"req_wl", "tctx"}},
	{name: "an introspection response", types: []string{"token-introspection+jwt"}, members: []string{"token_introspection"}},
	{name: "a client assertion", types: []string{"client-authentication+jwt"}},
	{name: "a request object", types: []string{"oauth-authz-req+jwt"}},
	{name: idToken, words: []string{"id"}, members: []string{"nonce", "at_hash", "c_hash", "s_hash"}},
	{name: accessToken, types: []string{"at+jwt"}, words: []string{"access", "bearer", "dpop"}, members: []string{"scope", "scp"}},
	{name: svid, subject: "spiffe://"},
	{name: serviceAccount, members: []string{"kubernetes.io"}, subject: "system:serviceaccount:"},
	{name: workflow, members: []string{"job_workflow_ref"}},
}

// foreign are the kinds that no profile takes, and anyType every typ that one does.
var foreign, anyType = func() (others []kind, types []string) {
	taken := map[string]bool{}
	for _, p := range profiles {
		taken[p.kind] = true
		types = append(types, p.types...)
	}
	for _, k := range kinds {
		if !taken[k.name] {
			others = append(others, k)
		}
	}
	return others, types
}()

// words are claims in which providers write what a token is: Cognito token_use,
// Keycloak typ, others token_type.
var words = []string{"token_use", "typ", "token_type"}

// sign is what shows that a token is of this kind, "" when nothing does.
func (k *kind) sign(c *compact) string {
	if c.typ != "" && slices.Contains(k.types, c.typ) {
		return "typ " + clip(c.typ)
	}
	for _, name := range k.members {
		if _, ok := c.claims[name]; ok {
			return "claim " + name
		}
	}
	if k.words != nil {
		for _, name := range words {
			if word, ok := c.claims[name].(string); ok && slices.Contains(k.words, strings.ToLower(word)) {
				return "claim " + name + " " + clip(word)
			}
		}
	}
	if events, ok := c.claims["events"].(map[string]any); ok && k.event != "" {
		if _, ok := events[k.event]; ok {
			return "its event"
		}
	}
	if sub, ok := c.claims["sub"].(string); ok && k.subject != "" && strings.HasPrefix(sub, k.subject) && !c.ofClient() {
		return "sub"
	}
	return ""
}

// ofClient reports whether an authorization server made the token for a client:
// it may well write a workload's name as its subject.
func (c *compact) ofClient() bool {
	for _, name := range []string{"client_id", "azp", "scope", "scp"} {
		if _, ok := c.claims[name]; ok {
			return true
		}
	}
	return c.typ == "at+jwt"
}
