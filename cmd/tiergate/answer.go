package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/tiergate/tiergate/extauthz/revocation"
)

// answer is what a replica says when it has done what it was asked. Whatever else
// listens at the address may answer, too: what does not name what was sent is no
// acknowledgement.
type answer struct {
	Epoch   *uint64              `json:"epoch"`
	Entry   *revocation.Entry    `json:"entry"`
	Entries *[]revocation.Listed `json:"entries"`
}

// read reads an answer and holds it against what was asked.
func (a *answer) read(method string, body any, text []byte) error {
	if err := json.Unmarshal(text, a); err != nil {
		return fmt.Errorf("its answer is no acknowledgement: %w", err)
	}
	if a.Epoch == nil {
		return errors.New("its answer is no acknowledgement: no epoch")
	}
	if method == http.MethodGet && a.Entries == nil {
		return errors.New("its answer is no list: no entries")
	}
	if sent, ok := body.(revokeRequest); ok {
		return a.acknowledges(&sent)
	}
	return nil
}

// acknowledges returns how the entry differs from what was sent.
func (a *answer) acknowledges(sent *revokeRequest) error {
	if a.Entry == nil {
		return errors.New("its answer is no acknowledgement: no entry")
	}
	got, want := a.Entry.By, sent.By
	got.IssuedBefore, want.IssuedBefore = got.IssuedBefore.UTC(), want.IssuedBefore.UTC()
	gotText, err := json.Marshal(got)
	if err != nil {
		return err
	}
	wantText, err := json.Marshal(want)
	if err != nil {
		return err
	}
	switch {
	case a.Entry.ID != sent.ID:
		return fmt.Errorf("it acknowledged the entry %q, and was sent %q", a.Entry.ID, sent.ID)
	case !bytes.Equal(gotText, wantText):
		return fmt.Errorf("it acknowledged %v, and was sent %v", &got, &want)
	case !a.Entry.Until.Equal(sent.Until):
		return fmt.Errorf("it acknowledged an end at %v, and was sent %v", a.Entry.Until, sent.Until)
	}
	return nil
}

// visible is a text of a replica as a terminal may show it: what does not print is
// escaped, so that it moves no cursor and hides nothing.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
