package rules

import (
	"regexp/syntax"
	"slices"
)

// division finds whether text that matches a pattern can be divided among the named
// groups of it in more than one way, exactly: an id whose tenant a server could read
// in another way than we is nobody's. A matcher takes one way and hides the rest.
type division struct {
	prog   *syntax.Prog
	before [][]int // by instruction: those that lead to it
	groups []int   // whose place counts
}

// maxStates bounds instructions times places in an id: a few milliseconds.
const maxStates = 1 << 18

// newDivision compiles a pattern that matches as a whole. looped is the name of a
// counted group that may take part several times, of which engines keep any one.
func newDivision(pattern string, groups []int) (d *division, looped string, err error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, "", err
	}
	counts := map[int]bool{}
	for _, g := range groups {
		counts[g] = true
	}
	if looped = repeats(re, counts, false); looped != "" {
		return nil, looped, nil
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil, "", err
	}
	d = &division{prog: prog, groups: groups, before: make([][]int, len(prog.Inst))}
	for pc := range prog.Inst {
		for _, next := range after(&prog.Inst[pc]) {
			d.before[next] = append(d.before[next], pc)
		}
	}
	return d, "", nil
}

// repeats is the name of a counted group that stands in a repetition, or "".
func repeats(re *syntax.Regexp, counts map[int]bool, inside bool) string {
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus:
		inside = true
	case syntax.OpRepeat:
		inside = inside || re.Max != 1
	case syntax.OpCapture:
		if inside && counts[re.Cap] {
			return re.Name
		}
	default:
	}
	for _, sub := range re.Sub {
		if name := repeats(sub, counts, inside); name != "" {
			return name
		}
	}
	return ""
}

// after are the instructions that an instruction leads to.
func after(i *syntax.Inst) []uint32 {
	switch i.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return []uint32{i.Out, i.Arg}
	case syntax.InstMatch, syntax.InstFail:
		return nil
	default:
	}
	return []uint32{i.Out}
}

// match is the instruction that ends every way that matches; 0 if none does.
func (d *division) match() int {
	return max(0, slices.IndexFunc(d.prog.Inst, func(i syntax.Inst) bool { return i.Op == syntax.InstMatch }))
}

// once reports whether text that matches has one division. A group begins and ends
// once on each way that enters it, so all ways divide alike where those that match
// begin and end it at one place, and where none that matches passes it by.
func (d *division) once(text string) bool {
	if len(d.prog.Inst)*(len(text)+1) > maxStates {
		return false
	}
	w := &ways{division: d, text: []rune(text)}
	begin, end := state{d.prog.Start, 0}, state{d.match(), len(w.text)}
	reached := w.walk(begin, w.next, func(state) bool { return true })
	whole := w.walk(end, w.last, func(s state) bool { return reached[w.index(s)] })
	if !whole[w.index(begin)] {
		return false
	}
	for _, group := range d.groups {
		if !w.fixed(group, begin, end, whole) {
			return false
		}
	}
	return true
}

// state is an instruction that is to run at a place in the text, in runes.
type state struct{ pc, at int }

// ways are those of one text through a pattern.
type ways struct {
	*division
	text []rune
}

func (w *ways) index(s state) int { return s.at*len(w.prog.Inst) + s.pc }

// walk finds the states that steps lead to from one, through those that fit.
func (w *ways) walk(from state, steps func(state, func(state)), fits func(state) bool) []bool {
	seen := make([]bool, (len(w.text)+1)*len(w.prog.Inst))
	var todo []state
	add := func(s state) {
		if i := w.index(s); !seen[i] && fits(s) {
			seen[i], todo = true, append(todo, s)
		}
	}
	for add(from); len(todo) > 0; {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		steps(s, add)
	}
	return seen
}

// next gives the states that may come behind one.
func (w *ways) next(s state, add func(state)) {
	if at, ok := w.runs(s); ok {
		for _, pc := range after(&w.prog.Inst[s.pc]) {
			add(state{int(pc), at})
		}
	}
}

// last gives the states of which one may be the next.
func (w *ways) last(s state, add func(state)) {
	for _, pc := range w.before[s.pc] {
		for at := max(0, s.at-1); at <= s.at; at++ {
			if end, ok := w.runs(state{pc, at}); ok && end == s.at {
				add(state{pc, at})
			}
		}
	}
}

// runs reports whether an instruction lets the text pass, and up to where.
func (w *ways) runs(s state) (at int, ok bool) {
	switch i := &w.prog.Inst[s.pc]; i.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return s.at + 1, s.at < len(w.text) && i.MatchRune(w.text[s.at])
	case syntax.InstEmptyWidth:
		return s.at, i.MatchEmptyWidth(w.rune(s.at-1), w.rune(s.at))
	default:
	}
	return s.at, true
}

// rune is -1 outside of the text.
func (w *ways) rune(at int) rune {
	if at < 0 || at >= len(w.text) {
		return -1
	}
	return w.text[at]
}

// fixed reports whether every whole way divides a group alike.
func (w *ways) fixed(group int, begin, end state, whole []bool) bool {
	var at [2]map[int]bool
	for pc := range w.prog.Inst {
		side := int(w.prog.Inst[pc].Arg) - 2*group
		if w.prog.Inst[pc].Op != syntax.InstCapture || side != 0 && side != 1 {
			continue
		}
		for place := range len(w.text) + 1 {
			if whole[w.index(state{pc, place})] {
				if at[side] == nil {
					at[side] = map[int]bool{}
				}
				at[side][place] = true
			}
		}
	}
	if len(at[0]) == 0 { // no way enters it
		return true
	}
	past := w.walk(begin, w.next, func(s state) bool {
		i := &w.prog.Inst[s.pc]
		return whole[w.index(s)] && (i.Op != syntax.InstCapture || int(i.Arg) != 2*group)
	})
	return len(at[0]) == 1 && len(at[1]) == 1 && !past[w.index(end)]
}
