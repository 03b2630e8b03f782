package diff

import (
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// evidence is of somebody who may call.
func (u *universe) evidence(now time.Time) rules.Evidence {
	d := u.d
	peer := d.pick("", "spiffe://example.com/billing", "spiffe://example.com/other")
	if d.IntN(12) == 0 {
		return rules.Evidence{Verified: &rules.Verified{Anonymous: true}}
	}
	v := &rules.Verified{
		Issuer: d.pick("corp", "corp", "corp", "acme-idp"), Subject: d.pick("root", "svc-billing", "svc-billing", "temp", "ada", "x"), ClientID: d.pick("web", "app", ""),
		Purpose: d.pick("", "", "invoicing", "dunning"), Claims: map[string]any{}, IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(time.Hour),
	}
	if d.IntN(2) == 0 {
		v.Claims["role"] = "auditor"
	}
	if d.IntN(2) == 0 {
		v.Scopes = []string{"accounts"}
	}
	e := rules.Evidence{Verified: v, Peer: peer}
	if d.IntN(3) == 0 {
		e.Bound = rules.ByKey
	}
	return e
}

// names are the identities that somebody may be counted as, in either version.
func (u *universe) names(e rules.Evidence) (out []string) {
	v := e.Verified
	if v.Anonymous {
		return []string{"anonymous"}
	}
	for _, set := range u.sets {
		for _, id := range set.Identities() {
			if id.Issuer == v.Issuer && (id.Subject == "" || id.Subject == v.Subject) && (len(id.Clients) == 0 || slices.Contains(id.Clients, v.ClientID)) {
				out = append(out, id.Name)
			}
		}
	}
	return append(out, "any other caller of "+v.Issuer)
}

// object draws something for a touch.
func (u *universe) object(what string) object {
	d := u.d
	o := object{
		id: d.pick("A1", "A9", "B7", "Z33"), parent: d.pick("", "ada", "bob"), tier: d.pick("", "", "internal", "guarded", "confidential", "restricted"),
		attrs: map[string]any{"parent.tenant": nil},
	}
	some := func(name string, values ...any) { o.attrs[name] = values[d.IntN(len(values))] }
	some("tenant", nil, "eu", "us", "acme", "fr", "ada")
	some("owner", nil, "ada", "root", "zoe", "svc-billing")
	some("sharers", nil, []string{"ada", "zoe"}, []string{"root"})
	some("frozen", nil, true, false)
	some("parent.tenant", nil, "eu", "ada", "root")
	if strings.HasPrefix(what, "update") {
		o.property = d.pick("", "owner", "tenant", "phone")
	}
	return o
}

// allowed reports whether a version lets somebody do what a line says to an object,
// at which tier and for which purpose.
func (u *universe) allowed(v int, req *rules.Request, c *rules.Caller, l *drawnLine, what string, o *object) (_ bool, tier, purpose string) {
	lines := u.texts[v].sections[2].parts
	bound := l.bound != "" && slices.Contains(lines, l.bound)
	if !bound && !slices.Contains(lines, l.text) {
		return false, "", ""
	}
	set := u.sets[v]
	if c == nil {
		return false, "", ""
	}
	t, ok := target(set.Schema(), what, o)
	if !ok || bound && o.attrs["tenant"] != "eu" {
		return false, "", ""
	}
	d := set.Supposing().Decide(req, c, []rules.Target{t})
	grade, _ := set.Schema().TierOf(&t)
	return d.Effect == rules.Allow, set.Schema().TierName(grade), c.Purpose
}

// target is an object as a version meets it; false where it cannot be asked for, or
// its row is a fault.
func target(s *rules.Schema, what string, o *object) (rules.Target, bool) {
	parts := strings.Split(what, "|")
	typ := s.Types[parts[1]]
	t := rules.Target{Action: parts[0], Object: rules.Object{Type: typ, RowTier: rules.NoTier}}
	within := func() {
		if t.Object.Parent = o.parent; o.parent != "" && typ.Above != nil {
			t.Object.ParentState, t.Object.ParentAttributes = rules.Stored, []any{o.attrs["parent.tenant"]}
		}
	}
	t.Collection = strings.HasPrefix(parts[2], "collection")
	switch parts[2] {
	case "collection, unbounded":
		t.Unbounded = true
	case "collection[tenant]":
		t.Object.Attributes = []any{o.attrs["tenant"], nil, nil, nil}
		return t, o.attrs["tenant"] != nil
	case "new object[parent]":
		t.Object.State = rules.New
		within()
		return t, o.parent != ""
	case "collection[parent]":
		within()
		return t, o.parent != ""
	case "object":
		if t.Object.ID = o.id; typ.ID != nil && !typ.ID.MatchString(o.id) {
			return t, false
		}
		if o.property != "" {
			t.Properties = []string{o.property}
		}
		if typ.Catalog == "" {
			return t, true
		}
		within()
		t.Object.State = rules.Stored
		t.Object.Attributes = []any{o.attrs["tenant"], o.attrs["owner"], o.attrs["sharers"], o.attrs["frozen"]}
		if o.tier != "" {
			tier, ok := s.TierByName(o.tier)
			t.Object.RowTier = tier
			return t, ok
		}
	}
	return t, true
}
