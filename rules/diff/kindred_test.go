package diff

import (
	"slices"
	"strings"
	"testing"
)

// Where an identity goes, comes or shrinks, its callers are somebody else: a class, or
// nobody in particular. What they may do then is theirs.
func TestCallersOfIdentitiesThatGo(t *testing.T) {
	const (
		ids  = "\nidentities:\n"
		eve  = `  - { name: eve, kind: human, match: { issuer: corp, subject: eve } }` + "\n"
		off  = `  - { name: eve, kind: human, match: { issuer: corp, subject: eve }, status: suspended }` + "\n"
		web  = `  - { name: web, kind: human, match: { issuer: corp, client: [web] } }` + "\n"
		all  = `  - { name: all, kind: human, match: { issuer: corp } }` + "\n"
		kept = `allow: web`
	)
	base, _, _ := strings.Cut(world, "identities:")
	text := func(rule string, identities ...string) string {
		t := base
		if len(identities) > 0 {
			t += ids + strings.Join(identities, "")
		}
		return t + "rules:\n  - { id: r, " + rule + ", to: [read], on: note, up_to: public, because: x, owner: y, review_by: 2028-01-01 }\n"
	}
	on := func(identity, more string) string { return strings.Replace(identity, " }\n", more+" }\n", 1) }
	clients := func(identity, name, list string) string {
		return strings.NewReplacer("[web]", "["+list+"]", "name: web", "name: "+name).Replace(identity)
	}
	machine := `  - { name: m, kind: service, match: { peer: "spiffe://x/m" } }` + "\n"
	for _, row := range []struct {
		name     string
		old, now string
		want     string // who gains
	}{
		{"a suspended subject falls into a class", text(kept, web, off), text(kept, web), "eve"},
		{"twin: the class has no rights", text("allow: eve", web, eve), text("allow: web", strings.Replace(web, "[web]", "[other]", 1), eve), "web"},
		{"twin: it goes out of the class", text(kept, web), text(kept, web, off), ""},
		{"a subject without rights falls into a class", text(kept, web, eve), text(kept, web), "eve"},
		{"it keeps one client", text(kept, web, eve), text(kept, web, strings.Replace(eve, "subject: eve", "subject: eve, client: [app]", 1)), "eve"},
		{"twin: it keeps the one of the class", text(kept, web, eve), text(kept, web, strings.Replace(eve, "subject: eve", "subject: eve, client: [web]", 1)), ""},
		{"the class asks for a claim", text("allow: { identity: web, claim: { role: auditor } }", web, off), text("allow: { identity: web, claim: { role: auditor } }", web), "eve"},
		{"the class asks for a scope", text("allow: { identity: web, scope: [notes] }", web, off), text("allow: { identity: web, scope: [notes] }", web), "eve"},
		{"the class asks for a peer", text(`allow: { identity: web, workload: "spiffe://x/*" }`, web, off), text(`allow: { identity: web, workload: "spiffe://x/*" }`, web), "eve"},
		{"the class has a workload", text(kept, on(web, `, workload: "spiffe://x/w"`), off), text(kept, on(web, `, workload: "spiffe://x/w"`)), "eve"},
		{"the class has a network", text(kept, on(web, `, network: [10.0.0.0/8]`), off), text(kept, on(web, `, network: [10.0.0.0/8]`)), "eve"},
		{"the class has a purpose", text(kept+", for: [support]", on(web, `, purpose: [support, audit]`), off), text(kept+", for: [support]", on(web, `, purpose: [support, audit]`)), "eve"},
		{"a suspended workload falls into a class", text(kept, web, on(off, `, workload: "spiffe://x/e"`)), text(kept, web), "eve"},
		{"a class falls into one of all clients", text("allow: { kind: human }", strings.Replace(off, "subject: eve", "client: [bad]", 1)), text("allow: { kind: human }", all), "eve"},
		{"a subject falls among those without identity", text("allow: { issuer: corp }", off), text("allow: { issuer: corp }"), "eve"},
		{"with a claim", text("allow: { issuer: corp, claim: { role: auditor } }", off), text("allow: { issuer: corp, claim: { role: auditor } }"), "eve"},
		{"another subject has the name", text(kept, web, off), text(kept, web, strings.ReplaceAll(off, "subject: eve", "subject: mallory")), "eve"},
		{"two classes share a client no more", text(kept, clients(web, "web", "bad, web"), clients(web, "app", "app, bad")), text(kept, clients(web, "web", "bad, web"), clients(web, "app", "app")), "web"},
		{"a subject falls where classes share a client", text("allow: app", off, clients(web, "web", "bad, web"), clients(web, "app", "bad, app")), text("allow: app", clients(web, "web", "bad, web"), clients(web, "app", "bad, app")), "eve"},
		{"a peer is anonymous", text("allow: { kind: anonymous }", on(machine, ", status: suspended")), text("allow: { kind: anonymous }"), "m"},
		{"a peer may come from further", text("allow: m", on(machine, ", network: [10.0.0.0/8]")), text("allow: m", on(machine, ", network: [10.0.0.0/8, 11.0.0.0/8]")), "m"},
		{"twin: from one network less", text("allow: m", on(machine, ", network: [10.0.0.0/8, 11.0.0.0/8]")), text("allow: m", on(machine, ", network: [10.0.0.0/8]")), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, benches := compared(t, row.old, row.now)
			flips(t, r, benches)
			var who []string
			for _, c := range r.Changes {
				if c.Effect == Gained && !slices.Contains(who, c.Identity) {
					who = append(who, c.Identity)
				}
			}
			gains := strings.Join(who, ", ")
			if gains != row.want && !slices.Contains(who, row.want) || row.want == "" && gains != "" {
				t.Errorf("%q gain, want %q\n%+v", gains, row.want, r)
			}
		})
	}
}
