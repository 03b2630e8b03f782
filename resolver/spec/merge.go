package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Memory is what an import wrote, so that the next one knows what was edited. It
// is kept beside the file.
type Memory struct {
	Version int                 `json:"version"`
	Types   map[string]Recalled `json:"types"` // by key
	Lines   map[string]Recalled `json:"lines"`
}

// Recalled is one line of the file as it was written.
type Recalled struct {
	Name string `json:"name,omitempty"` // of a type
	Sum  string `json:"sum"`
}

// ReadMemory reads what WriteMemory wrote. No text is no memory.
func ReadMemory(text []byte) (*Memory, error) {
	m := &Memory{Version: 1, Types: map[string]Recalled{}, Lines: map[string]Recalled{}}
	if len(text) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, err
	}
	if m.Version != 1 || m.Types == nil || m.Lines == nil {
		return nil, fmt.Errorf("version %d, want 1 with types and lines", m.Version)
	}
	return m, nil
}

// Text is the memory as it is kept.
func (m *Memory) Text() []byte {
	out, err := json.MarshalIndent(m, "", " ")
	if err != nil { // maps of texts
		return nil
	}
	return append(out, '\n')
}

// Names are the types' names by their keys.
func (m *Memory) Names() map[string]string {
	out := map[string]string{}
	for key, r := range m.Types {
		out[key] = r.Name
	}
	return out
}

// Report says what a merge did, by the names of operations and types.
type Report struct {
	Added, Changed, Removed []string
	Kept                    []string // edited, or written by somebody else
	Deleted                 []string // by somebody, and left so
	Stale                   []string // edited, and gone from the specification
}

// Merge puts a proposal into the text of an earlier one, or makes that text. Lines
// that read as the memory has them are brought up to date; all others are not
// touched. existing is what the whole directory says, that text included.
func (p *Proposal) Merge(text string, m *Memory, existing *Existing) (string, *Memory, *Report, error) {
	if text == "" {
		text = p.skeleton()
	}
	f := &file{lines: strings.Split(text, "\n"), report: &Report{}, after: map[int][]string{}, gone: map[int]bool{}}
	next := &Memory{Version: 1, Types: map[string]Recalled{}, Lines: map[string]Recalled{}}
	objects, routes := f.find("objects:", 0), f.find("routes:", 0)
	if objects < 0 || routes < 0 {
		return "", nil, nil, errors.New("the file has no sections objects: and routes: any more: give it another name, or write them")
	}
	host := f.find("- host: "+p.Host, routes)
	if host < 0 {
		return "", nil, nil, fmt.Errorf("the file has no routes of the host %q: say --host as when it was made, or move it away", p.Host)
	}
	lines := f.find("map:", host)
	if lines < 0 {
		return "", nil, nil, fmt.Errorf("the file's host %q has no key map", p.Host)
	}
	for _, at := range []int{objects, lines} {
		if !f.block(at) {
			return "", nil, nil, fmt.Errorf("line %d: %q is not a list with one entry a line, into which lines can be put", at+1, strings.TrimSpace(f.lines[at]))
		}
	}
	f.merge(p.objects(), m.Types, next.Types, objects, "  ", func(name string) bool { return existing.types[name] != nil })
	f.merge(p.mapped(), m.Lines, next.Lines, lines, "      ", func(name string) bool { return existing.lines[name] })
	return f.text(), next, f.report, nil
}

type file struct {
	lines  []string
	after  map[int][]string
	gone   map[int]bool
	report *Report

	sections []int // their places
}

// find is the place of a line from a place on, whatever stands behind it, or -1.
func (f *file) find(text string, from int) int {
	for i := from; i < len(f.lines); i++ {
		if line := strings.TrimSpace(f.lines[i]); line == text || strings.HasPrefix(line, text+" ") {
			return i
		}
	}
	return -1
}

func sum(line string) string {
	h := sha256.Sum256([]byte(strings.TrimSpace(line)))
	return hex.EncodeToString(h[:8])
}

// merge brings the items of one section up to date. New ones come behind the one
// that is in front of them in the proposal, or at the section's beginning.
func (f *file) merge(items []item, old, next map[string]Recalled, section int, indent string, there func(string) bool) {
	places := map[string]int{}
	for i := section + 1; i < len(f.lines); i++ {
		places[sum(f.lines[i])] = i
	}
	anchor := section
	for _, it := range items {
		was, recalled := old[it.key]
		at, unedited := places[was.Sum]
		name := ""
		if it.name != it.key {
			name = it.name
		}
		next[it.key] = Recalled{name, sum(it.text)}
		switch {
		case recalled && unedited:
			if was.Sum != sum(it.text) {
				f.lines[at] = indent + it.text
				f.report.Changed = append(f.report.Changed, it.name)
			}
			anchor = at
		case there(it.name):
			f.report.Kept = append(f.report.Kept, it.name)
		case recalled:
			f.report.Deleted = append(f.report.Deleted, it.name)
		default:
			f.after[anchor] = append(f.after[anchor], indent+it.text)
			f.report.Added = append(f.report.Added, it.name)
		}
	}
	f.remove(old, next, places, there)
}

// remove takes out what the specification has no more, unless somebody edited it.
func (f *file) remove(old, next map[string]Recalled, places map[string]int, there func(string) bool) {
	for key, was := range old {
		if _, still := next[key]; still {
			continue
		}
		name := key
		if was.Name != "" {
			name = was.Name
		}
		if at, unedited := places[was.Sum]; unedited {
			f.gone[at] = true
			f.report.Removed = append(f.report.Removed, name)
		} else if there(name) {
			f.report.Stale = append(f.report.Stale, name)
		}
	}
	slices.Sort(f.report.Removed)
	slices.Sort(f.report.Stale)
}

// block reports whether a section's entries stand on lines of their own. The mark
// of an empty one is taken off.
func (f *file) block(at int) bool {
	key, value, _ := strings.Cut(f.lines[at], ":")
	if value = strings.TrimSpace(value); value == "[]" {
		f.lines[at] = key + ":"
		value = ""
	}
	f.sections = append(f.sections, at)
	return value == "" || strings.HasPrefix(value, "#")
}

// empty reports whether no entry follows the key of a section.
func (f *file) empty(at int) bool {
	if len(f.after[at]) > 0 {
		return false
	}
	for i := at + 1; i < len(f.lines); i++ {
		line := strings.TrimSpace(f.lines[i])
		if strings.HasPrefix(line, "- ") && !f.gone[i] || len(f.after[i]) > 0 {
			return strings.HasPrefix(line, "- host: ") && len(f.after[i]) == 0
		}
		if line != "" && !strings.HasPrefix(line, "#") && !f.gone[i] {
			return true
		}
	}
	return true
}

func (f *file) text() string {
	var out []string
	for i, line := range f.lines {
		if slices.Contains(f.sections, i) && f.empty(i) {
			line = strings.TrimRight(line, " ") + " []"
		}
		if !f.gone[i] {
			out = append(out, line)
		}
		out = append(out, f.after[i]...)
	}
	return strings.Join(out, "\n")
}
