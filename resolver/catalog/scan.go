package catalog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// MaxRow is how many bytes a row that is read one by one may have.
const MaxRow = 1 << 20

// Scan reads the rows of a CSV or JSONL file one after the other, in the file's
// order, as a File reads them, and holds none: the file may be larger than memory.
// What only all rows together tell is left to take: two rows of one id, columns
// that are missing or misspelt (see Misspelt). Columns and Null of a row name what
// its own line names, the built-in "parent" too where it is empty; a row of CSV is
// Whole, and Untiered where the header has no tier. The error is rules.Mistakes with
// the place, of take's errors too.
func Scan(file string, text io.Reader, take func(Row) error) error {
	switch ext := filepath.Ext(file); ext {
	case ".csv":
		return scanCSV(file, text, take).Err()
	case ".jsonl":
		return scanJSONL(file, text, take).Err()
	default:
		return fmt.Errorf("file %q ends in %q, want .csv or .jsonl", file, ext)
	}
}

var errLongRow = fmt.Errorf("a row of more than %d bytes", MaxRow)

// ration is a reader that gives so much and no more, until it is filled up again:
// a quote that is never closed must not bring a whole file into memory.
type ration struct {
	io.Reader
	left int
}

func (r *ration) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errLongRow
	}
	n, err := r.Reader.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

func scanCSV(file string, text io.Reader, take func(Row) error) rules.Mistakes {
	var t table // only the names of its columns are used
	var at header
	food := &ration{text, 2 * MaxRow}
	begin := func(h header, _ []string) { at, t.columns = h, h.names }
	return eachCSV(file, food, begin, func(rec record) error {
		food.left = 2 * MaxRow // readers read ahead
		row := Row{Key: rec.key}
		t.fill(&row, &rec)
		row.Untiered = at.tier < 0
		if at.parent >= 0 && rec.parent == "" {
			row.Null = []string{"parent"}
		}
		return take(row)
	})
}

func scanJSONL(file string, text io.Reader, take func(Row) error) (ms rules.Mistakes) {
	b, line := newBuilder(), 0
	lines := bufio.NewScanner(withoutMark(text))
	lines.Buffer(nil, MaxRow)
	for lines.Scan() {
		line++
		raw := bytes.TrimSpace(lines.Bytes())
		if len(raw) == 0 {
			continue
		}
		pos := rules.Pos{File: file, Line: line, Col: 1}
		wrong := b.addJSON(pos, raw)
		if wrong == "" {
			if err := take(b.pop()); err != nil {
				wrong = err.Error()
			}
		}
		if wrong != "" {
			ms.Add(pos, "%s", wrong)
			return ms
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		ms.Add(rules.Pos{File: file, Line: line + 1, Col: 1}, "%v", errLongRow)
	case err != nil:
		ms.Add(rules.Pos{File: file, Line: line + 1, Col: 1}, "%v", err)
	case b.table.held == nil:
		return noRows(file)
	}
	return ms
}

// pop takes the only row out of the table.
func (b *builder) pop() Row {
	rec := b.table.records[0]
	b.table.records = b.table.records[:0]
	clear(b.table.index)
	row := Row{Key: rec.key, Found: true, Bad: rec.bad, Pos: rec.pos, Tier: rec.tier, NoTier: rec.noTier, Parent: rec.parent}
	row.Columns = make(map[string]any, len(rec.values))
	for i, v := range rec.values {
		switch v.(type) {
		case nil:
		case null:
			row.Null = append(row.Null, b.table.columns[i])
		default:
			row.Columns[b.table.columns[i]] = v
		}
	}
	if rec.noParent {
		row.Null = append(row.Null, "parent")
	}
	return row
}

// Misspelt reports the columns that are almost a built-in one which rows of their
// type do not have. columns are the names that the rows of each type have, built-in
// ones too, each with the line that has it first.
func Misspelt(file string, columns map[string]map[string]int) rules.Mistakes {
	h := make(held, len(columns))
	for typ, names := range columns {
		h[typ] = names
	}
	return h.slips(file)
}

// BuiltIn reports whether a column says what a row is, rather than what its object has.
func BuiltIn(column string) bool { return slices.Contains(builtIn, column) }
