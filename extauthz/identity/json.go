package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	r := reader{text: string(data)}
	if r.next() != '{' {
		return nil, errors.New("not a JSON object")
	}
	return r.members(make(map[string]any, min(strings.Count(r.text, `,"`)+1, maxHint)), maxDepth)
}

// maxHint bounds for how many members room is made before they are read.
const maxHint = 32

// checkEscapes refuses \u0000 and surrogates that are not a pair: encoding/json
// turns the latter into U+FFFD, which makes different names equal. data is valid JSON.
func checkEscapes(data []byte) error {
	if bytes.IndexByte(data, '\\') < 0 {
		return nil
	}
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

// reader reads a text that is valid JSON, so that only its meaning is left to
// look at. Texts without escapes share the memory of the whole.
type reader struct {
	text string
	at   int
}

// next skips space and returns the byte at hand, 0 at the end.
func (r *reader) next() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// skip passes a comma, if one is at hand.
func (r *reader) skip() {
	if r.next() == ',' {
		r.at++
	}
}

func (r *reader) value(depth int) (any, error) {
	switch r.next() {
	case '"':
		return r.string()
	case '{':
		return r.object(depth - 1)
	case '[':
		return r.array(depth - 1)
	case 't':
		r.at += len("true")
		return true, nil
	case 'f':
		r.at += len("false")
		return false, nil
	case 'n':
		r.at += len("null")
		return nil, nil
	}
	return r.number()
}

func (r *reader) object(depth int) (map[string]any, error) {
	return r.members(make(map[string]any), depth)
}

// members reads an object into an empty map.
func (r *reader) members(object map[string]any, depth int) (map[string]any, error) {
	if depth == 0 {
		return nil, errors.New("nested too deep")
	}
	r.at++ // the brace
	for ; r.next() == '"'; r.skip() {
		name, err := r.string()
		if err != nil {
			return nil, err
		}
		if _, dup := object[name]; dup {
			return nil, fmt.Errorf("the name %s comes twice", clip(name))
		}
		r.next()
		r.at++ // the colon
		if object[name], err = r.value(depth); err != nil {
			return nil, err
		}
	}
	r.at++
	return object, nil
}

func (r *reader) array(depth int) ([]any, error) {
	if depth == 0 {
		return nil, errors.New("nested too deep")
	}
	r.at++ // the bracket
	array := []any{}
	for ; r.next() != ']'; r.skip() {
		v, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		array = append(array, v)
	}
	r.at++
	return array, nil
}

func (r *reader) string() (string, error) {
	start, escaped := r.at, false
	for r.at++; r.at < len(r.text) && r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			escaped = true
			r.at++
		}
	}
	r.at++
	quoted := r.text[start:r.at]
	if !escaped {
		return quoted[1 : len(quoted)-1], nil
	}
	var text string
	err := json.Unmarshal([]byte(quoted), &text)
	return text, err
}

func (r *reader) number() (json.Number, error) {
	start := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.0123456789eE", r.text[r.at]) >= 0 {
		r.at++
	}
	number := r.text[start:r.at]
	if _, err := strconv.ParseFloat(number, 64); err != nil { // nor can a reader that went astray go on
		return "", errors.New("a number out of range")
	}
	return json.Number(number), nil
}

// caseTwins returns two names of one object that differ only in case, at whatever
// depth it stands. We read exactly one of them, if any, but an upstream that folds
// case may read the other.
func caseTwins(value any) (string, bool) {
	switch value := value.(type) {
	case map[string]any:
		if twin, ok := twinNames(value); ok {
			return twin, true
		}
		for _, member := range value {
			if twin, ok := caseTwins(member); ok {
				return twin, true
			}
		}
	case []any:
		for _, element := range value {
			if twin, ok := caseTwins(element); ok {
				return twin, true
			}
		}
	}
	return "", false
}

func twinNames(object map[string]any) (string, bool) {
	if len(object) < 2 || lower(object) {
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

// lower reports whether no name has anything but ASCII and no upper case, so
// that no two of them can differ only in case.
func lower(object map[string]any) bool {
	for name := range object {
		for i := range len(name) {
			if c := name[i]; c >= 0x80 || c >= 'A' && c <= 'Z' {
				return false
			}
		}
	}
	return true
}

// clip quotes text that a caller chose for a log line, at most 64 bytes of it.
func clip(text string) string {
	if len(text) <= 64 {
		return strconv.Quote(text)
	}
	return strconv.Quote(text[:64]) + "…"
}
