package catalog

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tiergate/tiergate/rules"
)

// table holds the rows of one generation in memory. It never changes once built.
type table struct {
	generation uint64
	asOf       time.Time // what max_age counts from
	typed      bool      // rows name their type; otherwise every type has every row
	columns    []string  // names of the values in a record
	held       held      // what the rows of a file have, by type; nil for other rows
	records    []record  // in the order of the file
	index      map[Key]int32
}

// record is one row as its file has it: cells of a CSV file, or values of a
// file that knows kinds, null for what it gives no value. Both are parallel to table.columns; the second may be shorter.
type record struct {
	key          Key
	tier, parent string
	noTier       bool
	noParent     bool // the row names it and gives no value
	cells        []string
	values       []any
	bad          string
	pos          rules.Pos
}

func newTable() *table { return &table{index: make(map[Key]int32)} }

// add appends a record. A second record with one key makes the first one bad:
// nobody can say which of them is true.
func (t *table) add(r record) {
	if first, dup := t.index[r.key]; dup {
		was := &t.records[first]
		if was.bad == "" {
			was.bad = fmt.Sprintf("two rows have this id, the other in line %d", r.pos.Line)
		}
		return
	}
	t.index[r.key] = int32(len(t.records)) //nolint:gosec // a file is capped far below 2^31 rows
	t.records = append(t.records, r)
}

// noRows is what is wrong with a file of lines that has none: an export that
// failed looks just like it, and would make every object unknown. Nobody writes
// an empty YAML list by accident, so that one is taken.
func noRows(file string) (ms rules.Mistakes) {
	ms.AddHint(rules.Pos{File: file, Line: 1, Col: 1}, "a catalog without rows is a YAML file that says []", "no rows")
	return ms
}

func (t *table) lookup(ctx context.Context, keys []Key) ([]Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rows := make([]Row, len(keys))
	for i, key := range keys {
		rows[i] = Row{Key: key, Generation: t.generation}
		stored := key
		if !t.typed {
			stored.Type = ""
		}
		if at, ok := t.index[stored]; ok {
			t.fill(&rows[i], &t.records[at])
		}
	}
	return rows, nil
}

func (t *table) rows(ctx context.Context, typ string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for i := range t.records {
			r := &t.records[i]
			if t.typed && r.key.Type != typ {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(Row{}, err)
				return
			}
			row := Row{Key: Key{Type: typ, ID: r.key.ID}, Generation: t.generation}
			t.fill(&row, r)
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (t *table) fill(row *Row, r *record) {
	row.Found, row.Bad, row.Pos = true, r.bad, r.pos
	row.Tier, row.NoTier, row.Parent = r.tier, r.noTier, r.parent
	row.Columns = make(map[string]any, len(t.columns))
	for i, cell := range r.cells {
		row.Columns[t.columns[i]] = nil // an empty cell is absent, but its column is there
		if cell != "" {
			row.Columns[t.columns[i]] = Text(cell)
		}
	}
	row.Whole = r.cells != nil
	if t.held != nil {
		_, tiered := t.held.of(r.key.Type)["tier"]
		row.Untiered = !tiered
	}
	if r.cells == nil {
		t.empty(row, r.key.Type)
	}
	if r.noParent {
		row.Null = append(row.Null, "parent")
	}
	for i, v := range r.values {
		switch v.(type) {
		case nil:
		case null:
			row.Null = append(row.Null, t.columns[i])
		default:
			row.Columns[t.columns[i]] = v
		}
	}
}

// empty gives a row the columns that rows of its type have.
func (t *table) empty(row *Row, typ string) {
	if t.held == nil {
		for _, name := range t.columns {
			row.Columns[name] = nil
		}
	}
	for name := range t.held.of(typ) {
		if !slices.Contains(builtIn, name) {
			row.Columns[name] = nil
		}
	}
}

// notUTF8 returns why a row with this text is bad, or "".
func notUTF8(text string) string {
	if utf8.ValidString(text) {
		return ""
	}
	return "the row is not UTF-8"
}

// neverAsked returns why no request can ask for a row of this id, or "": such an
// id in a request is always malformed. What the row says would count for nobody,
// and whom it means would be taken for somebody without a row.
func neverAsked(id string) string {
	if id != strings.TrimSpace(id) {
		return "the id has a space at an end: no request can ask for it"
	}
	if utf8.ValidString(id) && strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "the id has a character that does not print: no request can ask for it"
	}
	return ""
}
