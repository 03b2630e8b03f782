package rules

import (
	"fmt"
	"slices"
	"strings"
)

// seat is what a caller is recognised by: a subject or, without one, the class,
// and a client or, without one, any; or the peer alone. Who fits two identities of which neither
// wins is denied (docs/reference/decisions.md, section 3).
type seat struct{ issuer, subject, client, peer string }

// overlaps refuses an identity that can never be recognised, because others fit
// every caller that it fits, and warns of one that shares some of its clients. An
// exact subject wins over a class, so the two never meet.
func (c *compiler) overlaps() {
	o := overlap{held: make(map[seat][]*Identity), out: make(map[*Identity]bool)}
	var decls []*IdentityDecl
	for i := range c.src.Identities {
		d := &c.src.Identities[i]
		id := c.identities[d.Name.V]
		if id == nil || id.Pos != d.Pos || c.src.broken[d.Pos] || id.Issuer == "" == (id.Peer == "") || d.Match.Subject.given() && id.Subject == "" || slices.Contains(id.Clients, "") {
			continue // a mistake is reported already
		}
		decls = append(decls, d)
		for _, p := range o.seats(id) {
			o.held[p] = append(o.held[p], id)
		}
	}
	for _, d := range slices.Backward(decls) { // of two equals the later is one too many
		id := c.identities[d.Name.V]
		if rivals := o.everywhere(id); len(rivals) > 0 {
			o.out[id] = true
			c.ms.AddHint(d.Match.Pos, remedy(id),
				"identity %q can never be recognised: whoever it matches also matches %s", id.Name, strings.Join(rivals, " or "))
		}
	}
	for _, d := range decls {
		c.shares(&o, d)
	}
}

// shares warns of clients that an earlier identity has as well.
func (c *compiler) shares(o *overlap, d *IdentityDecl) {
	id := c.identities[d.Name.V]
	if o.out[id] {
		return
	}
	for _, p := range o.seats(id) {
		if other := o.rival(p, id); other != nil && other.Pos.Less(id.Pos) {
			c.warnings.AddHint(d.Match.Pos, "neither wins, so they are denied with identity_ambiguous",
				"callers of identity %q with client %q also match %s", id.Name, p.client, spot(other))
		}
	}
}

// overlap knows which identities hold which seats, and which of them are out.
type overlap struct {
	held map[seat][]*Identity
	out  map[*Identity]bool
}

func (o *overlap) seats(id *Identity) []seat {
	if len(id.Clients) == 0 {
		return []seat{{id.Issuer, id.Subject, "", id.Peer}}
	}
	var out []seat
	for _, client := range slices.Compact(slices.Sorted(slices.Values(id.Clients))) {
		out = append(out, seat{id.Issuer, id.Subject, client, ""})
	}
	return out
}

// rival returns another identity that fits whoever is in a seat, or nil.
func (o *overlap) rival(p seat, id *Identity) *Identity {
	for _, at := range []seat{p, {p.issuer, p.subject, "", p.peer}} {
		for _, other := range o.held[at] {
			if other != id && !o.out[other] {
				return other
			}
		}
	}
	return nil
}

// everywhere returns who else is in every seat of an identity; none if it has one for itself.
func (o *overlap) everywhere(id *Identity) []string {
	var out []string
	for _, p := range o.seats(id) {
		other := o.rival(p, id)
		if other == nil {
			return nil
		}
		if at := spot(other); !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	return out
}

func spot(id *Identity) string { return fmt.Sprintf("%q at %v", id.Name, id.Pos) }

func remedy(id *Identity) string {
	if id.Peer != "" {
		return "neither wins, so all of them are denied: make one identity of them"
	}
	return "neither wins, so all of them are denied: name a subject or other clients, or make one identity of them"
}
