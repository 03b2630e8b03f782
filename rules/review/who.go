package review

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// stranger stands for all subjects whom nothing names; no subject has a control byte.
const stranger = "\x00"

// callers makes the callers that an identity can be: one for each set of claims,
// scopes and peer that a selector asks for, and one without.
func (r *review) callers(id *rules.Identity) []*survey {
	fixed := r.o.Env.Issuers[id.Issuer].Fixed
	clients := id.Clients
	if len(clients) == 0 {
		clients = []string{""}
	} else if !r.readsClient {
		clients = clients[:1]
	}
	var out []*survey
	for _, asked := range append([]rules.Ask{{}}, r.asks(id)...) {
		claims := make(map[string]any)
		for name, value := range fixed {
			claims[name] = value
		}
		for name, text := range asked.Claims {
			claims[name] = r.claim(id.Issuer, name, text)
		}
		s := &survey{r: r, identity: id, asked: asked, class: id.Subject == "" && id.Peer == "", depends: map[string]bool{}, limited: map[string]bool{}}
		for _, client := range clients {
			v := rules.Verified{
				Issuer: id.Issuer, Subject: id.Subject, ClientID: client, Claims: claims, Fixed: fixed,
				Scopes: asked.Scopes, IssuedAt: r.o.Now, AuthTime: r.o.Now, ExpiresAt: r.o.Now.Add(time.Hour),
			}
			c := rules.Caller{Verified: &v, Kind: id.Kind, Peer: cmp.Or(id.Workload, someBelow(asked.Peer))}
			if id.Peer != "" {
				c.Verified, c.Peer = id.ByPeer(), id.Peer
			}
			switch {
			case id.Workload != "" || id.Peer != "":
				c.Bound = rules.ByWorkload
			case r.comes(id, r.binds): // at its best, as it comes with a fresh token
				c.Bound = rules.ByKey
			}
			if id.Kind != rules.Unknown {
				c.Identity = id
			}
			s.callers = append(s.callers, c)
		}
		out = append(out, s)
	}
	return out
}

// someBelow is a peer as a selector asks for it.
func someBelow(peer string) string {
	if path, any := strings.CutSuffix(peer, "*"); any {
		return path + "any"
	}
	return peer
}

// unregistered makes the callers whom an issuer vouches for and no identity
// matches, for each issuer that can have some. A selector without kind or name
// may be about them.
func (r *review) unregistered() (out []*survey) {
	for _, issuer := range slices.Sorted(maps.Keys(r.o.Env.Issuers)) {
		everybody := func(id *rules.Identity) bool {
			return id.Issuer == issuer && id.Subject == "" && len(id.Clients) == 0
		}
		if slices.ContainsFunc(r.o.Set.Identities(), everybody) {
			continue
		}
		out = append(out, r.callers(&rules.Identity{Name: "no identity, issuer " + issuer, Kind: rules.Unknown, Issuer: issuer})...)
	}
	return out
}

// claim is a selector's text in the kind that the issuer asserts.
func (r *review) claim(issuer, name, text string) any {
	kind := r.o.Env.Issuers[issuer].Claims[name]
	v, ok := kind.ParseScalar(text)
	if !ok {
		return text
	}
	switch v := v.(type) {
	case string:
		if kind == rules.StringList {
			return []string{v}
		}
	case int64:
		if kind == rules.IntList {
			return []int64{v}
		}
	}
	return v
}

// asks are the different things that selectors fitting the identity ask of its
// token and peer, as far as its issuer can assert them.
func (r *review) asks(id *rules.Identity) (out []rules.Ask) {
	env := r.o.Env.Issuers[id.Issuer]
	for _, ask := range r.o.Set.Asks(id) {
		maps.DeleteFunc(ask.Claims, func(name, _ string) bool {
			_, fixed := env.Fixed[name]
			_, asserts := env.Claims[name]
			return fixed || !asserts
		})
		same := func(other rules.Ask) bool {
			return maps.Equal(ask.Claims, other.Claims) && slices.Equal(ask.Scopes, other.Scopes) && ask.Peer == other.Peer
		}
		if (len(ask.Claims) > 0 || len(ask.Scopes) > 0 || ask.Peer != "") && !slices.ContainsFunc(out, same) {
			out = append(out, ask)
		}
	}
	return out
}

// purposes are those that a request on a line can have; none at all when the
// identity may not use the line.
func (r *review) purposes(id *rules.Identity, l *Line) (out []string) {
	if id.Kind == rules.Unknown {
		return []string{l.Purpose} // or what the token says, see prepare
	}
	if r.comes(id, r.namesPurposes) {
		out = slices.Clone(id.Purposes)
	}
	usual := l.Purpose
	if usual == "" && len(id.Purposes) == 1 {
		usual = id.Purposes[0]
	}
	if (usual == "" || slices.Contains(id.Purposes, usual)) && !slices.Contains(out, usual) {
		out = append(out, usual)
	}
	return out
}

// comes reports whether the identity can come with a token of such an issuer: its
// own, or that of somebody for whom it acts.
func (r *review) comes(id *rules.Identity, such func(issuer string) bool) bool {
	return such(id.Issuer) || slices.ContainsFunc(r.o.Set.Identities(), func(of *rules.Identity) bool {
		return slices.Contains(id.OnBehalfOf, of.Name) && such(of.Issuer)
	})
}

func (r *review) binds(issuer string) bool         { return r.o.Env.Issuers[issuer].Binds }
func (r *review) namesPurposes(issuer string) bool { return r.o.TokenPurposes[issuer] }

// member reports whether a subject of the class's issuer is of the class: one
// that an identity of its own names is that identity.
func (s *survey) member(subject string) bool {
	for _, other := range s.r.o.Set.Identities() {
		if other.Subject == subject && other.Issuer == s.identity.Issuer &&
			(len(other.Clients) == 0 || slices.Contains(other.Clients, s.callers[0].ClientID)) {
			return false
		}
	}
	return subject != ""
}

// subjects are those to whom this object may be another than to a stranger.
func (s *survey) subjects(o *rules.Object) []string {
	if !s.class || !s.r.readsSubject {
		return nil
	}
	var out []string
	add := func(text string) {
		if !slices.Contains(out, text) && s.member(text) {
			out = append(out, text)
		}
	}
	for _, text := range s.r.spelt {
		add(text)
	}
	add(o.ID)
	add(o.Parent)
	for _, v := range slices.Concat(o.Attributes, o.ParentAttributes) {
		switch v := v.(type) {
		case string:
			add(v)
		case []string:
			for _, text := range v {
				add(text)
			}
		}
	}
	return out
}

var literal = regexp.MustCompile(`"([^"\\]*)"|'([^'\\]*)'`)

// reads notes which facts of the caller the rules' conditions read, and the
// texts that they compare with.
func (r *review) reads() {
	for _, rule := range r.o.Set.Rules() {
		r.readsSubject = r.readsSubject || rule.Own != ""
	}
	for _, when := range r.o.Set.Conditions(nil) {
		r.readsClient = r.readsClient || strings.Contains(when, "client_id")
		r.readsSubject = r.readsSubject || strings.Contains(when, "subject")
		if !strings.Contains(when, "subject") {
			continue
		}
		for _, m := range literal.FindAllStringSubmatch(when, -1) {
			if text := m[1] + m[2]; text != "" && !slices.Contains(r.spelt, text) {
				r.spelt = append(r.spelt, text)
			}
		}
	}
}
