package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/tiergate/tiergate/rules"
)

// readJSONL reads a file with one JSON object a line. A line that is not strict
// JSON spoils the whole file; what its members hold only the row.
func readJSONL(file string, text []byte) (*table, rules.Mistakes) {
	var ms rules.Mistakes
	b := newBuilder()
	line := 0
	for raw := range bytes.Lines(bytes.TrimPrefix(text, byteOrderMark)) {
		line++
		raw = bytes.TrimSpace(raw)
		if len(raw) == 0 {
			continue
		}
		pos := rules.Pos{File: file, Line: line, Col: 1}
		if wrong := b.addJSON(pos, raw); wrong != "" {
			ms.Add(pos, "%s", wrong)
			return nil, ms
		}
	}
	if line == 0 {
		ms.Add(rules.Pos{File: file, Line: 1, Col: 1}, "the file is empty")
		return nil, ms
	}
	if len(b.table.records) == 0 {
		return nil, noRows(file)
	}
	return b.table, ms
}

// addJSON appends the row of one line, or returns why the file cannot be used.
func (b *builder) addJSON(pos rules.Pos, raw []byte) (wrong string) {
	members, err := jsonObject(raw)
	if err != nil {
		return fmt.Sprintf("not a strict JSON object: %v", err)
	}
	return b.add(pos, members, notUTF8(string(raw)))
}

// jsonObject reads one object of scalars and lists of scalars. encoding/json
// alone would keep the last of two members with one name.
func jsonObject(raw []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return nil, errors.Join(errors.New("want {"), err)
	}
	var out []member
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := tok.(string) // a key is always a string
		for _, m := range out {
			if m.name == name {
				return nil, fmt.Errorf("%q is given twice", name)
			}
		}
		value, err := jsonValue(d, true)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		out = append(out, member{name, value})
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return out, nil
}

func jsonValue(d *json.Decoder, list bool) (any, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := tok.(type) {
	case json.Number:
		return number(v.String()), nil
	case json.Delim:
		if v != '[' || !list {
			return nil, errors.New("want a value or a list of values")
		}
		out := []any{}
		for d.More() {
			item, err := jsonValue(d, false)
			if err != nil {
				return nil, err
			}
			out = append(out, item)
		}
		_, err := d.Token()
		return out, err
	}
	return tok, nil // string, bool or nil
}

// number is a whole number, or a float64, which no attribute can hold.
func number(text string) any {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	f, _ := strconv.ParseFloat(text, 64)
	return f
}
