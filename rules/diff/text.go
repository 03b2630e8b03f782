package diff

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// WriteJSON writes the report as one object.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteText writes it for a terminal: a line for each change, and its witness.
func (r *Report) WriteText(w io.Writer) error {
	p := printer{w: w}
	for i := range r.Changes {
		c := &r.Changes[i]
		p.printf("%s %s\n", map[string]string{Gained: "+", Lost: "-"}[c.Effect], c.says())
		for line := range strings.Lines(c.proof()) {
			p.printf("      %s", line)
		}
	}
	for _, u := range r.Unjudged {
		p.printf("? %s\n", u.says())
		p.printf("      old: %s\n      new: %s\n", orNone(u.Old), orNone(u.New))
	}
	for _, n := range r.Notes {
		p.printf("! not exact: %s\n", n)
	}
	if r.Blast != nil {
		r.Blast.text(&p)
	}
	p.printf("%s\n", r.sum())
	return p.err
}

func (c *Change) may() string {
	text := c.Action + " " + c.Type
	if c.On != "object" {
		text += " (" + c.On + ")"
	}
	if c.Tier != "" {
		text += ", " + c.Tier
	}
	if c.Purpose != "" {
		text += ", for " + c.Purpose
	}
	if c.From != nil {
		text += ", from " + c.From.UTC().Format("2006-01-02T15:04:05Z")
	}
	return text
}

func (c *Change) says() string {
	text := fmt.Sprintf("%s: %s: %s -> %s", c.Identity, c.may(), c.Before, c.After)
	if c.Rule != "" {
		text += " (rule " + c.Rule + ")"
	}
	return text
}

// proof is the witness, or why there is none.
func (c *Change) proof() string {
	switch {
	case c.Witness != nil:
		return c.Witness.Case
	case c.Type != "" && c.On == "open line":
		return ""
	}
	return "# no request is shown: it takes more than a test can say here\n"
}

func (u *Unjudged) says() string {
	text := u.Of + ": " + u.What + " changed"
	if u.MayGain {
		return text + ", somebody may gain by it"
	}
	return text + ", nobody gains by it"
}

// sum is the report in one line.
func (r *Report) sum() string {
	gained, lost := 0, 0
	for i := range r.Changes {
		if r.Changes[i].Effect == Gained {
			gained++
		} else {
			lost++
		}
	}
	return fmt.Sprintf("%d gained, %d lost, %d changed and not judged", gained, lost, len(r.Unjudged))
}

func orNone(text string) string {
	if text == "" {
		return "(none)"
	}
	return text
}
