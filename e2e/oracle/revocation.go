package oracle

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// Revocation is an entry that is in force from one phase until before another.
// It goes by one of Token to Identity.
type Revocation struct {
	Issuer   string
	Token    string
	Session  string
	Subject  string
	Client   string
	Key      string // main or spare, of the issuer
	All      bool
	Identity string
	Before   time.Duration // only what was issued longer ago, 0 for all
	File     bool          // in the file, else told to the control socket
	Ended    bool          // its until has passed; in the file alone
	From, To int
}

// phases are the stretches of a run between which revocations and directories
// change. Each is as long as all before it, so that short runs see some too.
const phases = 8

// Phases at which something else than revocations changes.
const (
	rowsChange = 4 // directories have other rows
	slipAt     = 5 // a source is replaced by one with a misspelt name, which nobody may take
)

// phaseOf is the phase of the n-th request.
func phaseOf(n int) int { return min(bits.Len(uint(n/50)), phases-1) }

func (v *Revocation) in(phase int) bool { return v.From <= phase && phase < v.To }

// revocations draws entries of each form, and some that are nobody's by one letter.
func (g *generator) revocations() {
	add := func(v Revocation) {
		v.From = g.r.IntN(phases)
		v.To = v.From + g.between(1, 3)
		v.File = g.chance(0.35)
		v.Ended = v.File && g.chance(0.15)
		g.w.Revocations = append(g.w.Revocations, &v)
	}
	issuer := func() *Issuer { return pick(g, append([]*Issuer{g.w.issuer("vault")}, g.w.Issuers[:3]...)) }
	for range 4 {
		t := pick(g, g.w.Tokens)
		add(Revocation{Issuer: t.Issuer, Token: t.ID})
		add(Revocation{Issuer: t.Issuer, Session: t.Session})
		i := issuer()
		add(Revocation{Issuer: i.Name, Subject: pick(g, i.Subjects), Before: pick(g, []time.Duration{0, 10 * time.Minute, time.Hour})})
		add(Revocation{Identity: g.identity()})
	}
	for range 2 {
		i := issuer()
		add(Revocation{Issuer: i.Name, Client: pick(g, i.Clients)})
		add(Revocation{Issuer: pick(g, []string{"corp", "partner", "vault"}), Key: "spare"})
		add(Revocation{Issuer: issuer().Name, All: true, Before: pick(g, []time.Duration{time.Hour, 2 * time.Hour})})
	}
	add(Revocation{Issuer: pick(g, []string{"third", "partner", "vault"}), All: true})
	add(Revocation{Issuer: "third", Key: "main"})
	add(Revocation{Issuer: "corp", Subject: pick(g, []string{"agent-1", "agent-3"})})
	add(Revocation{Issuer: "partner", Subject: "bot-2"})
	add(Revocation{Issuer: "partner", Client: "hub"})
	add(Revocation{Identity: pick(g, []string{"agent-1", "bot-2", "meter"})})
	add(Revocation{Issuer: "corp", Subject: strings.ToUpper(pick(g, g.w.Issuers[0].Subjects))}) // nobody
	g.w.Revocations = slices.DeleteFunc(g.w.Revocations, func(v *Revocation) bool { return v.form() == "" })
}

// form is what the entry goes by, and its value; "" where the token had none.
func (v *Revocation) form() string {
	for _, by := range []struct{ key, value string }{
		{"token_id", v.Token}, {"session", v.Session}, {"subject", v.Subject}, {"client", v.Client}, {"key", v.Key}, {"identity", v.Identity},
	} {
		if by.value != "" {
			return by.key
		}
	}
	if v.All {
		return "all"
	}
	return ""
}

// revoked is section 3, step 10: the form of the first entry that names who was
// verified or acts for them, or "".
func (e *evaluation) revoked() string {
	if e.caller.issuer == nil && !e.caller.machine {
		return ""
	}
	for _, v := range e.w.Revocations {
		switch {
		case !v.in(e.req.Phase):
		case v.Ended:
			e.reachIf(v.names(&e.caller, true), "not revoked: the entry is over")
		case v.names(&e.caller, true):
			e.revokedBy(v, v.form())
			return v.form()
		case e.caller.actor != nil && v.names(e.caller.actor, false):
			e.revokedBy(v, v.form()+" of the actor")
			return v.form() + " of the actor"
		default:
			always := *v
			always.Before = 0
			e.reachIf(always.names(&e.caller, true), "not revoked: issued after")
		}
	}
	return ""
}

func (e *evaluation) revokedBy(v *Revocation, form string) {
	e.reach("revoked: " + form)
	e.reachIf(v.File, "revoked: by the file")
	e.reachIf(!v.File, "revoked: by the socket")
	e.reachIf(v.Before > 0, "revoked: issued before")
	e.reachIf(e.caller.machine, "revoked: a peer without a token")
}

// names says whether an entry fits a caller. Who acts has no token of its own.
func (v *Revocation) names(c *caller, holds bool) bool {
	if v.Identity != "" {
		return c.identity != nil && c.identity.Name == v.Identity
	}
	if c.issuer == nil || c.issuer.Name != v.Issuer || v.Before > 0 && !c.token.NoIAT && c.token.Age <= v.Before {
		return false
	}
	t := c.token
	switch v.form() {
	case "token_id":
		return holds && t.ID == v.Token
	case "session":
		return holds && t.Session == v.Session
	case "subject":
		return t.Subject == v.Subject
	case "client":
		return t.Client == v.Client
	case "key":
		return holds && t.Spare == (v.Key == "spare")
	}
	return v.All
}

// revocationsFile is the path of the file below the run's directory.
const revocationsFile = "revoked.yaml"

// because names the n-th entry to people, and to us.
func because(n int) string { return fmt.Sprintf("oracle-%d", n) }

// by renders what the entry goes by. kids are the names of the issuers' main keys.
func (v *Revocation) by(now time.Time, kids map[string]string) *flow {
	var f flow
	f.str("issuer", v.Issuer)
	f.str("token_id", v.Token)
	f.str("session", v.Session)
	f.str("subject", v.Subject)
	f.str("client", v.Client)
	if v.Key == "main" {
		f.str("key", kids[v.Issuer])
	} else {
		f.str("key", v.Key)
	}
	f.flag("all", v.All)
	f.str("identity", v.Identity)
	if v.Before > 0 {
		f.raw("issued_before", now.Add(-v.Before).UTC().Format(time.RFC3339))
	}
	return &f
}

// RevokedFile renders the file of a phase.
func (w *World) RevokedFile(phase int, now time.Time, kids map[string]string) string {
	s := "revocations:\n"
	for n, v := range w.Revocations {
		if !v.File || !v.in(phase) {
			continue
		}
		var f flow
		f.sub("by", v.by(now, kids))
		f.str("because", because(n))
		switch {
		case v.Ended:
			f.raw("until", now.Add(-time.Hour).UTC().Format(time.RFC3339))
		case n%3 == 0:
			f.raw("until", now.AddDate(0, 0, 2).UTC().Format(time.DateOnly))
		}
		s += "  - " + f.String() + "\n"
	}
	if s == "revocations:\n" {
		return "revocations: []\n"
	}
	return s
}
