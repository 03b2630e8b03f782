package review

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteJSON writes the whole report.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteText writes a table of the identities, and under it for each one what
// its reach is made of.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := printer{w: t}
	p.printf("who\t")
	for _, tier := range r.AnyToken.Tiers {
		p.printf("%s\t", tier.Tier)
	}
	p.printf("objects\tpairs\tblast radius\t\n")
	p.line("any valid token", r.AnyToken, "")
	for i := range r.Identities {
		row := &r.Identities[i]
		p.line(row.Name(), row.Reach, fmt.Sprintf(" (%.1f %%)", row.Percent))
		if row.Largest != nil {
			who := row.Largest.Subject
			if who == "" {
				who = "any subject"
			}
			p.line("  one token: "+who, row.Largest.Reach, "")
		}
	}
	if p.err == nil {
		p.err = t.Flush()
	}
	p.w = w
	for i := range r.Identities {
		r.Identities[i].details(&p)
	}
	r.counted(&p)
	return p.err
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) line(who string, reach Reach, percent string) {
	p.printf("%s\t", who)
	for _, tier := range reach.Tiers {
		p.printf("%d\t", tier.Count)
	}
	p.printf("%d\t%d\t%d%s\t\n", reach.Objects, reach.Pairs, reach.BlastRadius, percent)
}

// Name is the identity with the claims, scopes and peer of its row.
func (r *Row) Name() string {
	var with []string
	for _, name := range slices.Sorted(maps.Keys(r.Claims)) {
		with = append(with, name+": "+r.Claims[name])
	}
	if len(r.Scopes) > 0 {
		with = append(with, "scope: "+strings.Join(r.Scopes, " "))
	}
	if r.Peer != "" {
		with = append(with, "peer: "+r.Peer)
	}
	if len(with) == 0 {
		return r.Identity
	}
	return r.Identity + " { " + strings.Join(with, ", ") + " }"
}

func (r *Row) details(p *printer) {
	p.printf("\n%s (%s, %s): containment gain %.3f\n", r.Name(), r.Kind, r.Pos, r.Containment)
	if r.Unusable != "" {
		p.printf("  reaches nothing now: %s; would reach %d objects in %d pairs, blast radius %d\n", r.Unusable, r.Would.Objects, r.Would.Pairs, r.Would.BlastRadius)
	}
	if len(r.OnBehalfOf) > 0 {
		p.printf("  acts on behalf of %s: reaches at most this for them, for both must be allowed\n", strings.Join(r.OnBehalfOf, ", "))
	}
	for _, c := range r.Reach.By {
		p.printf("  %-10s %-14s %-14s %8d x %d\n", c.Action, c.Type, c.Tier, c.Count, c.Weight)
	}
	for _, note := range []struct {
		what  string
		lines []string
	}{
		{"limited", r.Limited}, {"can create", r.Creates}, {"not counted", r.Uncounted}, {"depends on the request", r.Depends}, {"DENIALS NOT ENFORCED", r.Shadow},
	} {
		for _, l := range note.lines {
			p.printf("  %s: %s\n", note.what, l)
		}
	}
}

// counted says over what the counts are.
func (r *Report) counted(p *printer) {
	p.printf("\ncounted over the catalog")
	for _, t := range r.Types {
		if t.Uncounted == "" {
			p.printf(", %d %s", t.Objects, t.Type)
		}
		if t.BadRows > 0 {
			p.printf(" (and %d rows that cannot be used)", t.BadRows)
		}
	}
	p.printf("; blast radius = sum of tier weight x action weight\n")
}
