package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// strictObject reads a JSON object that every reader understands alike: valid
// UTF-8, no repeated name at any depth, no lone surrogate, no NUL, no number that
// a float64 cannot hold, nothing after it, and nested at most maxDepth deep, the
// object itself counting as one. Numbers come as json.Number.
//
// encoding/json alone accepts all of these and keeps the last repeated name.
func strictObject(data []byte, maxDepth int) (map[string]any, error) {
	switch {
	case !utf8.Valid(data):
		return nil, errors.New("not UTF-8")
	case !json.Valid(data):
		return nil, errors.New("not valid JSON")
	}
	if err := checkEscapes(data); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	first, err := d.Token()
	if err != nil {
		return nil, err
	}
	if first != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	return readObject(d, maxDepth)
}

// checkEscapes refuses \u0000 and surrogates that are not a pair: encoding/json
// turns the latter into U+FFFD, which makes different names equal. data is valid JSON.
func checkEscapes(data []byte) error {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		i++
		if data[i] != 'u' {
			continue
		}
		r := hex4(data[i+1:])
		i += 4
		switch {
		case r == 0:
			return errors.New("an escaped NUL")
		case r >= 0xdc00 && r <= 0xdfff:
			return errors.New("a lone surrogate")
		case r >= 0xd800 && r <= 0xdbff:
			rest := data[i+1:]
			if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
				return errors.New("a lone surrogate")
			}
			if low := hex4(rest[2:]); low < 0xdc00 || low > 0xdfff {
				return errors.New("a lone surrogate")
			}
			i += 6
		}
	}
	return nil
}

func hex4(digits []byte) uint64 {
	r, err := strconv.ParseUint(string(digits[:4]), 16, 16)
	if err != nil {
		return 0 // not reached in valid JSON; 0 is refused
	}
	return r
}

// readObject reads the members of an object whose brace is already read.
func readObject(d *json.Decoder, depth int) (map[string]any, error) {
	if depth == 0 {
		return nil, errors.New("nested too deep")
	}
	object := make(map[string]any)
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		if _, dup := object[name]; dup {
			return nil, fmt.Errorf("the name %s comes twice", clip(name))
		}
		if object[name], err = readValue(d, depth); err != nil {
			return nil, err
		}
	}
	_, err := d.Token() // the closing brace
	return object, err
}

func readValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return readObject(d, depth-1)
		}
		return readArray(d, depth-1)
	case json.Number:
		if _, err := strconv.ParseFloat(t.String(), 64); err != nil {
			return nil, errors.New("a number out of range")
		}
	}
	return t, nil
}

func readArray(d *json.Decoder, depth int) ([]any, error) {
	if depth == 0 {
		return nil, errors.New("nested too deep")
	}
	array := []any{}
	for d.More() {
		v, err := readValue(d, depth)
		if err != nil {
			return nil, err
		}
		array = append(array, v)
	}
	_, err := d.Token() // the closing bracket
	return array, err
}

// caseTwins returns two names of an object that differ only in case. We read
// exactly one of them, but an upstream that folds case may read the other.
func caseTwins(object map[string]any) (string, bool) {
	if len(object) < 2 {
		return "", false
	}
	seen := make(map[string]bool, len(object))
	for name := range object {
		folded := strings.ToLower(strings.ToUpper(name)) // upper first: it joins what encoding/json joins, such as ſ and s
		if seen[folded] {
			return folded, true
		}
		seen[folded] = true
	}
	return "", false
}

// clip quotes text that a caller chose for a log line, at most 64 bytes of it.
func clip(text string) string {
	if len(text) <= 64 {
		return strconv.Quote(text)
	}
	return strconv.Quote(text[:64]) + "…"
}
