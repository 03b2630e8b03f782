package oracle

// cond draws a condition on a type, at most depth deep.
func (g *generator) cond(t *Type, who []Selector, depth int) *Cond {
	if depth > 0 && g.chance(0.4) {
		kids := []*Cond{g.cond(t, who, depth-1), g.cond(t, who, depth-1)}
		switch g.r.IntN(5) {
		case 0:
			return &Cond{Op: "not", Kids: kids[:1]}
		case 1, 2:
			return &Cond{Op: "or", Kids: kids}
		}
		return &Cond{Op: "and", Kids: kids}
	}
	switch {
	case g.chance(0.12) && t.Parent != "":
		return g.parentAtom(t)
	case g.chance(0.06):
		return g.inCategories()
	case g.chance(0.25) && !g.tokenless(who):
		return g.claimAtom()
	case g.chance(0.15):
		return g.contextAtom()
	}
	return g.atom(t, pick(g, t.Attributes), who)
}

func (g *generator) atom(t *Type, a Attribute, who []Selector) *Cond {
	at := ref("object." + a.Name)
	if g.chance(0.08) {
		return &Cond{Op: "has", A: at}
	}
	switch a.Kind {
	case "bool":
		c := &Cond{Op: "ref", A: at}
		if g.chance(0.7) {
			c = &Cond{Op: "not", Kids: []*Cond{c}}
		}
		return c
	case "int":
		if g.chance(0.4) {
			return &Cond{Op: "div", A: at, B: number(20)} // an error where the level is 0
		}
		against := number(int64(g.r.IntN(6)))
		if g.chance(0.3) && !g.tokenless(who) {
			against = ref("caller.claims.level")
		}
		return &Cond{Op: pick(g, []string{"<", "<=", ">", ">=", "==", "!="}), A: at, B: against}
	case "[int]":
		return &Cond{Op: "in", A: number(int64(g.r.IntN(5))), B: at}
	case "[string]":
		switch g.r.IntN(4) {
		case 0:
			return &Cond{Op: "size", A: at, B: number(1)}
		case 1:
			return &Cond{Op: "exists", A: at, B: str(g.subject())}
		}
		return &Cond{Op: "in", A: ref("caller.subject"), B: at}
	}
	switch {
	case a.Name == "owner" && g.chance(0.3):
		return &Cond{Op: "starts", A: at, B: str(pick(g, []string{"u", "p", "svc"}))}
	case a.Name == "owner":
		return &Cond{Op: pick(g, []string{"==", "!="}), A: at, B: ref("caller.subject")}
	case g.chance(0.15) && t.Parent != "":
		return &Cond{Op: "==", A: ref("object.parent.id"), B: str(g.w.typ(t.Parent).IDStyle.id(g.r.IntN(20)))}
	case a.Name == "tenant" && g.chance(0.2) && !g.tokenless(who):
		return &Cond{Op: "==", A: at, B: ref("caller.claims.tenant")}
	case g.chance(0.1) && !g.tokenless(who):
		return &Cond{Op: "in", A: at, B: ref("caller.claims.groups")}
	case g.chance(0.5):
		return &Cond{Op: "in", A: at, B: strs(some(g, tenants, 3)...)}
	}
	return &Cond{Op: pick(g, []string{"==", "!="}), A: at, B: str(pick(g, tenants))}
}

// contextAtom draws a condition on the request, or on what the engine itself says of the object.
func (g *generator) contextAtom() *Cond {
	switch g.r.IntN(6) {
	case 0:
		return &Cond{Op: "==", A: ref("purpose"), B: str(pick(g, purposes))}
	case 1:
		return &Cond{Op: "in", A: ref("action"), B: strs(some(g, actions, 4)...)}
	case 2:
		return &Cond{Op: "!=", A: ref("object.tier"), B: str(g.anyTier())}
	case 3:
		return &Cond{Op: "==", A: ref("caller.client_id"), B: str(pick(g, g.w.Issuers[0].Clients))}
	case 4:
		return &Cond{Op: "==", A: ref("caller.identity"), B: str(g.identity())}
	}
	return &Cond{Op: "!=", A: ref("request.method"), B: str(pick(g, []string{"GET", "POST", "HEAD"}))}
}

func (g *generator) claimAtom() *Cond {
	switch g.r.IntN(4) {
	case 3:
		return &Cond{Op: "ref", A: ref("caller.claims.staff")}
	case 0:
		return &Cond{Op: "in", A: str(pick(g, groups)), B: ref("caller.claims.groups")}
	case 1:
		return &Cond{Op: "has", A: ref("caller.claims.role")}
	}
	return &Cond{Op: pick(g, []string{"==", "!="}), A: ref("caller.claims.role"), B: str(pick(g, roles))}
}
