package suite

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// A snapshot is the whole answer to a test, kept beside it in a file that is
// reviewed as code is: NAME_test.snap for NAME_test.yaml.

const (
	snapHead = "# The answers to tests that want a snapshot. tiergate test --update writes them; review what it changes.\n"
	snapMark = "== " // before the name of a test
)

func snapFile(tests string) string { return strings.TrimSuffix(tests, ".yaml") + ".snap" }

// shot is one test's part of a file.
type shot struct {
	name  string
	lines []string
}

// readShots reads the file beside a file of tests; without one there is none.
func readShots(fsys fs.FS, tests string) (out []shot) {
	text, err := fs.ReadFile(fsys, snapFile(tests))
	if err != nil {
		return nil // then each of its tests says that it has none
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		name, begins := strings.CutPrefix(line, snapMark)
		switch {
		case begins:
			out = append(out, shot{name: name})
		case line != "" && len(out) > 0:
			out[len(out)-1].lines = append(out[len(out)-1].lines, line)
		}
	}
	return out
}

func writeShots(shots []shot) string {
	var b strings.Builder
	b.WriteString(snapHead)
	for _, s := range shots {
		b.WriteString("\n" + snapMark + s.name + "\n" + strings.Join(s.lines, "\n") + "\n")
	}
	return b.String()
}

// picture is an outcome line by line: the answer, each target, what the upstream gets.
func picture(o *rules.Outcome) []string {
	out := []string{fmt.Sprintf("%v %s (%d)", o.Effect, o.Reason, o.Status())}
	if o.Operation != "" {
		out = append(out, o.Operation)
	}
	for i := range o.Targets {
		v := &o.Targets[i]
		what := v.Type
		if v.ID != "" {
			what += "/" + v.ID
		}
		line := fmt.Sprintf("%s %s: %v %s, %s by %s", v.Action, what, v.Effect, v.Reason, v.Tier, v.TierFrom)
		if v.Actor {
			line = "actor: " + line
		}
		if len(v.Categories) > 0 {
			line += ", " + strings.Join(v.Categories, " ")
		}
		switch {
		case v.Rule != "" && v.Missing != "":
			line += fmt.Sprintf(", nearest rule %s lacks %s", v.Rule, v.Missing)
		case v.Rule != "":
			line += ", rule " + v.Rule
		}
		out = append(out, line)
	}
	for _, h := range o.Obligations.SetHeaders {
		out = append(out, "header "+h.Name+": "+h.Value)
	}
	for _, q := range o.Obligations.SetQuery {
		out = append(out, "query "+q.Name+": "+q.Value)
	}
	return out
}

// Update is a file that --update writes, and what it holds then.
type Update struct {
	File string // as positions name it
	Text string
}

// updates are the files whose pictures and snapshots are not what came: those of
// tests that did not run stay, those without a test go.
func (l *loaded) updates(results []Result) (out []Update, err error) {
	shots := make(map[string][]shot)
	texts := make(map[string]string)
	for _, t := range l.snaps {
		d := t.decl
		file := d.Pos.File
		if _, ok := shots[file]; !ok {
			shots[file] = nil
		}
		lines, have := t.shot, t.shot != nil
		if at := slices.IndexFunc(results, func(r Result) bool { return r.Pos == d.Pos && r.Name == d.Name.V }); at >= 0 {
			lines, have = picture(results[at].got[0]), true
		}
		if have {
			shots[file] = append(shots[file], shot{d.Name.V, lines})
		}
	}
	for file, list := range shots {
		texts[snapFile(file)] = writeShots(list)
	}
	for i := len(results) - 1; i >= 0; i-- { // from below, so that places above stay
		r := &results[i]
		if r.matrix == nil || len(r.Faults) == 0 {
			continue
		}
		file := r.Pos.File
		if texts[file] == "" {
			text, err := fs.ReadFile(l.fsys, file)
			if err != nil {
				return nil, err
			}
			texts[file] = string(text)
		}
		if texts[file], err = redraw(texts[file], r.matrix.decl, r.matrix.draw(r.marks)); err != nil {
			return nil, err
		}
	}
	for file, text := range texts {
		if now, err := fs.ReadFile(l.fsys, file); err != nil || string(now) != text {
			out = append(out, Update{file, text})
		}
	}
	slices.SortFunc(out, func(a, b Update) int { return strings.Compare(a.File, b.File) })
	return out, nil
}

func kept(shots []shot, name string) ([]string, bool) {
	at := slices.IndexFunc(shots, func(s shot) bool { return s.name == name })
	if at < 0 {
		return nil, false
	}
	return shots[at].lines, true
}

// redraw puts a picture in the place of the one that a matrix wants.
func redraw(text string, d *matrixDecl, lines []string) (string, error) {
	all := strings.SplitAfter(text, "\n")
	at := d.Want.Pos.Line - 1
	if at < 0 || at >= len(all) || !strings.HasPrefix(strings.TrimSpace(all[at]), "want:") {
		return "", fmt.Errorf("%v: the picture of %q has no place: write want: | on a line of its own", d.Pos, d.Name.V)
	}
	before, _, _ := strings.Cut(all[at], "want:")
	end := at + 1
	for end < len(all) && (strings.TrimSpace(all[end]) == "" || strings.HasPrefix(all[end], before+" ")) {
		end++
	}
	for strings.TrimSpace(all[end-1]) == "" && end > at+1 {
		end-- // blank lines below stay
	}
	drawn := []string{before + "want: |\n"}
	for _, line := range lines {
		drawn = append(drawn, before+"  "+line+"\n")
	}
	return strings.Join(slices.Concat(all[:at], drawn, all[end:]), ""), nil
}
