package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// define is an entry of `define`: a name for a part of conditions. It is written out
// where it stands, in brackets, before the condition is checked: what it reads
// depends on the rule.
type define struct {
	decl    *Entry[At[string]]
	written *written // nil until it was written out
	faulty  bool     // which is reported
	used    bool     // by a condition, directly or not
}

// written is a text with every define written out, and where each part of it is from.
type written struct {
	text   string
	pieces []piece
}

// piece is a part of a written text: from its code point, what stands in from at start.
type piece struct {
	at, start int
	from      *define // nil for the text itself
}

// definitions checks the names and the syntax of all defines, and that none is inside
// itself.
func (c *compiler) definitions() {
	c.said = make(map[string]bool)
	c.defines = make(map[string]*define, len(c.src.Define))
	first := make(map[string]Pos)
	for i := range c.src.Define {
		e := &c.src.Define[i]
		name := At[string]{e.Pos, e.Key}
		switch {
		case slices.Contains(celWords, e.Key) || slices.Contains(reserved, e.Key):
			c.ms.AddHint(e.Pos, "choose another name", "%q means something in conditions already", e.Key)
		case !attributeName.MatchString(e.Key):
			c.ms.AddHint(e.Pos, "letters, digits and _, a letter first", "%q is no name for a condition", e.Key)
		case c.name("condition", name, e.Pos, first):
			c.defines[e.Key] = &define{decl: e}
		}
		c.readable("define", e.V)
	}
	for i := range c.src.Define {
		d := c.defines[c.src.Define[i].Key]
		if d == nil || d.decl != &c.src.Define[i] {
			continue
		}
		if _, problems := c.writeOut(d.decl.V.V, d.decl.Pos.File, d, nil); len(problems) > 0 {
			d.faulty = true
			c.problems(d.decl.V, "", problems)
		}
	}
}

// celWords mean something in every condition: variables, types and functions.
var celWords = []string{"object", "caller", "user", "peer", "request", "purpose", "action", "now", "define",
	"has", "all", "exists", "exists_one", "map", "filter", "size", "contains", "startsWith", "endsWith", "matches",
	"inNetwork", "within", "intersects", "containsAll", "semver", "under", "segment",
	"int", "uint", "double", "string", "bool", "bytes", "list", "type", "dyn", "duration", "timestamp", "null_type"}

// writeOut writes out the defines in a text of a file. of is the define that the text is of,
// and inside are those that it is written into.
func (c *compiler) writeOut(text, file string, of *define, inside []*define) (out written, problems []problem) {
	if len(c.defines) == 0 {
		return written{text, []piece{{}}}, nil
	}
	names, local, problems := c.expressions.names(text)
	if len(problems) > 0 {
		return out, problems
	}
	for _, name := range local {
		if d := c.defines[name]; d != nil && c.sees(file, d.decl.Pos.File) {
			return out, []problem{{line: 1, text: fmt.Sprintf("%q is defined, choose another name for the elements", name)}}
		}
	}
	runes := []rune(text)
	if of != nil {
		inside = append(slices.Clip(inside), of)
	}
	var b []rune
	done := 0
	copyTo := func(end int) {
		out.pieces = append(out.pieces, piece{len(b), done, of})
		b, done = append(b, runes[done:end]...), end
	}
	for _, n := range names {
		d := c.defines[n.name]
		if d == nil || slices.Contains(local, n.name) {
			continue
		}
		if !c.sees(file, d.decl.Pos.File) {
			return out, []problem{c.otherTeams(runes, n, d)}
		}
		if at := slices.Index(inside, d); at >= 0 {
			return out, []problem{cycleAt(runes, n, inside[at:])}
		}
		inner, problems := c.within(d, inside)
		if len(problems) > 0 {
			return out, problems
		}
		copyTo(n.at)
		b = append(b, '(')
		for _, p := range inner.pieces {
			out.pieces = append(out.pieces, piece{len(b) + p.at, p.start, p.from})
		}
		b, done = append(b, []rune(inner.text+"\n)")...), n.at+len([]rune(n.name))
		if len(b) > maxText {
			return out, []problem{{line: 1, text: fmt.Sprintf("with its defines written out it has more than %d characters", maxText)}}
		}
	}
	copyTo(len(runes))
	out.text = string(b)
	return out, nil
}

// within writes out a define inside of others. Of its own mistakes only a circle is
// another's to report.
func (c *compiler) within(d *define, inside []*define) (written, []problem) {
	switch {
	case d.faulty:
		return written{}, []problem{{elsewhere: true}}
	case d.written != nil:
		return *d.written, nil
	}
	inner, problems := c.writeOut(d.decl.V.V, d.decl.Pos.File, d, inside)
	if len(problems) == 0 {
		d.written = &inner
	}
	if len(problems) > 0 && problems[0].define == nil {
		problems = []problem{{elsewhere: true}}
	}
	return inner, problems
}

// cycleAt says that a define comes to be inside itself.
func cycleAt(text []rune, n nameAt, path []*define) problem {
	var names []string
	for _, d := range path {
		names = append(names, d.decl.Key)
	}
	p := problem{define: path[len(path)-1], text: fmt.Sprintf("%q is defined by itself", n.name), hint: strings.Join(append(names, n.name), " > ")}
	p.line, p.col = lineOf(text, n.at)
	return p
}

// lineOf is the line, from 1, and the column, from 0, of a code point.
func lineOf(text []rune, at int) (line, col int) {
	line = 1
	for _, r := range text[:max(0, min(at, len(text)))] {
		if col++; r == '\n' {
			line, col = line+1, 0
		}
	}
	return line, col
}

// origin turns the place of a problem in a written text into the place in what was
// written there.
func (w *written) origin(p *problem, text string) {
	at, lines := p.col, strings.SplitAfter(w.text, "\n")
	for _, line := range lines[:min(max(p.line, 1)-1, len(lines))] {
		at += len([]rune(line))
	}
	last := w.pieces[0]
	for _, piece := range w.pieces {
		if piece.at <= at {
			last = piece
		}
	}
	if last.from != nil {
		text, p.define = last.from.decl.V.V, last.from
	}
	p.line, p.col = lineOf([]rune(text), last.start+at-last.at)
}

// writtenOut is a text of a rule with its defines written out, which uses them.
func (c *compiler) writtenOut(at At[string]) (w written, problems []problem) {
	w, problems = c.writeOut(at.V, at.Pos.File, nil, nil)
	for _, p := range w.pieces {
		if p.from != nil && len(problems) == 0 {
			p.from.used = true
		}
	}
	return w, problems
}

// compileCondition compiles a condition, its defines written out.
func (c *compiler) compileCondition(sc *scope, at At[string]) (done compiled) {
	w, problems := c.writtenOut(at)
	if len(problems) > 0 {
		done.problems = problems
		return done
	}
	if c.tooLong(at.Pos, w.text) {
		done.problems = []problem{{line: 1, text: fmt.Sprintf("the conditions of this file come to more than %d bytes, defines written out and once for each type", maxConditions), hint: "divide the file, or write one condition for several rules"}}
		return done
	}
	done.text = w.text
	done.condition, done.problems = c.expressions.compile(sc, w.text)
	for i := range done.problems {
		w.origin(&done.problems[i], at.V)
	}
	if done.condition != nil {
		done.condition.says = saysWhen + at.V
		done.condition.parts = sync.OnceValue(func() []conjunct { return partsOf(sc, w.text) })
		if done.condition.doubtful() {
			done.condition.doubt = w.text
		}
	}
	return done
}

// problems reports what is wrong with a condition. What is wrong with a define is
// reported there, once; user then says who uses it.
func (c *compiler) problems(at At[string], user string, problems []problem) {
	for _, p := range problems {
		switch {
		case p.elsewhere:
		case p.define == nil:
			c.ms.addCode(CodeCondition, c.inside(at, p.line, p.col), p.hint, p.text)
		default:
			place := c.inside(p.define.decl.V, p.line, p.col)
			if said := fmt.Sprint(place, p.text); !c.said[said] {
				c.said[said] = true
				c.ms.addCode(CodeCondition, place, p.hint, p.text+user)
			}
		}
	}
}

// otherTeams says that a name is another team's word.
func (c *compiler) otherTeams(text []rune, n nameAt, d *define) problem {
	p := problem{text: fmt.Sprintf("%q is not known here: files of one team alone use it, and it stands at %v", n.name, d.decl.Pos), hint: "define it in a file of your own, or ask for it in the top layer"}
	p.line, p.col = lineOf(text, n.at)
	return p
}

// defined are the names that conditions of a file may use, for who misspells one.
func (c *compiler) defined(file string) (names []string) {
	for name, d := range c.defines {
		if c.sees(file, d.decl.Pos.File) {
			names = append(names, name)
		}
	}
	return names
}

// unusedDefines warns of defines that no condition comes to.
func (c *compiler) unusedDefines() {
	for i := range c.src.Define {
		e := &c.src.Define[i]
		if d := c.defines[e.Key]; d != nil && d.decl == e && !d.used {
			c.warnings.AddHint(e.Pos, "remove it, or name it in a condition", "no condition uses %q", e.Key)
		}
	}
}
