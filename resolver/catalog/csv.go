package catalog

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

var byteOrderMark = []byte("\xEF\xBB\xBF")

// readCSV reads a file whose first line names the columns. A row of another
// width or with bad quotes spoils the whole file, for that is how a file looks
// that is cut or still being written.
func readCSV(file string, text []byte) (*table, rules.Mistakes) {
	var ms rules.Mistakes
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, byteOrderMark)))
	head, err := r.Read()
	if err != nil {
		return nil, append(ms, csvMistake(file, err))
	}
	at, ms := csvHeader(rules.Pos{File: file, Line: 1, Col: 1}, head)
	if len(ms) > 0 {
		return nil, ms
	}
	t := newTable()
	t.typed, t.columns, t.held = at.typ >= 0, at.names, make(held)
	has := make(columns, len(head)) // for all types: they share the header
	for _, name := range head {
		has[name] = 1
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) && len(t.records) == 0 {
			return nil, noRows(file)
		}
		if errors.Is(err, io.EOF) {
			return t, ms
		}
		if err != nil {
			return nil, append(ms, csvMistake(file, err))
		}
		line, col := r.FieldPos(0)
		rec, wrong := at.record(rules.Pos{File: file, Line: line, Col: col}, cells)
		if wrong != "" {
			ms.Add(rec.pos, "%s", wrong)
			return nil, ms
		}
		t.add(rec)
		t.held[rec.key.Type] = has
	}
}

// header says which cell is which; -1 means that there is no such column.
type header struct {
	id, tier, parent, typ int
	others                []int
	names                 []string // of the others
}

func csvHeader(pos rules.Pos, head []string) (header, rules.Mistakes) {
	var ms rules.Mistakes
	h := header{id: -1, tier: -1, parent: -1, typ: -1}
	for i, name := range head {
		switch {
		case name == "" || notUTF8(name) != "":
			ms.Add(pos, "column %d has no readable name", i+1)
		case slices.Contains(head[:i], name):
			ms.Add(pos, "two columns are named %q", name)
		case name == "id":
			h.id = i
		case name == "tier":
			h.tier = i
		case name == "parent":
			h.parent = i
		case name == "type":
			h.typ = i
		case almostBuiltIn(name) != "":
			ms.Add(pos, "%s", almostBuiltIn(name))
		default:
			h.others, h.names = append(h.others, i), append(h.names, name)
		}
	}
	if h.id < 0 {
		ms.AddHint(pos, "the first line names the columns, in lower case", "no column is named id")
	}
	return h, ms
}

// record sorts the cells of one line. wrong says why the file cannot be used.
func (h *header) record(pos rules.Pos, cells []string) (r record, wrong string) {
	r = record{pos: pos, key: Key{ID: cells[h.id]}, cells: make([]string, len(h.others))}
	if r.key.ID == "" {
		return r, "the id is empty"
	}
	if h.typ >= 0 {
		if r.key.Type = cells[h.typ]; r.key.Type == "" {
			return r, "the type is empty"
		}
	}
	if h.tier >= 0 {
		r.tier, r.noTier = cells[h.tier], cells[h.tier] == ""
	}
	if h.parent >= 0 {
		r.parent = cells[h.parent]
	}
	for i, at := range h.others {
		r.cells[i] = cells[at]
	}
	for _, cell := range cells {
		if why := notUTF8(cell); why != "" {
			r.bad = why
		}
	}
	return r, ""
}

func csvMistake(file string, err error) rules.Mistake {
	m := rules.Mistake{Pos: rules.Pos{File: file, Line: 1, Col: 1}, Text: err.Error()}
	if errors.Is(err, io.EOF) {
		m.Text, m.Hint = "the file is empty", "the first line names the columns"
	}
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		m.Pos.Line, m.Pos.Col = p.Line, max(p.Column, 1)
		m.Text = fmt.Sprintf("not valid CSV: %s", strings.TrimSpace(p.Err.Error()))
	}
	return m
}
