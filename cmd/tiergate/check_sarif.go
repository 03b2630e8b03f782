package main

import (
	"encoding/json"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tiergate/tiergate/rules"
)

// The parts of SARIF 2.1.0 (OASIS, sections 3.13 to 3.57) that a report of check has.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string    `json:"id"`
		About sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
		Fixes     []sarifFix      `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
		Context  *sarifRegion  `json:"contextRegion,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int        `json:"startLine"`
		StartColumn int        `json:"startColumn,omitempty"`
		EndColumn   int        `json:"endColumn,omitempty"` // the first that is not in it
		Snippet     *sarifText `json:"snippet,omitempty"`
	}
	sarifFix struct {
		Description sarifText     `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion `json:"deletedRegion"`
		Inserted sarifText   `json:"insertedContent"`
	}
)

func (f *findings) sarif(w io.Writer) error {
	driver := sarifDriver{Name: "tiergate", Version: version, Rules: f.kinds}
	if f.kinds == nil {
		for _, c := range rules.Codes() {
			driver.Rules = append(driver.Rules, sarifRule{string(c), sarifText{c.About()}})
		}
	}
	run := sarifRun{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	for _, m := range f.all() {
		r := f.result(m)
		r.RuleIndex = slices.IndexFunc(driver.Rules, func(k sarifRule) bool { return k.ID == string(m.Code) })
		run.Results = append(run.Results, r)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func (f *findings) result(m finding) sarifResult {
	at := sarifPhysical{Artifact: sarifArtifact{uri(f.path(m.Pos.File))}}
	r := sarifResult{RuleID: string(m.Code), Level: m.level(), Message: sarifText{m.Text}}
	if m.Hint != "" {
		r.Message.Text += ": " + m.Hint
	}
	if m.Pos.Line > 0 {
		at.Region = &sarifRegion{StartLine: m.Pos.Line, StartColumn: max(m.Pos.Col, 1)}
		if line := f.line(m); line != "" {
			at.Context = &sarifRegion{StartLine: m.Pos.Line, Snippet: &sarifText{line}}
			if was, is := replacement(m.Mistake, line); was != "" {
				at.Region.EndColumn = at.Region.StartColumn + utf8.RuneCountInString(was)
				r.Fixes = []sarifFix{{sarifText{m.Hint}, []sarifChange{{at.Artifact, []sarifReplacement{{*at.Region, sarifText{is}}}}}}}
			}
		}
	}
	r.Locations = []sarifLocation{{at}}
	return r
}

func (f *findings) line(m finding) string {
	n := 0
	for line := range strings.Lines(f.source(m.Pos.File)) {
		if n++; n == m.Pos.Line && !m.row {
			return strings.TrimRight(line, "\r\n")
		}
	}
	return ""
}

var (
	suggested = regexp.MustCompile(`^did you mean "([^"]+)"\?$`)
	quoted    = regexp.MustCompile(`"([^"]+)"`)
)

// replacement is the word that a mistake is about and the one that was probably
// meant, if the word stands where the mistake is.
func replacement(m rules.Mistake, line string) (was, is string) {
	meant := suggested.FindStringSubmatch(m.Hint)
	runes := []rune(line)
	if meant == nil || m.Pos.Col < 1 || m.Pos.Col > len(runes) {
		return "", ""
	}
	for _, word := range quoted.FindAllStringSubmatch(m.Text, -1) {
		if strings.HasPrefix(string(runes[m.Pos.Col-1:]), word[1]) {
			return word[1], meant[1]
		}
	}
	return "", ""
}

// uri is a path as a reference relative to the working directory, or from the
// root of the file system.
func uri(path string) string {
	if wd, err := os.Getwd(); err == nil && filepath.IsAbs(path) {
		if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
			path = rel
		}
	}
	u := url.URL{Path: filepath.ToSlash(path)}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
	}
	return u.String()
}
