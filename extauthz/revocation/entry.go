package revocation

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tiergate/tiergate/rules"
)

// Form is what an entry goes by.
type Form uint8

// The forms. The zero Form is none.
const (
	ByToken    Form = iota + 1 // issuer and jti
	BySession                  // issuer and sid
	BySubject                  // issuer and sub, optionally only what was issued before a moment
	ByClient                   // issuer and client
	ByKey                      // issuer and kid
	ByIssuer                   // everything of an issuer, optionally only what was issued before a moment
	ByIdentity                 // the name of an identity in the rules

	forms = iota + 1
)

var formNames = [forms]string{"none", "token", "session", "subject", "client", "key", "issuer", "identity"}

func (f Form) String() string { return formNames[f] }

// one is the form with its article, as it stands in a sentence.
func (f Form) one() string {
	if f == ByIdentity {
		return "an identity"
	}
	return "a " + f.String() // a whole issuer has refusals of its own
}

// Forms returns every form.
func Forms() []Form {
	return []Form{ByToken, BySession, BySubject, ByClient, ByKey, ByIssuer, ByIdentity}
}

// By says what is revoked: one of its texts within an issuer, a whole issuer, or
// an identity.
type By struct {
	Issuer       string    `json:"issuer,omitempty"`       // name in the configuration, not the URL
	Token        string    `json:"token_id,omitempty"`     // jti
	Session      string    `json:"session,omitempty"`      // sid
	Subject      string    `json:"subject,omitempty"`      // sub
	Client       string    `json:"client,omitempty"`       // as the issuer's tokens name it
	Key          string    `json:"key,omitempty"`          // kid
	All          bool      `json:"all,omitempty"`          // the whole issuer: said, because a forgotten key must not mean it
	Identity     string    `json:"identity,omitempty"`     // name in the rules; without an issuer
	IssuedBefore time.Time `json:"issued_before,omitzero"` // with Subject or All: what has an iat at or after it stays; zero for no bound
}

// Entry is one revocation.
type Entry struct {
	ID      string    `json:"id"` // unique within its source
	By      By        `json:"by"`
	At      time.Time `json:"at"`  // when it was made
	Who     string    `json:"who"` // made it
	Because string    `json:"because"`
	Until   time.Time `json:"until,omitzero"` // from when on it has no effect; zero for never

	// Meant is what the name in By stood for when the entry was made, in the words
	// of Names; "" where nobody knows. The name may be given to another later.
	Meant string `json:"meant,omitempty"`
}

// Limits of an entry, in bytes. Names are as long as a token's may be.
const (
	maxName    = 1024
	maxID      = 128
	maxBecause = 512
	maxWho     = 512
	maxMeant   = 2048
)

// Form returns what the entry goes by; 0 when that is not exactly one thing.
func (b *By) Form() Form {
	found, form := 0, Form(0)
	for _, c := range []struct {
		set  bool
		form Form
	}{
		{b.Token != "", ByToken}, {b.Session != "", BySession}, {b.Subject != "", BySubject}, {b.Client != "", ByClient},
		{b.Key != "", ByKey}, {b.All, ByIssuer}, {b.Identity != "", ByIdentity},
	} {
		if c.set {
			found, form = found+1, c.form
		}
	}
	if found != 1 {
		return 0
	}
	return form
}

// name is what the entry goes by within its issuer.
func (b *By) name() string {
	return b.Token + b.Session + b.Subject + b.Client + b.Key + b.Identity // one of them is there
}

// Check says what is wrong with what is to be revoked.
func (b *By) Check() error {
	form := b.Form()
	switch {
	case form == 0 && b.Issuer != "" && *b == (By{Issuer: b.Issuer, IssuedBefore: b.IssuedBefore}):
		return fmt.Errorf("issuer %q alone: say what of it, or all: true for everything that it issued", b.Issuer)
	case form == 0:
		return errors.New("want exactly one of token_id, session, subject, client, key, all and identity")
	case form == ByIdentity && b.Issuer != "":
		return fmt.Errorf("identity %q has no issuer beside it: its match names it in the rules", b.Identity)
	case form == ByIssuer && b.Issuer == "":
		return errors.New("all is everything of an issuer: say which")
	case form != ByIdentity && b.Issuer == "":
		return fmt.Errorf("%s belongs to an issuer: say which", form.one())
	case !b.IssuedBefore.IsZero() && form != BySubject && form != ByIssuer:
		return fmt.Errorf("issued_before is for a subject or a whole issuer, not for %s", form.one())
	}
	for what, text := range map[string]string{"issuer": b.Issuer, form.String(): b.name()} {
		if err := named(what, text); err != nil {
			return err
		}
	}
	return nil
}

// named accepts every text that a token can have, and nothing else.
func named(what, text string) error {
	switch {
	case len(text) > maxName:
		return fmt.Errorf("%s has %d bytes, the limit is %d", what, len(text), maxName)
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is not UTF-8", what)
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return fmt.Errorf("%s has byte 0x%02x", what, text[i])
		}
	}
	return nil
}

// legible refuses what nobody sees who writes an entry or reads it: it would look
// like an entry for somebody else, and stop nobody. Stores do not ask: what was
// acknowledged once stays in force.
func (e *Entry) legible() error {
	for _, t := range []struct {
		what, text string
		compared   bool
	}{
		{"issuer", e.By.Issuer, true},
		{e.By.Form().String(), e.By.name(), true},
		{"id", e.ID, true},
		{"because", e.Because, false},
		{"who", e.Who, false},
	} {
		if r, found := rules.Hidden(t.text); found {
			return fmt.Errorf("%s has the character %U, which does not show", t.what, r)
		}
		if t.compared && strings.TrimSpace(t.text) != t.text {
			return fmt.Errorf("%s %q begins or ends with a space, and is compared to the byte", t.what, t.text)
		}
	}
	return nil
}

// check says what is wrong with an entry.
func (e *Entry) check() error {
	if err := e.By.Check(); err != nil {
		return err
	}
	for _, t := range []struct {
		what, text string
		limit      int
	}{{"id", e.ID, maxID}, {"because", e.Because, maxBecause}, {"who", e.Who, maxWho}, {"meant", e.Meant, maxMeant}} {
		if len(t.text) > t.limit {
			return fmt.Errorf("%s has %d bytes, the limit is %d", t.what, len(t.text), t.limit)
		}
		if err := named(t.what, t.text); err != nil {
			return err
		}
	}
	switch {
	case e.ID == "":
		return errors.New("an entry without id")
	case e.Who == "":
		return errors.New("an entry that nobody made")
	case strings.TrimSpace(e.Because) == "":
		return errors.New("say because: why it is revoked")
	case e.At.IsZero():
		return errors.New("an entry without the time at which it was made")
	}
	for _, at := range []time.Time{e.At, e.Until, e.By.IssuedBefore} {
		if y := at.Year(); y > 9999 || !at.IsZero() && y < 1970 {
			return fmt.Errorf("a time in the year %d", y)
		}
	}
	return nil
}

// ended says whether the entry has no effect any more.
func (e *Entry) ended(now time.Time) bool { return !e.Until.IsZero() && !now.Before(e.Until) }

// String says what is revoked, for people.
func (b *By) String() string {
	form := b.Form()
	if form == ByIdentity {
		return fmt.Sprintf("identity %q", b.Identity)
	}
	text := fmt.Sprintf("%s %q of issuer %q", form, b.name(), b.Issuer)
	if form == ByIssuer {
		text = fmt.Sprintf("everything of issuer %q", b.Issuer)
	}
	if !b.IssuedBefore.IsZero() {
		text += " issued before " + b.IssuedBefore.UTC().Format(time.RFC3339)
	}
	return text
}
