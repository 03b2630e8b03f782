package catalog

import (
	"bufio"
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
	t := newTable()
	var has columns // for all types: they share the header
	begin := func(at header, head []string) {
		t.typed, t.columns, t.held = at.typ >= 0, at.names, make(held)
		has = make(columns, len(head))
		for _, name := range head {
			has[name] = 1
		}
	}
	ms := eachCSV(file, bytes.NewReader(text), begin, func(rec record) error {
		t.add(rec)
		t.held[rec.key.Type] = has
		return nil
	})
	if len(ms) > 0 {
		return nil, ms
	}
	return t, nil
}

// eachCSV reads the header, for begin, and then one record after the other. An
// error of take ends it and is the mistake at its record.
func eachCSV(file string, text io.Reader, begin func(at header, head []string), take func(record) error) (ms rules.Mistakes) {
	r := csv.NewReader(withoutMark(text))
	r.ReuseRecord = true // record copies what it keeps
	head, err := r.Read()
	if err != nil {
		return append(ms, csvMistake(file, 1, err))
	}
	at, ms := csvHeader(rules.Pos{File: file, Line: 1, Col: 1}, head)
	if len(ms) > 0 {
		return ms
	}
	begin(at, head)
	line := 1
	for n := 0; ; n++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) && n == 0 {
			return noRows(file)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return append(ms, csvMistake(file, line+1, err))
		}
		var col int
		line, col = r.FieldPos(0)
		rec, wrong := at.record(rules.Pos{File: file, Line: line, Col: col}, cells)
		if wrong == "" {
			if err := take(rec); err != nil {
				wrong = err.Error()
			}
		}
		if wrong != "" {
			ms.Add(rec.pos, "%s", wrong)
			return ms
		}
	}
}

// withoutMark leaves a byte order mark out.
func withoutMark(text io.Reader) io.Reader {
	b := bufio.NewReaderSize(text, 64<<10)
	if start, _ := b.Peek(len(byteOrderMark)); bytes.Equal(start, byteOrderMark) {
		_, _ = b.Discard(len(byteOrderMark)) // it was there a moment ago
	}
	return b
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
	if why := neverAsked(r.key.ID); why != "" {
		return r, why
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

// csvMistake places what a reader says; line is for errors that have no place of their own.
func csvMistake(file string, line int, err error) rules.Mistake {
	m := rules.Mistake{Pos: rules.Pos{File: file, Line: line, Col: 1}, Text: err.Error(), Code: rules.CodeValue}
	if errors.Is(err, io.EOF) {
		m.Text, m.Hint = "the file is empty", "the first line names the columns"
	}
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		m.Pos.Line, m.Pos.Col = p.Line, max(p.Column, 1)
		m.Text = fmt.Sprintf("not valid CSV: %s", strings.TrimSpace(p.Err.Error()))
	}
	return m
}
