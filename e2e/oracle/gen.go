package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// generator draws a world. All choices come from r, in a fixed order, so that a
// seed always gives the same world.
type generator struct {
	r *rand.Rand
	w *World
}

// Generate returns the world of a seed.
func Generate(seed uint64) *World {
	g := &generator{r: rand.New(rand.NewPCG(seed, 0x7469657267617465)), w: &World{Seed: seed}}
	g.w.BodyLimit = 4096
	g.tiers()
	g.issuers()
	g.identities()
	g.types()
	g.hosts()
	g.below()
	g.bodies()
	g.catalogs()
	g.directories()
	g.rules()
	g.shadows()
	g.tokens()
	g.bindings()
	g.revocations()
	g.demands()
	g.calls()
	g.reads()
	g.narrow()
	g.texts()
	g.customs()
	return g.w
}

func (g *generator) chance(p float64) bool { return g.r.Float64() < p }

// between returns a number from low to high, both included.
func (g *generator) between(low, high int) int { return low + g.r.IntN(high-low+1) }

func pick[T any](g *generator, from []T) T { return from[g.r.IntN(len(from))] }

// some returns n different elements of from, in their order; fewer when there are fewer.
func some[T any](g *generator, from []T, n int) []T {
	var out []T
	for i, left := 0, min(n, len(from)); i < len(from) && left > 0; i++ {
		if g.r.IntN(len(from)-i) < left {
			out, left = append(out, from[i]), left-1
		}
	}
	return out
}

var (
	tenants  = []string{"eu", "us", "ap", "t-4"}
	purposes = []string{"invoicing", "support", "fraud", "audit"}
	roles    = []string{"auditor", "clerk", "admin"}
	groups   = []string{"red", "green", "blue"}
)

func (g *generator) tiers() {
	names := some(g, []string{"public", "internal", "confidential", "restricted", "secret"}, g.between(3, 5))
	for _, n := range names {
		g.w.Tiers = append(g.w.Tiers, Tier{Name: n})
	}
	top := len(names) - 1
	g.w.Tiers[top-1].Require.MaxTokenAge = time.Hour
	g.w.Tiers[top].Require = Require{MaxTokenAge: 5 * time.Minute, Purpose: g.chance(0.5)}
	if g.chance(0.3) {
		g.w.Tiers[top].Require.MaxAuthAge = time.Hour
	}
	g.w.Unclassified = names[g.between(top-1, top)]
}

func (g *generator) issuers() {
	users := func(prefix string, n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("%s%d", prefix, i+1)
		}
		return out
	}
	// What the partner says of its tenant is not believed; of the others it is a claim like any.
	claims := []Attribute{{"role", "string"}, {"groups", "[string]"}, {"level", "int"}, {"staff", "bool"}}
	andTenant := append(slices.Clone(claims), Attribute{"tenant", "string"})
	g.w.Issuers = []*Issuer{
		{Name: "corp", URL: "https://corp.example/realm", Audience: "api", Algorithm: "ES256", JWKS: "url", MayAssert: andTenant,
			Subjects: append(users("u", 6), users("svc-", 7)...), Clients: []string{"web", "app", "batch", "tool", "night", "ghost"}},
		{Name: "partner", URL: "https://login.partner.example", Audience: "api", Algorithm: "EdDSA", JWKS: "file", MayAssert: claims,
			Fixed: []FixedClaim{{"tenant", pick(g, tenants)}}, Purpose: "purpose",
			Subjects: users("p", 4), Clients: []string{"hub"}},
		{Name: "third", URL: "https://third.example/", Audience: "third-api", Algorithm: "RS256", JWKS: "url", MayAssert: andTenant,
			Purpose: "use", Client: "app", Subjects: users("k", 3), Clients: []string{"kiosk", "stray"}},
		{Name: "dead", URL: "https://dead.example", Audience: "api", Algorithm: "ES256", JWKS: "dead",
			Subjects: users("d", 1), Clients: []string{"web"}},
		{Name: "vault", URL: "https://vault.example", Audience: "api", Algorithm: "EdDSA", JWKS: "url", MayAssert: andTenant,
			Subjects: users("v", 5), Clients: []string{"safe"}, RequireBound: pick(g, []string{"", "any", "any", "mtls", "dpop"}),
			Nonce: g.chance(0.5), ProofAlgs: pick(g, [][]string{nil, {"ES256"}}), AnyLifetime: true},
	}
}

func (g *generator) identities() {
	add := func(i Identity) { g.w.Identities = append(g.w.Identities, &i) }
	for n := 1; n <= 3; n++ {
		add(Identity{Name: fmt.Sprintf("billing-%d", n), Kind: "service", Issuer: "corp", Subject: fmt.Sprintf("svc-%d", n),
			Purposes: some(g, purposes, n-1)})
	}
	add(Identity{Name: "robot", Kind: "workload", Issuer: "corp", Subject: "svc-4", Workload: "spiffe://example.com/ns/robot"})
	add(Identity{Name: "people", Kind: "human", Issuer: "corp", Clients: []string{"web", "app"}})
	add(Identity{Name: "tools", Kind: "service", Issuer: "corp", Clients: []string{"batch", "tool"}, Purposes: some(g, purposes, 2)})
	add(Identity{Name: "batches", Kind: "service", Issuer: "corp", Clients: []string{"batch", "night"}})
	add(Identity{Name: "boss", Kind: "human", Issuer: "corp", Subject: "u1", Purposes: some(g, purposes, 3), Tenant: pick(g, tenants)})
	add(Identity{Name: "partners", Kind: "third-party", Issuer: "partner", Tenant: pick(g, tenants), Purposes: some(g, purposes, 2)})
	add(Identity{Name: "first-partner", Kind: "third-party", Issuer: "partner", Subject: "p1", Purposes: purposes[:3]})
	add(Identity{Name: "kiosks", Kind: "human", Issuer: "third", Clients: []string{"kiosk"}, Purposes: some(g, purposes, 2)})
	add(pick(g, []Identity{{Status: "suspended"}, {Status: "retired"}}).of("asleep", "service", "corp", "svc-5"))
	add(pick(g, []Identity{{Expires: -2}, {NotBefore: 3}, {NotBefore: 3, Expires: 9}, {NotBefore: -9, Expires: -3}}).of("ended", "service", "corp", "svc-6"))
	add(Identity{Networks: some(g, elsewhere, g.between(1, 2))}.of("outside", "service", "corp", "svc-7"))
	add(Identity{Name: "keepers", Kind: "human", Issuer: "vault", Purposes: some(g, purposes, 2), MaxAge: pick(g, []time.Duration{0, 2 * time.Hour})})
	add(Identity{Name: "lock", Kind: "workload", Issuer: "vault", Subject: "v1", Tenant: pick(g, tenants)})
	g.limits()
	g.machines(add)
	g.agents(add)
	g.r.Shuffle(len(g.w.Identities), func(i, j int) {
		g.w.Identities[i], g.w.Identities[j] = g.w.Identities[j], g.w.Identities[i]
	})
	g.kinds()
}

// of fills in who an identity is.
func (i Identity) of(name, kind, issuer, subject string) Identity {
	i.Name, i.Kind, i.Issuer, i.Subject = name, kind, issuer, subject
	return i
}

// Ranges of addresses that hold the client's, and others.
var (
	here      = []string{"127.0.0.0/8", "127.0.0.1/32", "::ffff:127.0.0.0/104", "126.0.0.0/7"}
	elsewhere = []string{"10.0.0.0/8", "::1/128", "128.0.0.0/2", "::ffff:10.0.0.0/104", "::7f00:0/104"}
)

// limits gives some identities limits that they keep to, most of the time.
func (g *generator) limits() {
	for _, i := range g.w.Identities {
		if i.Status != "" || i.Expires != 0 || i.NotBefore != 0 || len(i.Networks) > 0 {
			continue // it shows that one it does not keep
		}
		if g.chance(0.3) {
			i.NotBefore, i.Expires = -2, 30
		}
		if g.chance(0.3) {
			i.Networks = append(some(g, elsewhere, g.between(0, 2)), pick(g, here))
		}
		i.Strip = g.chance(0.25)
		if g.chance(0.2) {
			i.MaxAge = pick(g, []time.Duration{10 * time.Minute, 2 * time.Hour})
		}
	}
}

// agents are those who act for others. Of these each may act for some.
func (g *generator) agents(add func(Identity)) {
	all := []string{"people", "boss", "partners", "first-partner", "tools", "billing-1"}
	agent := func(i Identity, name, kind, issuer, subject string, whom ...string) {
		i.OnBehalfOf, i.Purposes = whom, some(g, purposes, g.between(0, 3))
		add(i.of(name, kind, issuer, subject))
	}
	agent(Identity{}, "agent-1", "agent", "corp", "agent-1", "people", "boss")
	agent(Identity{MaxAge: pick(g, []time.Duration{0, time.Hour})}, "bot-2", "service", "partner", "bot-2", append(some(g, all, 2), "partners")...)
	agent(Identity{Workload: "spiffe://example.com/ns/robot"}, "agent-3", "agent", "corp", "agent-3", "people", "boss")
	agent(pick(g, []Identity{{Status: "suspended"}, {Expires: -2}, {Networks: elsewhere[:1]}}), "agent-4", "agent", "corp", "agent-4", all...)
	agent(Identity{}, "agent-5", "workload", "corp", "agent-5")
}

// shadows puts a live entry on one type and one identity, and a past one on another type.
func (g *generator) shadows() {
	types := some(g, g.w.Types[2:], 2) // the first two show what is denied
	if g.chance(0.5) {
		types[0].Shadow = []Shadow{{Host: pick(g, g.w.named()).Name, Days: 30}}
	}
	types[1].Shadow = []Shadow{{Days: -2}}
	if g.chance(0.5) {
		pick(g, g.w.Identities).Shadow = []Shadow{{Host: pick(g, g.w.named()).Name, Days: 20}}
	}
	if len(g.w.named()) > 2 && g.chance(0.4) { // the other two show what is denied
		g.w.Hosts[2].Shadow = []Shadow{{Days: 10}}
	}
}
