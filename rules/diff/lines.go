package diff

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/resolver"
)

// What an identity may do says nothing of the requests by which it does it. A line that
// comes lets requests through that had none, or takes them from a wider one; one that
// goes leaves them to the wider one; one with other captures has other objects decided
// on than its upstream reads. Each of these is named, and may be a gain unless it is
// sure to be none.

// lineOf is a line under what tells it from others in both versions.
type lineOf struct {
	key  string // host, method and path, whatever its captures are called
	text string // the whole line so
	op   *resolver.Operation
}

// linesOf are all lines of a version, also by their keys.
func linesOf(s *Side) (all []lineOf, byKey map[string]*lineOf) {
	byKey = make(map[string]*lineOf, len(s.Lines))
	for _, op := range s.Lines {
		text := unnamed(op.Line)
		head, _, _ := strings.Cut(text, " -> ")
		path, _, _ := strings.Cut(head, "?")
		all = append(all, lineOf{op.Host + ": " + path, text, op})
	}
	for i := range all {
		byKey[all[i].key] = &all[i]
	}
	return all, byKey
}

var captured = regexp.MustCompile(`\{[\w-]+`)

// unnamed is a line with numbers for the names of captures in its path and query.
func unnamed(line string) string {
	head, _, _ := strings.Cut(line, " -> ")
	var names set[string]
	for _, m := range captured.FindAllString(head, -1) {
		names.add(m)
	}
	return holes.ReplaceAllStringFunc(line, func(hole string) string {
		name := captured.FindString(hole)
		at := slices.Index(names.list, name)
		if rest := hole[len(name):]; at >= 0 && !strings.HasPrefix(rest, ".") {
			return "{" + strconv.Itoa(at+1) + rest
		}
		return hole
	})
}

// lines are the changes of lines and of hosts, whose requests other lines may have.
func (p *pass) lines() (out []Unjudged) {
	old, inOld := linesOf(&p.sides[0].Side)
	now, inNow := linesOf(&p.sides[1].Side)
	hosts := [2][]string{p.sides[0].hosts(), p.sides[1].hosts()}
	say := func(op *resolver.Operation, was, is string, may bool) {
		out = append(out, Unjudged{fmt.Sprintf("host %q", op.Host), "map line", was, is, may})
	}
	for _, a := range old {
		switch b := inNow[a.key]; {
		case b == nil:
			if meets := func(b lineOf) bool { return p.inherits(hosts, a.op, b.op) }; !a.op.Open && slices.ContainsFunc(now, meets) {
				say(a.op, a.op.Line, "", true)
			}
		case a.text != b.text && !a.op.Open && !b.op.Open:
			say(a.op, a.op.Line, b.op.Line, !demandsAlso(&a, b))
		}
	}
	for _, b := range now {
		if inOld[b.key] == nil && !b.op.Open { // whom an open line lets in is judged
			say(b.op, "", b.op.Line, true)
		}
	}
	for _, h := range hosts[0] {
		for _, wide := range hosts[1] {
			if !slices.Contains(hosts[1], h) && resolver.HostsMeet(h, wide) {
				out = append(out, Unjudged{fmt.Sprintf("host %q", h), "host", h, wide, true})
			}
		}
	}
	return out
}

// inherits reports whether a line may have requests of one that goes. Those of a host
// that both versions have are for its own lines.
func (p *pass) inherits(hosts [2][]string, gone, left *resolver.Operation) bool {
	apart := gone.Host != left.Host && slices.Contains(hosts[1], gone.Host) && slices.Contains(hosts[0], left.Host)
	return !apart && gone.Meets(left)
}

// demandsAlso reports whether a line touches all that it did, and then some: all of it
// must be allowed. A body that was not read may fulfil a condition.
func demandsAlso(old, now *lineOf) bool {
	return strings.HasPrefix(now.text, old.text+", ") && old.op.NeedsBody == now.op.NeedsBody
}

// hosts are those that a version's map is for.
func (s *side) hosts() []string {
	var names set[string]
	for i := range s.Source.Routes {
		names.add(s.Source.Routes[i].Host.V)
	}
	return names.list
}
