package suite

import (
	"maps"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// someone is the subject of a member of a class when a test names none.
const someone = "someone"

// verification judges these claims, and tests begin behind it.
var judgedBefore = []string{"iss", "aud", "exp", "nbf", "cnf", "act", "events"}

// who makes what the verifier would return for the test's caller. An identity
// comes as it is meant to: with a fresh token, unless the test gives iat, and from
// its own workload, unless the test gives a peer ("" is none).
func (c *compiler) who(t *testCase, now time.Time) {
	d := t.decl
	v := &rules.Verified{IssuedAt: now, Claims: make(map[string]any)}
	t.verified = v
	switch {
	case d.As.Pos == rules.Pos{}:
		c.ms.AddHint(d.Pos, "as: IDENTITY, or as: anonymous", "the test does not say who sends the request")
		return
	case d.As.Name == "anonymous":
		t.verified = &rules.Verified{Anonymous: true}
		if d.Claims.Node != nil {
			c.ms.Add(d.Claims.Pos, "an anonymous caller has no claims")
		}
		return
	case d.As.Name == "":
		v.Issuer, v.Subject, v.ClientID = d.As.Issuer.V, d.As.Subject.V, d.As.Client.V
		if v.Issuer == "" || !c.knowsIssuer(v.Issuer) {
			c.ms.AddHint(d.As.Pos, "as: { issuer: NAME, subject: WHO, client: APP }", "no issuer is named %q", v.Issuer)
		}
	default:
		if c.identity(t, v); t.verified != v {
			return
		}
	}
	if v.Subject == "" {
		v.Subject = someone
	}
	c.claims(v, d.Claims, now)
}

// identity makes one that the identity's own match fits.
func (c *compiler) identity(t *testCase, v *rules.Verified) {
	as := t.decl.As
	id := c.named(as)
	if id == nil {
		return
	}
	t.as = id
	if t.as.Peer != "" {
		c.byPeer(t)
		return
	}
	v.Issuer, v.Subject = t.as.Issuer, t.as.Subject
	if t.decl.Peer.Pos == (rules.Pos{}) {
		t.peer = t.as.Workload
	}
	if len(t.as.Clients) > 0 {
		v.ClientID = t.as.Clients[0]
	}
}

// byPeer makes a workload that comes without a token.
func (c *compiler) byPeer(t *testCase) {
	t.verified = &rules.Verified{Anonymous: true}
	if t.decl.Peer.Pos == (rules.Pos{}) {
		t.peer = t.as.Peer
	}
	if t.decl.Claims.Node != nil {
		c.ms.Add(t.decl.Claims.Pos, "%q comes without a token, so it has no claims", t.as.Name)
	}
}

// bound reads what the request proves of the caller's token. A workload needs no
// word: its peer says it.
func (c *compiler) bound(t *testCase) {
	d := t.decl.Bound
	ways := map[string]rules.Binding{rules.ByCertificate.String(): rules.ByCertificate, rules.ByKey.String(): rules.ByKey}
	var known bool
	switch t.bound, known = ways[d.V]; {
	case d.Pos == (rules.Pos{}):
	case !known:
		c.ms.AddHint(d.Pos, "bound: mtls, or bound: dpop; for a workload give its peer", "a token cannot be bound by %q", d.V)
	case t.verified.Anonymous:
		c.ms.Add(d.Pos, "a caller without a token has none that is bound")
	}
}

// knowsIssuer takes any name as long as no configuration lists them.
func (c *compiler) knowsIssuer(name string) bool {
	_, ok := c.o.Env.Issuers[name]
	return ok || c.o.Env.Partial
}

// claims adds what the token asserts, as far as its issuer may assert it: the
// rest is dropped, as verification drops it. A token that verification refuses
// is a mistake of the test. What is fixed for the issuer wins.
func (c *compiler) claims(v *rules.Verified, given node, now time.Time) {
	issuer, known := c.o.Env.Issuers[v.Issuer]
	names := c.o.Claims[v.Issuer]
	if !known {
		names = ClaimNames{Purpose: "purpose"}
	}
	for _, p := range given.pairs(&c.ms, "claims") {
		name := p.key.Value
		switch name {
		case "sub":
			v.Subject = word(&c.ms, p.value)
		case "jti":
			v.TokenID = word(&c.ms, p.value)
		case "iat":
			if v.IssuedAt = (time.Time{}); !isNull(p.value) {
				v.IssuedAt = moment(&c.ms, p.value, now)
			}
			if v.IssuedAt.After(now) {
				c.ms.Add(p.value.Pos, "iat lies in the future, and such a token is refused before tests begin")
			}
		case "auth_time":
			v.AuthTime = moment(&c.ms, p.value, now)
		case "acr":
			v.ACR, _ = natural(&c.ms, p.value).(string)
		case "amr":
			if methods, ok := rules.StringList.Value(natural(&c.ms, p.value)); ok {
				v.AMR, _ = methods.([]string)
			}
		}
		switch {
		case name == "":
		case name == names.Client, names.Client == "" && (name == "client_id" || name == "azp"):
			v.ClientID = word(&c.ms, p.value)
		case name == names.Purpose:
			v.Purpose = word(&c.ms, p.value)
		case name == names.Scopes, names.Scopes == "" && (name == "scope" || name == "scp" && v.Scopes == nil):
			v.Scopes = scopes(&c.ms, p.value)
		case name == "sid":
			v.Session = word(&c.ms, p.value)
		case name == "authorization_details":
			v.Details = details(&c.ms, p.value)
			continue // no kind of claim
		}
		if slices.Contains(judgedBefore, name) {
			c.ms.Add(p.key.Pos, "%s is judged when a token is verified, and tests begin behind that", name)
		}
		value := natural(&c.ms, p.value)
		kind := kindOf(value)
		if known {
			kind = issuer.Claims[name]
		}
		typed, ok := kind.Value(value)
		switch {
		case ok:
			v.Claims[name] = typed
		case kind != rules.NoKind:
			c.ms.Add(p.value.Pos, "claim %s is %v, and a token in which it is not is refused before tests begin", name, kind)
		}
	}
	v.Fixed = maps.Clone(issuer.Fixed)
	maps.Copy(v.Claims, issuer.Fixed)
}
