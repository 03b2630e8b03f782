package oracle

// classes gives a type categories and entries of classify, which read the object
// and its parent alone.
func (g *generator) classes(t *Type) {
	if g.chance(0.5) {
		t.Category = some(g, g.categories(), 1)
	}
	for i := range t.Properties {
		if g.chance(0.5) {
			t.Properties[i].Category = some(g, g.categories(), 1)
		}
	}
	if len(t.Attributes) == 0 || t.Source == nil || g.chance(0.5) {
		return
	}
	for range g.between(1, 2) {
		c := Class{When: g.objectCond(t)}
		if above := g.w.Tiers[g.w.tier(t.Tier)+1:]; len(above) > 0 && g.chance(0.7) {
			if c.Tier = above[0].Name; g.chance(0.3) {
				c.Tier = pick(g, above).Name
			}
		}
		if c.Tier == "" || g.chance(0.5) {
			c.Category = some(g, g.categories(), g.between(1, 2))
		}
		t.Classify = append(t.Classify, c)
	}
}

func (g *generator) categories() []string { return append(usualCategories[:3:3], g.w.Categories...) }

// objectCond draws a condition on nothing but the object, which holds of few.
func (g *generator) objectCond(t *Type) *Cond {
	if g.chance(0.25) {
		return &Cond{Op: pick(g, []string{"and", "or"}), Kids: []*Cond{g.objectAtom(t), g.objectAtom(t)}}
	}
	return g.objectAtom(t)
}

func (g *generator) objectAtom(t *Type) *Cond {
	if t.Parent != "" && g.chance(0.35) {
		return g.parentAtom(t)
	}
	a := pick(g, t.Attributes)
	at := ref("object." + a.Name)
	switch a.Kind {
	case "bool":
		return &Cond{Op: "ref", A: at}
	case "int":
		if g.chance(0.4) {
			return &Cond{Op: "div", A: at, B: number(40)} // an error where the level is 0
		}
		return &Cond{Op: ">", A: at, B: number(3)}
	case "[int]":
		return &Cond{Op: "in", A: number(int64(g.r.IntN(5))), B: at}
	case "[string]":
		return &Cond{Op: "size", A: at, B: number(2)}
	}
	if g.chance(0.2) {
		return &Cond{Op: "not", Kids: []*Cond{{Op: "has", A: at}}}
	}
	return &Cond{Op: "==", A: at, B: str(pick(g, tenants))}
}

// parentAtom draws a condition on the parent's row.
func (g *generator) parentAtom(t *Type) *Cond {
	a := pick(g, g.w.typ(t.Parent).Attributes)
	at := ref(ofParent + a.Name)
	switch g.r.IntN(4) {
	case 0:
		return &Cond{Op: "has", A: at}
	case 1:
		return &Cond{Op: "!=", A: at, B: str(pick(g, tenants))}
	case 2:
		return &Cond{Op: "starts", A: at, B: str(pick(g, []string{"u", "e", "p"}))}
	}
	return &Cond{Op: "in", A: at, B: strs(some(g, tenants, 2)...)}
}

// inCategories asks for a category of the object.
func (g *generator) inCategories() *Cond {
	c := &Cond{Op: "in", A: str(pick(g, g.categories())), B: ref("object.categories")}
	if g.chance(0.5) {
		return &Cond{Op: "not", Kids: []*Cond{c}}
	}
	return c
}
