package revocation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// object is a JSON object whose names were told apart to the byte. The decoder
// of the standard library folds case and keeps the last of two, so that
// "Until" beside "until" would end an entry that the writer did not mean to end.
type object map[string]json.RawMessage

// readObject reads one JSON object and nothing behind it.
func readObject(text []byte) (object, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	o := object{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // a name is always a text here
		if _, twice := o[name]; twice {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		o[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind the JSON object")
	}
	return o, nil
}

// members reads each name of the object into what is given for it. A name that
// nothing is given for is an error, and so is null.
func (o object) members(into map[string]any) error {
	for name, value := range o {
		v, ok := into[name]
		if !ok {
			return fmt.Errorf("unknown member %q", name)
		}
		if err := member(value, v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func member(value json.RawMessage, v any) (err error) {
	switch v := v.(type) {
	case *By:
		return v.read(value)
	case *Entry:
		*v, err = readEntry(value)
		return err
	case *time.Time:
		var text string
		if err := member(value, &text); err != nil {
			return err
		}
		at, err := time.Parse(time.RFC3339Nano, text)
		if *v = at.UTC(); err == nil && at.IsZero() { // it would be no bound, and stop everything
			err = fmt.Errorf("the time %s is none", text)
		}
		return err
	case *string:
		if len(value) == 0 || value[0] != '"' {
			return fmt.Errorf("want a text, found %.20s", value)
		}
		if string(value) == `""` {
			return errors.New("a text without anything in it")
		}
		err := json.Unmarshal(value, v)
		if strings.ContainsRune(*v, utf8.RuneError) { // what half of a surrogate pair is read as
			return fmt.Errorf("a character that cannot be read in %.100q", *v)
		}
		return err
	default:
		if string(value) == "null" {
			return errors.New("want a value, found null")
		}
		return json.Unmarshal(value, v)
	}
}

func (b *By) read(text []byte) error {
	o, err := readObject(text)
	if err != nil {
		return err
	}
	return o.members(map[string]any{
		"issuer": &b.Issuer, "token_id": &b.Token, "session": &b.Session, "subject": &b.Subject, "client": &b.Client,
		"key": &b.Key, "all": &b.All, "identity": &b.Identity, "issued_before": &b.IssuedBefore,
	})
}

// readEntry reads an entry as it is written, and checks it.
func readEntry(text []byte) (Entry, error) {
	var e Entry
	o, err := readObject(text)
	if err == nil {
		err = o.members(map[string]any{
			"id": &e.ID, "by": &e.By, "at": &e.At, "who": &e.Who, "because": &e.Because, "until": &e.Until,
			"meant": &e.Meant,
		})
	}
	if err == nil {
		err = e.check()
	}
	return e, err
}
