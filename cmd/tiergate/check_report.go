package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// findings are what check found: mistakes, and warnings with which the server
// would go on all the same.
type findings struct {
	bad, odd rules.Mistakes
	rows     rowsReport

	source func(file string) string // the text of a file, "" for one that is not shown
	below  []string                 // the directories that paths of rules files begin in
	kinds  []sarifRule              // what codes stand for; nil for those of check
}

func (f *findings) mistakes() int { return len(f.bad) + len(f.rows.bad) }

func (f *findings) write(w io.Writer, format string) error {
	switch format {
	case "json":
		return f.json(w)
	case "sarif":
		return f.sarif(w)
	case "github":
		f.github(w)
		f.count(w)
	default:
		f.text(w)
	}
	return nil
}

// text shows each with its source line. A catalog's own lines are not shown: they
// are data, and this goes into CI's logs.
func (f *findings) text(w io.Writer) {
	fmt.Fprint(w, shown(f.odd, "warning: ").Report(f.source))
	fmt.Fprint(w, shown(f.bad, "").Report(f.source))
	fmt.Fprint(w, shown(f.rows.bad, "").Report(func(string) string { return "" }))
	for _, m := range shown(f.rows.odd, "warning: ") {
		fmt.Fprintf(w, "%v: %s\n", m.Pos, m.Text)
	}
	f.count(w)
}

// shown are mistakes with a mark before their texts, and behind these the code of
// a kind that says more than that a value is bad.
func shown(ms rules.Mistakes, mark string) rules.Mistakes {
	out := slices.Clone(ms)
	for i := range out {
		out[i].Text = mark + out[i].Text
		if out[i].Code != rules.CodeValue {
			out[i].Text += fmt.Sprintf(" [%s]", out[i].Code)
		}
	}
	return out
}

func (f *findings) count(w io.Writer) {
	switch n := f.mistakes(); n {
	case 0:
	case 1:
		fmt.Fprintln(w, "1 mistake")
	default:
		fmt.Fprintf(w, "%d mistakes\n", n)
	}
}

// found is a mistake for machines.
type found struct {
	File string     `json:"file"`
	Line int        `json:"line"`
	Col  int        `json:"col"`
	Text string     `json:"text"`
	Hint string     `json:"hint,omitempty"`
	Code rules.Code `json:"code"`

	Warning bool `json:"warning,omitempty"` // the server would go on all the same
}

func (f *findings) json(w io.Writer) error {
	out := make([]found, 0, f.mistakes())
	for _, m := range f.all() {
		out = append(out, found{m.Pos.File, m.Pos.Line, m.Pos.Col, m.Text, m.Hint, m.Code, m.warning})
	}
	return json.NewEncoder(w).Encode(out)
}

// finding is one of them for who reads them one by one.
type finding struct {
	rules.Mistake
	warning bool
	row     bool // it is about a row of a catalog: the line is not shown
}

// all are mistakes, then warnings.
func (f *findings) all() (out []finding) {
	for _, part := range []struct {
		ms           rules.Mistakes
		warning, row bool
	}{{f.bad, false, false}, {f.rows.bad, false, true}, {f.odd, true, false}, {f.rows.odd, true, true}} {
		for _, m := range part.ms {
			out = append(out, finding{m, part.warning, part.row})
		}
	}
	return out
}

// github writes a workflow command for each, which shows it beside the line in a
// pull request.
func (f *findings) github(w io.Writer) {
	for _, m := range f.all() {
		text := m.Text
		if m.Hint != "" {
			text += "\n" + m.Hint
		}
		at := "file=" + property.Replace(filepath.ToSlash(f.path(m.Pos.File)))
		if m.Pos.Line > 0 {
			at += fmt.Sprintf(",line=%d,col=%d", m.Pos.Line, m.Pos.Col)
		}
		fmt.Fprintf(w, "::%s %s,title=%s::%s\n", m.level(), at, m.Code, message.Replace(text))
	}
}

func (m finding) level() string {
	if m.warning {
		return "warning"
	}
	return "error"
}

// message and property escape what would end a workflow command, or one of its properties.
var (
	message  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// path is where a file lies, seen from the working directory: rules files go by
// their directory's own name, which may lie anywhere.
func (f *findings) path(file string) string { return fileBelow(f.below, file) }

// dirsOf are the rules directories of a configuration, as far as it can be read.
func dirsOf(file string) []string {
	c, _ := loadConfig(file) // what is wrong with it is reported already
	if c == nil {
		return nil
	}
	return c.rulesDirs()
}
