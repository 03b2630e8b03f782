package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
)

// ErrNotFound says that a log has no record with that decision id.
var ErrNotFound = errors.New("no such decision in the log")

// maxLine bounds one line; a record of 100 targets with long ids stays below.
const maxLine = 4 << 20

// Read yields the records of a log in order. A line that is no record yields an
// error that names the line, and reading goes on, behind one that is too long
// too. A last line without its end is
// left out unless it is whole: the writer may be at it, or died in it.
func Read(r io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		in := bufio.NewReaderSize(r, 64<<10)
		for n := 1; ; n++ {
			line, err := readLine(in)
			if errors.Is(err, errTooLong) {
				if !yield(Record{}, fmt.Errorf("line %d: %w", n, err)) {
					return
				}
				continue
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Record{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			last := errors.Is(err, io.EOF)
			if text := bytes.TrimSpace(line); len(text) > 0 {
				rec, bad := parse(text)
				if bad != nil && last {
					return
				}
				if bad != nil {
					bad = fmt.Errorf("line %d: %w", n, bad)
				}
				if rec.Why != closedInOrder && !yield(rec, bad) {
					return
				}
			}
			if last {
				return
			}
		}
	}
}

// Find returns the record of one decision. Lines that are no record are passed over.
func Find(r io.Reader, id string) (Record, error) {
	for rec, err := range Read(r) {
		if err == nil && rec.ID == id && id != "" {
			return rec, nil
		}
	}
	return Record{}, fmt.Errorf("decision %q: %w", id, ErrNotFound)
}

var errTooLong = fmt.Errorf("longer than %d bytes", maxLine)

// readLine reads to the end of a line, also of one that it does not keep.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for long := false; ; {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case long && (err == nil || errors.Is(err, io.EOF)):
			return nil, errTooLong // at the end of the input the next call says so
		default:
			return line, err
		}
	}
}

func parse(line []byte) (Record, error) {
	var rec Record
	if err := json.Unmarshal(line, &rec); err != nil {
		return Record{}, fmt.Errorf("not a decision record: %w", err)
	}
	if rec.V != Version {
		return Record{}, fmt.Errorf("a record of version %d, want %d", rec.V, Version)
	}
	return rec, nil
}

// UnmarshalJSON reads a value in the kinds in which conditions read it.
func (i *Input) UnmarshalJSON(data []byte) error {
	type plain Input
	var p plain
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&p); err != nil {
		return err
	}
	v, err := typed(p.Value)
	if err != nil {
		return fmt.Errorf("input %q: %w", p.Name, err)
	}
	*i = Input(p)
	i.Value = v
	return nil
}

func typed(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool:
		return v, nil
	case json.Number:
		return strconv.ParseInt(v.String(), 10, 64)
	case []any:
		return typedList(v)
	}
	return nil, fmt.Errorf("a value of type %T", v)
}

// typedList reads a list; an empty one is of strings.
func typedList(items []any) (any, error) {
	texts, numbers := []string{}, []int64{}
	for _, item := range items {
		switch item := item.(type) {
		case string:
			texts = append(texts, item)
		case json.Number:
			n, err := item.Int64()
			if err != nil {
				return nil, err
			}
			numbers = append(numbers, n)
		default:
			return nil, fmt.Errorf("a list with a %T", item)
		}
	}
	switch {
	case len(numbers) == 0:
		return texts, nil
	case len(texts) == 0:
		return numbers, nil
	}
	return nil, errors.New("a list of strings and numbers")
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Pos) UnmarshalText(data []byte) error {
	*p = Pos{File: string(data)}
	file, col, ok := cutNumber(p.File)
	if !ok {
		return nil
	}
	if file, line, ok := cutNumber(file); ok {
		*p = Pos{File: file, Line: line, Col: col}
	}
	return nil
}

// cutNumber splits rest:N.
func cutNumber(s string) (rest string, n int, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil && n >= 0
}
