package extauthz

import (
	"cmp"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tiergate/tiergate/rules"
)

func (d *decoder) headerMap(message string) error {
	if d.list == nil {
		d.list = make([]rules.Header, 0, 32)
	}
	s := scanner{rest: message}
	for s.next() {
		if s.field == headerMapHeaders && s.kind == protowire.BytesType {
			exact, err := header(&d.list, s.text, true)
			if err != nil {
				return err
			}
			d.inexact = d.inexact || !exact
		}
	}
	return s.err
}

// header reads a HeaderValue, or an entry of a map, which has no raw value. exact:
// the value is the very bytes, not the text that the proxy made of them.
func header(into *[]rules.Header, message string, raw bool) (exact bool, err error) {
	var key, value, rawValue string
	s := scanner{rest: message}
	for s.next() {
		if s.kind != protowire.BytesType {
			continue
		}
		switch {
		case s.field == headerKey:
			err = text(&key, s.text)
		case s.field == headerValue:
			err = text(&value, s.text)
		case s.field == headerRawValue && raw:
			rawValue = s.text
		}
		if err != nil {
			return false, err
		}
	}
	exact = rawValue != "" || value == ""
	if rawValue != "" {
		value = rawValue
	}
	*into = append(*into, rules.Header{Name: key, Value: value})
	return exact, s.err
}

// ordered makes a map's entries, which have no order, one by name; of an entry
// that comes twice the last counts.
func ordered(entries []rules.Header) []rules.Header {
	slices.SortStableFunc(entries, func(a, b rules.Header) int { return cmp.Compare(a.Name, b.Name) })
	kept := entries[:0]
	for i, h := range entries {
		if i+1 == len(entries) || entries[i+1].Name != h.Name {
			kept = append(kept, h)
		}
	}
	return kept
}
