package diff

import (
	"io"
	"strings"
)

// WriteMarkdown writes it for a comment on a change.
func (r *Report) WriteMarkdown(w io.Writer) error {
	p := printer{w: w}
	p.printf("### Access: %s\n", r.sum())
	if len(r.Changes) > 0 {
		p.printf("\n| | who | may | before | after | by rule |\n|---|---|---|---|---|---|\n")
	}
	for i := range r.Changes {
		c := &r.Changes[i]
		p.printf("| %s | %s | %s | %s | %s | %s |\n", c.Effect, cell(c.Identity), cell(c.may()), c.Before, c.After, cell(c.Rule))
	}
	for _, u := range r.Unjudged {
		p.printf("\n- **%s**\n  - old: %s\n  - new: %s\n", plainText(u.says()), cell(orNone(u.Old)), cell(orNone(u.New)))
	}
	for _, n := range r.Notes {
		p.printf("\n- not exact: %s\n", plainText(n))
	}
	if r.Blast != nil {
		r.Blast.markdown(&p)
	}
	for i := range r.Changes {
		if c := &r.Changes[i]; c.Witness != nil {
			p.printf("\n<details><summary>%s: %s may %s</summary>\n\n```yaml\n%s```\n</details>\n", c.Effect, plainText(c.Identity), plainText(c.may()), c.proof())
		}
	}
	return p.err
}

// cell is a text in code, for a table.
func cell(text string) string {
	if text == "" {
		return ""
	}
	return "`" + strings.NewReplacer("`", "'", "|", `\|`, "\n", " ").Replace(text) + "`"
}

// plainText is a text in which Markdown finds no marks.
func plainText(text string) string {
	return strings.NewReplacer("<", "&lt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "'", "\n", " ", "[", `\[`).Replace(text)
}
