package rules

import (
	"slices"
	"strings"
)

// conjunct is one of what a condition demands together: for a written one what && joins.
type conjunct struct {
	text     string
	reads    []variableRef
	literals []any // that stand in it: string, int64, bool
	test     test
}

// divided are the parts of a condition; a written one is compiled anew for it.
func (c *condition) divided() []conjunct {
	if c.parts != nil {
		if parts := c.parts(); len(parts) > 0 {
			return parts
		}
	}
	return []conjunct{{strings.TrimPrefix(c.says, saysWhen), c.reads, c.literals, c.test}}
}

// lacksCondition names the first condition that does not hold, and of it the first part.
func (cl *clause) lacksCondition(_ *Set, f *facts) *Lack {
	for i := range cl.conditions {
		c := &cl.conditions[i]
		got := c.test(f)
		if got == yes || cl.effect == Deny && got != no {
			continue
		}
		n, p := c.stopped(f)
		kind, name, _ := strings.Cut(strings.TrimPrefix(c.says, "only: "), ": ")
		if label, ok := strings.CutPrefix(kind, "label "); ok {
			kind, name = "label", label
		}
		l := &Lack{Kind: kind, Stage: stageCondition + i*partsOfOne + min(n, partsOfOne-1), says: c.says + got.because()}
		if kind == "when" {
			l.Part = p.text
		} else {
			l.Name = name
		}
		l.fill(f, p)
		return l
	}
	return nil
}

// stopped finds the first part that does not hold: all of it where none can be named.
func (c *condition) stopped(f *facts) (int, *conjunct) {
	parts := c.divided()
	for n := range parts {
		if parts[n].test(f) != yes {
			return n, &parts[n]
		}
	}
	return 0, &conjunct{strings.TrimPrefix(c.says, saysWhen), c.reads, c.literals, c.test}
}

// fill says what a part read, and of one that only compares what it wants.
func (l *Lack) fill(f *facts, p *conjunct) {
	for i := range p.reads {
		r := &p.reads[i]
		v, got := r.value(f)
		read := Reading{Name: r.name, Absent: got == absent, Open: got == unknown}
		if got == yes && !r.sensitive {
			read.Value = v
		}
		l.Reads = append(l.Reads, read)
	}
	for _, v := range p.literals {
		if text, ok := textOf(v); ok && l.Kind != "when" {
			l.Want = append(l.Want, text)
		}
	}
	if len(p.reads) == 2 && (l.Kind == "own" || l.Kind == "same") {
		if v, got := p.reads[1].value(f); got == yes {
			l.Want = texts(v)
		}
	}
	if len(p.reads) > 0 && l.Kind != "when" && !p.reads[0].sensitive {
		if v, got := p.reads[0].value(f); got == yes {
			l.Had = texts(v)
		}
	}
}

// triesOf are settings under which a condition goes further, for every other demand of
// the rule that it met before: those first under which the rule applies. What cannot be
// said here, such as who somebody else would be, is left for whoever tries.
func (cl *clause) triesOf(s *Set, f *facts, l *Lack) [][]string {
	at := l.Stage - stageCondition
	parts := cl.conditions[at/partsOfOne].divided()
	if at%partsOfOne >= len(parts) {
		return nil
	}
	p := &parts[at%partsOfOne]
	var applies, further, unsure [][]string
	try := func(settings ...string) {
		next, sure, err := s.supposing(f, settings)
		if err != nil {
			return
		}
		if !sure {
			unsure = append(unsure, settings)
			return
		}
		switch after, near := cl.lack(s, &next); {
		case near && after == nil:
			applies = append(applies, settings)
		case near && after.Stage > l.Stage:
			further = append(further, settings)
		}
	}
	ways := make([][]string, len(p.reads))
	for i := range p.reads {
		ways[i] = p.settings(s, f, &p.reads[i], cl)
		for _, setting := range ways[i] {
			try(setting)
		}
	}
	if len(applies)+len(further)+len(unsure) == 0 {
		pairsOf(ways, try)
	}
	out := slices.Concat(applies, further, unsure)
	return out[:min(len(out), maxTries)]
}

// pairsOf tries two settings at once, the first few of each two things that are read.
func pairsOf(ways [][]string, try func(...string)) {
	const few = 8
	for i := range ways {
		for k := range i {
			for _, a := range ways[k][:min(len(ways[k]), few)] {
				for _, b := range ways[i][:min(len(ways[i]), few)] {
					try(a, b)
				}
			}
		}
	}
}

// supposing is what is known if settings are so. sure is false where they make somebody
// else the caller, of whom nothing is known here.
func (s *Set) supposing(f *facts, settings []string) (next facts, sure bool, err error) {
	next = *f
	next.spent = 0
	sup, err := ParseSuppose(settings)
	if err != nil {
		return next, false, err
	}
	for _, v := range sup.settings {
		if slices.Contains([]string{"identity", "issuer", "actor", "subject", "client"}, v.key) {
			return next, false, nil
		}
	}
	next.req = sup.Request(f.req)
	caller := *f.caller
	e, err := sup.Evidence(Evidence{Verified: caller.Verified, Peer: caller.Peer, Bound: caller.Bound}, s, next.req.Now)
	if err != nil {
		return next, false, err
	}
	caller.Verified, caller.Peer, caller.Bound = e.Verified, e.Peer, e.Bound
	if purpose, ok := sup.last("purpose"); ok {
		caller.Purpose = purpose
	}
	if next.user == f.caller {
		next.user = &caller
	}
	next.caller = &caller
	one := []Target{*f.target}
	if err := sup.Actions(one); err != nil {
		return next, false, err
	}
	if err := sup.Targets(s.schema, one); err != nil {
		return next, false, err
	}
	next.target = &one[0]
	next.grade()
	return next, f.user == nil || f.user == f.caller, nil
}
