package oracle

import "slices"

// Through judges a request in process. It returns what the answer came by: of an allow
// the declarations of host, line, identities, types and tiers, and whatever decides it,
// the rules that it names, with the selectors of theirs that mean the caller. About is
// what the answer can hang on, be it an allow or not.
func (b *Book) Through(w *World, r *Request) (a Answer, by, about []any) {
	e := &evaluation{w: w, front: direct, req: r, book: b}
	a = e.answer()
	for _, v := range a.Targets {
		by = append(by, e.named(v)...)
	}
	about = e.about()
	if a.Effect != "allow" || a.Reason == "shadow_deny" {
		return a, by, about
	}
	by = append(by, e.things()...)
	for _, t := range e.targets {
		by = append(by, t.typ, &w.Tiers[t.tier])
	}
	return a, by, about
}

// things are the host, the line and the identities of a request, as far as it has them.
func (e *evaluation) things() (out []any) {
	if e.host != nil {
		out = append(out, e.host)
	}
	if e.line != nil {
		out = append(out, e.line)
	}
	for _, c := range []*caller{&e.caller, e.caller.actor} {
		if c != nil && c.identity != nil {
			out = append(out, c.identity)
		}
	}
	return out
}

// about are these, all tiers and identities, the types of the line's targets, and the rules on them.
func (e *evaluation) about() []any {
	out := e.things()
	for i := range e.w.Tiers {
		out = append(out, &e.w.Tiers[i])
	}
	for _, i := range e.w.Identities {
		out = append(out, i)
	}
	if e.line == nil {
		return out
	}
	var types []string
	for _, t := range e.line.Targets {
		types = append(types, t.Type)
	}
	for _, t := range e.w.Types {
		if slices.Contains(types, t.Name) {
			out = append(out, t)
		}
	}
	for _, r := range e.w.Rules {
		if slices.ContainsFunc(r.On, func(on string) bool { return on == "*" || slices.Contains(types, on) }) {
			out = append(out, r)
		}
	}
	return out
}

// named are the rule of a verdict and the selectors of it that count.
func (e *evaluation) named(v Verdict) (by []any) {
	who := e.caller
	defer func() { e.caller = who }()
	if v.As != "" {
		e.caller = *who.actor
	}
	for _, r := range e.w.Rules {
		if v.Rule == "" || r.ID != v.Rule {
			continue
		}
		by = append(by, r)
		for i := range r.Who {
			if e.selects(r.Who[i]) {
				by = append(by, &r.Who[i])
			}
		}
	}
	return by
}
