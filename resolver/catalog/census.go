package catalog

// Census counts the rows of a version by type ("" where rows name none) and tier
// ("" for none, Unusable for those that cannot be used). It is what is known of a
// version whose rows are not at hand.
type Census map[string]map[string]int

// Unusable is what a Census has for the tier of rows that cannot be used. No tier
// is called so: such rows rank above all others, for they are denied.
const Unusable = "bad row"

func (t *table) census() Census {
	c := make(Census)
	for i := range t.records {
		r := &t.records[i]
		if c[r.key.Type] == nil {
			c[r.key.Type] = make(map[string]int)
		}
		if r.bad != "" {
			c[r.key.Type][Unusable]++
		} else {
			c[r.key.Type][r.tier]++
		}
	}
	return c
}

// takes compares two versions by their counts: at least so many rows are lost, or
// lower, if those that were denied still are where as many are. A row that was
// denied has nothing to lose.
func (c Census) takes(to Census, ranks map[string]Rank) (l loss) {
	for typ, tiers := range c {
		had, has := total(tiers), total(to[typ])
		lost := max(0, had-has)
		l.rows += had
		l.lost += lost
		r, ranked := ranks[typ]
		if !ranked {
			continue
		}
		lowered, denied := 0, r.from(tiers, r.denied())
		still := min(denied, r.from(to[typ], r.denied()))
		for least := range r.denied() {
			lowered = max(lowered, r.from(tiers, least)-denied-(r.from(to[typ], least)-still)-lost)
		}
		l.lowered += lowered
	}
	return l
}

// from counts the rows that are at least so sensitive.
func (r Rank) from(tiers map[string]int, least int) (n int) {
	for tier, rows := range tiers {
		if r.of(tier) >= least {
			n += rows
		}
	}
	return n
}

func total(tiers map[string]int) (n int) {
	for _, rows := range tiers {
		n += rows
	}
	return n
}
