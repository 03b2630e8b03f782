package catalog

import (
	"encoding/hex"
	"log/slog"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Guard says from when on a new version of a file is held until somebody accepts
// it: when it lowers the tier of more than a share of the rows in force, or loses
// more than a share of them. Shares are of 1; nil is the default, 0.05 and 0.2, which
// spares changes of fewer than 5 rows, and files of fewer than 20. A version that only
// raises tiers and adds rows is never held.
type Guard struct{ Lower, Lose *float64 }

const (
	defaultLower = 0.05
	defaultLose  = 0.2
	sparedRows   = 5
	sparedFile   = 20
)

// Rank orders the tiers of the rows of a type, lowest first.
type Rank struct {
	Tiers []string
	Floor int // the least that a row of the type is
	None  int // what a row without a tier is
}

// of is how sensitive a row is. One whose tier is unknown is denied, and so above all others.
func (r Rank) of(tier string) int {
	if tier == "" {
		return r.None
	}
	at := slices.Index(r.Tiers, tier)
	if at < 0 {
		at = len(r.Tiers)
	}
	return max(at, r.Floor)
}

// Rank implements Ranker. Rows without a type are ranked as the least sensitive
// of the types that read them.
func (f *File) Rank(types map[string]Rank) {
	ranks := make(map[string]Rank, len(types)+1)
	for typ, r := range types {
		ranks[typ] = r
		if all, there := ranks[""]; !there || r.None < all.None {
			ranks[""] = r
		}
	}
	f.ranks.Store(&ranks)
}

// loss is what a new version takes from the rows in force.
type loss struct{ rows, lowered, lost int }

// beyond reports whether the loss is more than a guard lets pass.
func (l loss) beyond(g Guard) bool {
	over := func(n int, share *float64, otherwise float64) bool {
		if share != nil {
			return float64(n) > *share*float64(l.rows)
		}
		return l.rows >= sparedFile && n >= sparedRows && float64(n) > otherwise*float64(l.rows)
	}
	return over(l.lowered, g.Lower, defaultLower) || over(l.lost, g.Lose, defaultLose)
}

// takes compares two versions row by row. A row that was denied has nothing to lose.
func takes(from, to *table, ranks map[string]Rank) loss {
	l := loss{rows: len(from.records)}
	for i := range from.records {
		was := &from.records[i]
		at, there := to.index[was.key]
		if !there {
			l.lost++
			continue
		}
		is := &to.records[at]
		if r, ranked := ranks[was.key.Type]; ranked && was.bad == "" && is.bad == "" && r.of(is.tier) < r.of(was.tier) {
			l.lowered++
		}
	}
	return l
}

// census counts the rows of a version by type ("" where rows name none) and tier
// ("" for none). It is what is known at a start of the version that was in force.
type census map[string]map[string]int

func (t *table) census() census {
	c := make(census)
	for i := range t.records {
		r := &t.records[i]
		if c[r.key.Type] == nil {
			c[r.key.Type] = make(map[string]int)
		}
		c[r.key.Type][r.tier]++
	}
	return c
}

// takes compares two versions by their counts: at least so many rows are lost, or lower.
func (c census) takes(to census, ranks map[string]Rank) (l loss) {
	for typ, tiers := range c {
		had, has := total(tiers), total(to[typ])
		lost := max(0, had-has)
		l.rows += had
		l.lost += lost
		r, ranked := ranks[typ]
		if !ranked {
			continue
		}
		lowered := 0
		for least := range len(r.Tiers) + 1 {
			lowered = max(lowered, r.from(tiers, least)-r.from(to[typ], least)-lost)
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

// holding is a version that waits to be accepted, and what it would take.
type holding struct {
	content string // SHA-256 in hex, "" when nothing waits
	loss
}

// guard returns why a version of the file may not take effect, or nil: compared with
// the rows in force, and at a start with what is remembered of them.
func (f *File) guard(now *table) error {
	content := hex.EncodeToString(f.seen.content[:])
	kept, err := f.remembered()
	if err != nil {
		f.options.Log.Error("catalog counts not used", slog.Any("error", err))
	}
	var ranks map[string]Rank
	if r := f.ranks.Load(); r != nil {
		ranks = *r
	}
	var l loss
	var passes bool
	if last := f.table.Load(); last != nil && last != now {
		l = takes(last, now, ranks)
		passes = !l.beyond(f.options.Guard)
	} else {
		l = kept.Rows.takes(now.census(), ranks)
		passes = content == kept.Content || content != kept.Held && !l.beyond(f.options.Guard)
	}
	if passes || f.accepted(content) {
		return nil
	}
	f.held = holding{content, l}
	f.remember(memory{Content: kept.Content, Rows: kept.Rows, Held: content})
	hint := "if that is meant, restart; with a state_dir, it could be accepted"
	if f.options.StateDir != "" {
		hint = "if that is meant: tiergate catalog accept -c tiergate.yaml " + content
	}
	var ms rules.Mistakes
	ms.AddHint(rules.Pos{File: f.options.Path, Line: 1, Col: 1}, hint,
		"held: of %d rows in force this version lowers the tier of %d and loses %d", l.rows, l.lowered, l.lost)
	return ms.Err()
}

// Held returns the SHA-256, in hex, of the version of the file that waits to be
// accepted, or "".
func (f *File) Held() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.held.content
}
