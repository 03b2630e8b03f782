package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// Directory is a catalog of an issuer's subjects. Its type is called subject, and
// its attributes are the columns whose values replace what tokens say.
type Directory struct {
	*Type
	Absent string // deny or claims: what becomes of whoever has no row
	Later  []*Row // the rows from the phase rowsChange on
}

// at is the directory as its file is in a phase.
func (d *Directory) at(phase int) *Type {
	if phase < rowsChange {
		return d.Type
	}
	later, source := *d.Type, *d.Source
	source.Rows, later.Source = d.Later, &source
	return &later
}

// has says whether the source has a column: one row that names it is enough.
func (t *Type) has(column string) bool {
	if _, declared := t.attribute(column); !declared {
		return false
	}
	return t.Source.Format == "csv" || slices.ContainsFunc(t.Source.Rows, func(r *Row) bool {
		_, named := r.Values[column]
		return named || r.Nulls
	})
}

var statuses = []string{"active", "suspended", "retired"}

// directories gives some issuers a catalog of their subjects, one of them in a
// file that it shares with objects.
func (g *generator) directories() {
	shared := g.mixed()
	for _, name := range []string{"corp", "partner", "third", "vault"} {
		i := g.w.issuer(name)
		if !g.chance(0.55) {
			continue
		}
		d := &Directory{Type: &Type{Name: "subject"}, Absent: pick(g, []string{"deny", "claims"})}
		d.Source = &Source{Name: "subjects-" + name, Format: pick(g, []string{"csv", "jsonl", "yaml"}), Extra: g.chance(0.3)}
		if shared != nil && g.chance(0.4) {
			d.Source.Name, d.Source.Format, d.Source.Typed, shared = shared.Name, shared.Format, true, nil
		}
		columns := []Attribute{{"status", "string"}, {"tenant", "string"}}
		for _, a := range i.MayAssert {
			if a.Name != "tenant" {
				columns = append(columns, a)
			}
		}
		d.Attributes = some(g, columns, g.between(2, len(columns)))
		subjects := slices.Concat(i.Subjects, g.agentsOf(name))
		for at, s := range subjects {
			if g.chance(0.08) && (len(d.Source.Rows) > 0 || at < len(subjects)-1) { // not all of them
				continue
			}
			d.Source.Rows = append(d.Source.Rows, g.subjectRow(d.Type, s))
			d.Later = append(d.Later, g.subjectRow(d.Type, s))
		}
		d.Source.Rows[0].Nulls, d.Later[0].Nulls = true, true // a new file must name every column that the old one has
		i.Directory = d
	}
}

// mixed is the file of several types, nil where there is none.
func (g *generator) mixed() *Source {
	for _, t := range g.w.Types {
		if t.Source != nil && t.Source.Typed {
			return t.Source
		}
	}
	return nil
}

// agentsOf are the subjects of an issuer who act for others.
func (g *generator) agentsOf(issuer string) (subjects []string) {
	for _, i := range g.w.Identities {
		if i.Issuer == issuer && strings.Contains(i.Subject, "t-") {
			subjects = append(subjects, i.Subject)
		}
	}
	return subjects
}

// subjectRow draws what a directory says of a subject.
func (g *generator) subjectRow(t *Type, subject string) *Row {
	r := &Row{ID: subject, Values: map[string]any{}, Nulls: g.chance(0.3)}
	for _, a := range t.Attributes {
		switch a.Name {
		case "status":
			r.Values["status"] = "active"
			if g.chance(0.12) {
				r.Values["status"] = pick(g, []string{"suspended", "retired", "asleep", "Active"})
			} else if g.chance(0.04) {
				delete(r.Values, "status")
			}
		case "tenant":
			if g.chance(0.8) {
				r.Values["tenant"] = pick(g, tenants)
			}
		default:
			if g.chance(0.8) {
				r.Values[a.Name] = g.claimValue(a.Name)
			}
		}
	}
	if g.chance(0.05) {
		r.Bad = "twice"
		if _, ok := t.attribute("level"); ok && g.chance(0.5) {
			r.Bad = "kind"
		}
	}
	return r
}

// claimValue draws what a claim may be.
func (g *generator) claimValue(name string) any {
	switch name {
	case "role":
		return pick(g, roles)
	case "groups":
		return some(g, groups, 2)
	case "level":
		return int64(g.r.IntN(6))
	}
	return g.chance(0.5)
}

// readRow is the look-up of section 3, step 2.
func (e *evaluation) readRow(c *caller) string {
	if c.issuer == nil || c.issuer.Directory == nil {
		return ""
	}
	c.listing = c.issuer.Directory.at(e.req.Phase)
	if e.reachIf(c.listing.Source.Fails != "", "subjects: the source fails") {
		return c.listing.Source.Fails
	}
	if c.row = c.listing.row(c.token.Subject); c.row == nil {
		return ""
	}
	if e.reachIf(c.row.Bad == "twice", "subjects: a row twice") || e.reachIf(c.row.Bad == "kind", "subjects: a value of the wrong kind") {
		return "catalog_bad_row"
	}
	e.reachIf(c != &e.caller, "subjects: of the actor")
	e.reachIf(e.req.Phase >= rowsChange && fmt.Sprint(c.row.Values) != fmt.Sprint(c.issuer.Directory.row(c.row.ID).Values), "subjects: a row that changed")
	for _, a := range c.listing.Attributes {
		if a.Name == "status" || !c.listing.has(a.Name) {
			continue
		}
		before, had := c.claims[a.Name]
		delete(c.claims, a.Name)
		for _, f := range c.issuer.Fixed {
			if f.Claim == a.Name {
				c.claims[a.Name] = f.Value
			}
		}
		if v, ok := c.row.Values[a.Name]; ok && v != "" {
			c.claims[a.Name] = v
		}
		after, has := c.claims[a.Name]
		e.reachIf(had && !has, "subjects: a claim gone")
		e.reachIf(has && fmt.Sprint(before) != fmt.Sprint(after), "subjects: a claim replaced")
	}
	e.reachIf(c.tenantOfRow() != "", "subjects: a tenant pinned")
	return ""
}

// standing is what the row says of whoever it is about, or that there is none.
func (e *evaluation) standing(c *caller) string {
	status, said := "", false
	if c.row != nil {
		status, said = c.row.Values["status"].(string)
	}
	switch {
	case c.listing == nil:
		return ""
	case c.row == nil:
		if e.reachIf(c.issuer.Directory.Absent == "deny", "subjects: no row, denied") {
			return "unknown_identity"
		}
		e.reach("subjects: no row, by its claims")
	case c.listing.has("status") && (e.reachIf(!said, "subjects: no status where others have one") || e.reachIf(!slices.Contains(statuses, status), "subjects: a status that is none")):
		return "catalog_bad_row"
	case c.listing.has("status") && status != "active":
		e.reach("subjects: " + status)
		return "identity_suspended"
	}
	return ""
}

// tenantOfRow is what the row pins; "" for nothing.
func (c *caller) tenantOfRow() string {
	if c.row == nil {
		return ""
	}
	tenant, _ := c.row.Values["tenant"].(string)
	return tenant
}

// CatalogFilesAt renders all sources as they are in a phase, by their paths.
func (w *World) CatalogFilesAt(phase int) Files {
	files := w.CatalogFiles()
	for _, i := range w.Issuers {
		if i.Directory != nil {
			files[i.Directory.Source.CatalogFile()] += i.Directory.at(phase).file()
		}
	}
	return files
}

// limits renders what an issuer demands beside good tokens, and its directory.
func (i *Issuer) limits(f *flow) {
	var dpop, subjects flow
	f.str("require_bound", i.RequireBound)
	if i.Nonce {
		dpop.str("nonce", "required")
	}
	dpop.list("algorithms", i.ProofAlgs)
	f.sub("dpop", &dpop)
	if d := i.Directory; d != nil {
		subjects.str("catalog", d.Source.Name)
		subjects.str("absent", d.Absent)
		f.sub("subjects", &subjects)
	}
}

// String keeps a world's text the same from run to run.
func (d *Directory) String() string { return fmt.Sprintf("directory %s", d.Source.Name) }
