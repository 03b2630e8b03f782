package oracle

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// KindDemand is an entry of `kinds:`: what every identity of a kind must have.
type KindDemand struct {
	Kind    string
	Require []string
}

// governed is what every identity says of itself, for kinds to demand.
func (i *Identity) governed(f *flow, date func(int) string) {
	f.str("owner", "team-oracle")
	f.str("environment", cmp.Or(i.Environment, "production"))
	review := 45
	if i.Review != 0 {
		review = i.Review
	}
	f.raw("review_by", date(review))
	f.str("task", i.Task)
	f.list("needs", i.Needs)
}

// kinds demands of each kind an owner, and some of what all its identities have.
func (g *generator) kinds() {
	for _, kind := range []string{"agent", "human", "service", "third-party", "workload"} {
		d := KindDemand{Kind: kind, Require: append([]string{"owner"}, some(g, g.w.met(kind, demands), g.between(0, 3))...)}
		g.w.Kinds = append(g.w.Kinds, d)
	}
}

// met are the demands that all identities of a kind meet.
func (w *World) met(kind string, demands map[string]func(*Identity) bool) (all []string) {
	for _, demand := range sortedKeys(demands) {
		if !slices.ContainsFunc(w.Identities, func(i *Identity) bool { return i.Kind == kind && !demands[demand](i) }) {
			all = append(all, demand)
		}
	}
	return all
}

// demands are what a kind may demand, and who has it.
var demands = map[string]func(*Identity) bool{
	"tenant":            func(i *Identity) bool { return i.Tenant != "" },
	"network":           func(i *Identity) bool { return len(i.Networks) > 0 },
	"workload":          func(i *Identity) bool { return i.Workload != "" || i.Peer != "" },
	"purpose":           func(i *Identity) bool { return len(i.Purposes) > 0 },
	"expires":           func(i *Identity) bool { return i.Expires != 0 },
	"environment":       func(*Identity) bool { return true },
	"review_within":     func(*Identity) bool { return true },
	"max_lifetime":      func(i *Identity) bool { return i.Issuer != "" && i.Issuer != "vault" },
	"strip_credentials": func(i *Identity) bool { return i.Strip },
}

// customDemands are further ones, which customs may make all of a kind meet.
var customDemands = map[string]func(*Identity) bool{
	"task":               func(i *Identity) bool { return i.Task != "" },
	"needs":              func(i *Identity) bool { return len(i.Needs) > 0 },
	"credential_max_age": func(i *Identity) bool { return i.MaxAge > 0 && i.MaxAge <= 2*time.Hour },
}

func (w *World) kindsSection() string {
	if len(w.Kinds) == 0 {
		return ""
	}
	s := "kinds:\n"
	for _, k := range w.Kinds {
		parts := slices.Clone(k.Require)
		for i, p := range parts {
			switch p {
			case "review_within":
				parts[i] = "review_within: 60d"
			case "max_lifetime":
				parts[i] = "max_lifetime: 24h"
			case "credential_max_age":
				parts[i] = "credential_max_age: 2h"
			}
		}
		s += "  " + k.Kind + ": { require: { " + strings.Join(parts, ", ") + " } }\n"
	}
	return s
}
