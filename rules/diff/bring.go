package diff

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// demand is what makes demands on a witness for one of its targets: the rule that
// allows it, and the tier that it has.
type demand struct {
	rule *rules.RuleDecl
	tier *rules.TierDecl
}

// demands are those on a thing that a touch of a line is allowed on.
func (s *side) demands(w *who, op *resolver.Operation, touch int, th *thing) (out demand) {
	c, ok := s.caller(w, op.Purpose)
	if !ok {
		return out
	}
	for _, sh := range shapesOf(&op.Touches[touch]) {
		d, tier, ok := s.decide(w, c, unit{op, touch, sh}, th)
		if !ok {
			continue
		}
		if out.rule = s.decls[d.Targets[0].Rule]; int(tier) < len(s.Source.Tiers) {
			out.tier = &s.Source.Tiers[tier]
		}
		break
	}
	return out
}

// bring adds to a request what is demanded of it, as far as one can bring it.
func (t *Trial) bring(all []demand) {
	t.Claims, t.Headers = maps.Clone(t.Claims), maps.Clone(t.Headers)
	for _, d := range all {
		if d.rule != nil {
			t.meet(&d.rule.Require)
			if ask := &d.rule.Ask; ask.Header.V != "" && t.Headers[ask.Header.V] == "" {
				t.Headers[ask.Header.V] = example(ask.Pattern.V)
			}
		}
		if d.tier != nil {
			t.meet(&d.tier.Require)
		}
	}
}

func (t *Trial) meet(r *rules.RequireDecl) {
	if len(r.ACR) > 0 && t.Claims["acr"] == nil {
		t.Claims["acr"] = r.ACR[0].V
	}
	if len(r.AMR) > 0 {
		methods, _ := t.Claims["amr"].([]string)
		for _, m := range r.AMR.Values() {
			if !slices.Contains(methods, m) {
				methods = append(methods, m)
			}
		}
		t.Claims["amr"] = methods
	}
	t.JustLoggedIn = t.JustLoggedIn || r.MaxAuthAge.V > 0
	if r.MTLS.V && t.Peer == "" && t.Bound == "" {
		t.Bound = rules.ByCertificate.String()
	}
	if len(r.Network) > 0 && t.Source == "" {
		if p, err := netip.ParsePrefix(r.Network[0].V); err == nil {
			t.Source = p.Addr().String()
		}
	}
}
