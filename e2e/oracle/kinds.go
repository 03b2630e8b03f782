package oracle

import (
	"cmp"
	"slices"
	"strings"
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
	f.raw("review_by", date(45))
}

// kinds demands of each kind an owner, and some of what all its identities have.
func (g *generator) kinds() {
	for _, kind := range []string{"agent", "human", "service", "third-party", "workload"} {
		var all []string
		for demand, met := range demands {
			if !slices.ContainsFunc(g.w.Identities, func(i *Identity) bool { return i.Kind == kind && !met(i) }) {
				all = append(all, demand)
			}
		}
		slices.Sort(all)
		d := KindDemand{Kind: kind, Require: append([]string{"owner"}, some(g, all, g.between(0, 3))...)}
		g.w.Kinds = append(g.w.Kinds, d)
	}
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
			}
		}
		s += "  " + k.Kind + ": { require: { " + strings.Join(parts, ", ") + " } }\n"
	}
	return s
}
