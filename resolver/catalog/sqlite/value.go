package sqlite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// jsonNull stands for a column that a row names and gives no value, where rows
// need not name all of them.
var jsonNull = []byte("null")

// stored is a row's value as SQLite keeps it: texts and whole numbers are
// themselves, all else is JSON in a BLOB.
func stored(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // NULL
	case catalog.Text:
		return string(v), nil
	case string, int64:
		return v, nil
	case float64:
		return floating(v), nil
	case bool, []any:
		return json.Marshal(written(v))
	}
	return nil, fmt.Errorf("a value of type %T cannot be kept", v)
}

// floating is a number as JSON has it; one beyond every float stays that.
func floating(f float64) []byte {
	switch text := strconv.FormatFloat(f, 'g', -1, 64); {
	case strings.HasPrefix(text, "-Inf"):
		return []byte("-1e999")
	case strings.HasPrefix(text, "+Inf"):
		return []byte("1e999")
	default:
		return []byte(text)
	}
}

// written makes numbers of a list ones that keep their text.
func written(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]any, len(list))
	for i, item := range list {
		out[i] = item
		if f, ok := item.(float64); ok {
			out[i] = json.Number(floating(f))
		}
	}
	return out
}

// loaded is the value that was stored; text says that texts are those of CSV.
func loaded(v any, text bool) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // absent
	case string:
		if text {
			return catalog.Text(v), nil
		}
		return v, nil
	case int64:
		return v, nil
	case []byte:
		d := json.NewDecoder(bytes.NewReader(v))
		d.UseNumber()
		var out any
		if err := d.Decode(&out); err != nil {
			return nil, err
		}
		return plain(out), nil
	}
	return nil, fmt.Errorf("a value of type %T", v)
}

// plain makes of JSON's numbers what rows have.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return i
		}
		f, _ := strconv.ParseFloat(v.String(), 64) // beyond every float is infinite, and fits no kind
		return f
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}
