package diff

import "fmt"

// text writes it under the changes, an identity a paragraph.
func (b *Blast) text(p *printer) {
	p.printf("blast radius: %s\n", b.sum())
	for i := range b.Identities {
		r := &b.Identities[i]
		p.printf("  %s: %s\n", r.Identity, r.figures())
		for _, part := range r.By {
			p.printf("      %s: %d -> %d\n", part.says(), part.Before, part.After)
		}
	}
	for _, u := range b.Uncounted {
		p.printf("  not counted: %s\n", u)
	}
}

// markdown writes it as a table.
func (b *Blast) markdown(p *printer) {
	p.printf("\n**Blast radius**: %s\n", plainText(b.sum()))
	if len(b.Identities) > 0 {
		p.printf("\n| who | blast radius | objects | pairs | what changes |\n|---|---|---|---|---|\n")
	}
	for i := range b.Identities {
		r := &b.Identities[i]
		what := ""
		for k, part := range r.By {
			if k > 0 {
				what += "<br>"
			}
			what += fmt.Sprintf("%s: %d → %d", cell(part.says()), part.Before, part.After)
		}
		p.printf("| %s | %d → %d | %d → %d | %d → %d | %s |\n", cell(r.Identity), r.Before.BlastRadius, r.After.BlastRadius,
			r.Before.Objects, r.After.Objects, r.Before.Pairs, r.After.Pairs, what)
	}
	for _, u := range b.Uncounted {
		p.printf("\n- not counted: %s\n", plainText(u))
	}
}

// sum is it in one line.
func (b *Blast) sum() string {
	switch {
	case b.NotComputed != "":
		return "not computed: " + b.NotComputed
	case b.Reweighed && len(b.Identities) > 0:
		return fmt.Sprintf("%d identities change, each version by its own weights, which differ", len(b.Identities))
	case len(b.Identities) == 1:
		return "1 identity changes"
	}
	return fmt.Sprintf("%d identities change", len(b.Identities))
}

func (r *Reach) figures() string {
	return fmt.Sprintf("%d -> %d (objects %d -> %d, pairs %d -> %d)", r.Before.BlastRadius, r.After.BlastRadius,
		r.Before.Objects, r.After.Objects, r.Before.Pairs, r.After.Pairs)
}

func (p *Part) says() string { return p.Action + " " + p.Type + ", " + p.Tier }
