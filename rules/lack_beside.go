package rules

import (
	"slices"
	"strings"
)

// denials are what denies a target whatever the allow rules say: that it is not there, a
// member that nobody may write, a demand of its tier.
func (s *Set) denials(f *facts) []Miss {
	t := f.target
	if t.Object.State == Absent && t.Action != "create" {
		return []Miss{{Of: "the catalog", Fits: true, Missing: "a row", Lack: &Lack{Kind: "object", Name: t.Object.ID, says: "a row", Tries: [][]string{{"exists=true"}}}}}
	}
	if s.lacksRule(f) {
		return nil // first a rule must allow it
	}
	typ, tier := t.Object.Type, &s.schema.Tiers[f.tier]
	if writable, limited := typ.Writable[t.Action]; limited {
		for _, p := range t.Properties {
			if mayWrite(writable, p) {
				continue
			}
			may := slices.DeleteFunc(slices.Clone(t.Properties), func(p string) bool { return !mayWrite(writable, p) })
			l := &Lack{Kind: "writable", Name: p, Stage: 1, says: "writable: " + p, Tries: [][]string{{"properties=" + strings.Join(may, ",")}}}
			return []Miss{{Of: "type " + typ.Name, Pos: typ.Pos, Fits: true, Missing: l.says, Lack: l}}
		}
	}
	l := tier.Require.lack(f)
	if l == nil {
		return nil
	}
	l.Stage += stageRequire
	l.says = "tier " + tier.Name + " " + l.says
	return []Miss{{Of: "tier " + tier.Name, Pos: tier.Pos, Fits: true, Missing: l.says, Lack: l}}
}

// lacksRule reports whether no rule in force allows the target.
func (s *Set) lacksRule(f *facts) bool {
	return !slices.ContainsFunc(s.rules, func(r *rule) bool {
		cl := r.on(f.target.Object.Type)
		if cl == nil || r.effect != Allow || r.shadow {
			return false
		}
		f.spent = 0
		l, near := cl.lack(s, f)
		return near && l == nil
	})
}
