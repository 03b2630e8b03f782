package resolver

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// language is the set of paths that a template matches, as an automaton whose
// states stand in a row: with those of other templates it decides exactly what
// two of them have in common. State len(language) accepts.
type language []state

type state struct {
	kind stateKind
	char rune
	seg  int // the template's segment, to which the slash behind it belongs
}

type stateKind uint8

const (
	one    stateKind = iota // char, then the next state
	begin                   // any character but a slash, then the next state
	within                  // any of these again, or on to the next state
	onward                  // likewise, and behind a slash back to the state before
	blocks                  // on behind the next state, or into it with any character but a slash
	block                   // any of these again; a slash leads to the state before
)

func languageOf(segs []segment) language {
	var l language
	text := func(s string, seg int) {
		for _, r := range s {
			l = append(l, state{kind: one, char: r, seg: seg})
		}
	}
	slash := true
	for i, s := range segs {
		if slash {
			text("/", i-1) // a rest in front of it may go on, whatever follows
		}
		slash = s.kind != front
		switch s.kind {
		case literal:
			text(s.text, i)
		case mixed:
			for j, t := range s.pattern.text {
				if j > 0 {
					l = append(l, state{kind: begin, seg: i}, state{kind: within, seg: i})
				}
				text(t, i)
			}
		case capture:
			l = append(l, state{kind: begin, seg: i}, state{kind: within, seg: i})
		case rest:
			l = append(l, state{kind: begin, seg: i}, state{kind: onward, seg: i})
		case front:
			l = append(l, state{kind: blocks, seg: i}, state{kind: block, seg: i})
		}
	}
	return l
}

// states is a set of states of one language, a bit each.
type states []uint64

func (s states) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }
func (s states) drop(i int)     { s[i/64] &^= 1 << (i % 64) }

func (l language) room() states { return make(states, len(l)/64+1) }

// add adds a state and those that are reached from it without a character.
func (l language) add(to states, i int) {
	to[i/64] |= 1 << (i % 64)
	if i == len(l) {
		return
	}
	switch l[i].kind {
	case within, onward:
		l.add(to, i+1)
	case blocks:
		l.add(to, i+2)
	case one, begin, block:
	}
}

// step is the states behind one more character.
func (l language) step(from states, r rune) states {
	to := l.room()
	for w, word := range from {
		for ; word != 0; word &= word - 1 {
			if i := w*64 + bits.TrailingZeros64(word); i < len(l) {
				l.follow(to, i, r)
			}
		}
	}
	l.trim(to)
	return to
}

func (l language) follow(to states, i int, r rune) {
	switch kind := l[i].kind; {
	case kind == one:
		if l[i].char == r {
			l.add(to, i+1)
		}
	case r == '/':
		if kind == onward || kind == block {
			l.add(to, i-1)
		}
	case kind == begin, kind == blocks:
		l.add(to, i+1)
	default:
		l.add(to, i)
	}
}

// trim drops the states of a segment before one in which any character leads
// to the same state: whatever they still accept, that one does. It keeps the
// number of sets small.
func (l language) trim(s states) {
	const none = -2
	seg := none
	for i := len(l) - 1; i >= 0; i-- {
		switch {
		case !s.has(i):
		case l[i].seg == seg:
			s.drop(i)
		case l[i].kind == within:
			seg = l[i].seg
		}
	}
}

// Every accepted path is one of these: a slash, then segments that are neither
// empty, but for the last one, nor made of dots.
type progress byte

const (
	atStart progress = iota
	behindSlash
	inDots
	inText
	refused
)

func (p progress) step(r rune) progress {
	switch {
	case r == '/' && (p == atStart || p == inText):
		return behindSlash
	case r == '/' || p == atStart:
		return refused
	case r == '.' && p != inText:
		return inDots
	}
	return inText
}

// maxSearched bounds a search. Templates that people write need some hundreds.
const maxSearched = 1 << 16

// found is a set of states of a search, and how it was reached.
type found struct {
	sets   []states
	at     progress
	parent int
	char   rune
}

// pathIn searches for a path that is in all of some languages and in none of
// others, and returns a shortest one. Where the search has no end it says yes,
// without a path: what cannot be told apart must not load.
func pathIn(all, none []language) (path string, ok bool) {
	every := slices.Concat(all, none)
	first := found{parent: -1}
	for _, l := range every {
		s := l.room()
		l.add(s, 0)
		first.sets = append(first.sets, s)
	}
	queue, seen := []found{first}, map[string]bool{first.key(): true}
	chars := alphabet(every)
	for at := 0; at < len(queue); at++ {
		if len(queue) > maxSearched {
			return "", true
		}
		if queue[at].accepted(every, len(all)) {
			return spell(queue, at), true
		}
		for _, r := range chars {
			next, alive := queue[at].next(every, len(all), r)
			if !alive {
				continue
			}
			if key := next.key(); !seen[key] {
				seen[key] = true
				next.parent = at
				queue = append(queue, next)
			}
		}
	}
	return "", false
}

func (f *found) next(every []language, all int, r rune) (found, bool) {
	out := found{at: f.at.step(r), char: r}
	if out.at == refused {
		return out, false
	}
	for i, l := range every {
		s := l.step(f.sets[i], r)
		if i < all && !slices.ContainsFunc(s, func(word uint64) bool { return word != 0 }) {
			return out, false
		}
		out.sets = append(out.sets, s)
	}
	return out, true
}

// accepted reports whether the path so far is in the first languages and in no other.
func (f *found) accepted(every []language, all int) bool {
	if f.at != behindSlash && f.at != inText {
		return false
	}
	for i, l := range every {
		if f.sets[i].has(len(l)) != (i < all) {
			return false
		}
	}
	return true
}

func (f *found) key() string {
	key := []byte{byte(f.at)}
	for _, s := range f.sets {
		for _, word := range s {
			key = binary.LittleEndian.AppendUint64(key, word)
		}
	}
	return string(key)
}

func spell(queue []found, at int) string {
	var chars []rune
	for ; queue[at].parent >= 0; at = queue[at].parent {
		chars = append(chars, queue[at].char)
	}
	slices.Reverse(chars)
	return string(chars)
}

// alphabet has every character that the languages tell apart, and one that
// stands for all others.
func alphabet(every []language) []rune {
	out := []rune{'/', '.'}
	for _, l := range every {
		for i := range l {
			if l[i].kind == one && !slices.Contains(out, l[i].char) {
				out = append(out, l[i].char)
			}
		}
	}
	const others = "xyzabcdefghijklmnopqrstuvw0123456789"
	other := 'À'
	if i := strings.IndexFunc(others, func(r rune) bool { return !slices.Contains(out, r) }); i >= 0 {
		other = rune(others[i])
	}
	for slices.Contains(out, other) {
		other++
	}
	return append([]rune{other}, out...)
}
