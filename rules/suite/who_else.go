package suite

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// actor makes who acts for the caller, as its token would name it. An agent with a
// workload comes from there, unless the test gives a peer.
func (c *compiler) actor(t *testCase) {
	act := t.decl.Act
	if act.Pos == (rules.Pos{}) {
		return
	}
	if t.verified.Anonymous {
		c.ms.Add(act.Pos, "nobody acts for a caller without a token")
		return
	}
	who := rules.Actor{Issuer: act.Issuer.V, Subject: act.Subject.V, ClientID: act.Client.V}
	if act.Name != "" {
		id := c.named(act)
		if id == nil {
			return
		}
		t.actor = id
		who.Issuer, who.Subject = id.Issuer, id.Subject
		if len(id.Clients) > 0 {
			who.ClientID = id.Clients[0]
		}
		if t.decl.Peer.Pos == (rules.Pos{}) && t.peer == "" {
			t.peer = id.Workload
		}
	}
	if who.Issuer == "" || !c.knowsIssuer(who.Issuer) {
		c.ms.AddHint(act.Pos, "act: IDENTITY, or act: { issuer: NAME, subject: WHO }", "no issuer is named %q", who.Issuer)
	}
	if who.Subject == "" {
		who.Subject = someone
	}
	t.verified.Actor = &who
}

// named finds a registered identity.
func (c *compiler) named(as asDecl) *rules.Identity {
	ids := c.set.Identities()
	if at := slices.IndexFunc(ids, func(id *rules.Identity) bool { return id.Name == as.Name }); at >= 0 {
		return ids[at]
	}
	names := []string{"anonymous"}
	for _, id := range ids {
		names = append(names, id.Name)
	}
	c.ms.AddHint(as.Pos, rules.DidYouMean(as.Name, names), "no identity is named %q", as.Name)
	return nil
}

// source gives the request its address: the test's, else one from which the
// identity may come.
func (c *compiler) source(t *testCase) {
	if at := t.decl.Source; at.Pos != (rules.Pos{}) {
		addr, err := netip.ParseAddr(at.V)
		if err != nil || addr.Zone() != "" {
			c.ms.AddHint(at.Pos, "such as 192.0.2.7 or 2001:db8::7, without a zone", "no address %q", at.V)
		}
		t.raw.Source = addr
		return
	}
	for _, id := range []*rules.Identity{t.as, t.actor} {
		if id != nil && len(id.Networks) > 0 && !t.raw.Source.IsValid() {
			t.raw.Source = id.Networks[0].Addr()
		}
	}
}

// subjects are the rows of those whose issuer has a catalog of them. Whom the test
// says nothing about is active and has a row that says no more; null is no row.
func (c *compiler) subjects(t *testCase) {
	given := make(map[catalog.Key]bool) // issuer and subject
	for _, p := range t.decl.Subjects.pairs(&c.ms, "subjects") {
		name, subject, _ := strings.Cut(p.key.Value, "/")
		issuer, known := c.o.Env.Issuers[name]
		switch {
		case !known || issuer.Subjects.Catalog == "":
			c.ms.AddHint(p.key.Pos, "ISSUER/SUBJECT, of an issuer that has subjects in the configuration: run with -c", "no catalog has the subjects of %q", name)
			continue
		case subject == "":
			c.ms.AddHint(p.key.Pos, name+"/SUBJECT", "want an issuer and a subject, found %q", p.key.Value)
			continue
		}
		given[catalog.Key{Type: name, ID: subject}] = true
		if !isNull(p.value) {
			c.subject(t, issuer, subject, p)
		}
	}
	v := t.verified
	type who struct{ issuer, subject string }
	all := []who{{v.Issuer, v.Subject}}
	if v.Actor != nil {
		all = append(all, who{v.Actor.Issuer, v.Actor.Subject})
	}
	for _, w := range slices.Compact(all) {
		source := c.o.Env.Issuers[w.issuer].Subjects.Catalog
		if source != "" && !given[catalog.Key{Type: w.issuer, ID: w.subject}] {
			t.facts[source] = append(t.facts[source], catalog.Row{
				Key: catalog.Key{Type: "subject", ID: w.subject}, Columns: map[string]any{"status": "active"},
			})
		}
	}
}

func (c *compiler) subject(t *testCase, issuer rules.IssuerEnv, subject string, p pair) {
	row := catalog.Row{Key: catalog.Key{Type: "subject", ID: subject}, Columns: map[string]any{"status": "active"}, Pos: p.key.Pos}
	for _, m := range (node{p.value}).pairs(&c.ms, "what is known of a subject") {
		name := m.key.Value
		if name != "status" && name != "tenant" && issuer.Claims[name] == rules.NoKind {
			known := []string{"status", "tenant"}
			for claim := range issuer.Claims {
				known = append(known, claim)
			}
			slices.Sort(known)
			c.ms.AddHint(m.key.Pos, rules.DidYouMean(name, known), "%q is neither status nor tenant nor a claim that the issuer may assert", name)
			continue
		}
		row.Columns[name] = natural(&c.ms, m.value)
	}
	t.facts[issuer.Subjects.Catalog] = append(t.facts[issuer.Subjects.Catalog], row)
}
